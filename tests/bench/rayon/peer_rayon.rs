//! rayon behind the C interface that peer_rayon.c makes a bench_peer of.
//! The bodies are those of bench.h.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::os::raw::{c_int, c_long, c_void};
use std::slice;

extern "C" {
    fn bench_run_item(item: *mut c_void);
}

#[derive(Clone, Copy)]
struct Item(*mut c_void);
unsafe impl Send for Item {}

impl Item {
    fn run(self) {
        unsafe { bench_run_item(self.0) }
    }
}

static mut POOL: Option<Box<ThreadPool>> = None;

#[allow(static_mut_refs)]
fn pool() -> &'static ThreadPool {
    unsafe { POOL.as_deref().expect("an open pool") }
}

fn body(slot: &mut c_long) {
    *slot = 2 * *slot + 1;
}

#[no_mangle]
pub extern "C" fn rayon_open(workers: c_int) {
    let built = ThreadPoolBuilder::new().num_threads(workers as usize).build();
    unsafe { POOL = Some(Box::new(built.expect("a pool"))) }
}

#[no_mangle]
pub extern "C" fn rayon_close() {
    unsafe { POOL = None }
}

#[no_mangle]
pub extern "C" fn rayon_queue(item: *mut c_void) {
    let item = Item(item);
    pool().spawn(move || item.run());
}

#[no_mangle]
pub extern "C" fn rayon_trip(number: c_long) -> c_long {
    pool().install(|| 2 * number + 1)
}

#[no_mangle]
pub unsafe extern "C" fn rayon_fine(slots: *mut c_long, count: usize) {
    let slots = slice::from_raw_parts_mut(slots, count);
    pool().install(|| slots.par_iter_mut().with_max_len(1).for_each(body));
}

#[no_mangle]
pub unsafe extern "C" fn rayon_coarse(slots: *mut c_long, count: usize) {
    let slots = slice::from_raw_parts_mut(slots, count);
    pool().install(|| slots.par_iter_mut().for_each(body));
}

fn join_fib(n: c_int) -> c_long {
    if n < 2 {
        return n.into();
    }
    let (one, other) = rayon::join(|| join_fib(n - 1), || join_fib(n - 2));
    one + other
}

#[no_mangle]
pub extern "C" fn rayon_join(n: c_int) -> c_long {
    pool().install(|| join_fib(n))
}

fn scope_fib(n: c_int) -> c_long {
    if n < 2 {
        return n.into();
    }
    let mut child = 0;
    let mut other = 0;
    rayon::scope(|scope| {
        scope.spawn(|_| child = scope_fib(n - 1));
        other = scope_fib(n - 2);
    });
    child + other
}

#[no_mangle]
pub extern "C" fn rayon_scope(n: c_int) -> c_long {
    pool().install(|| scope_fib(n))
}
