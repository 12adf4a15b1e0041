/* Publishing and fut_idle_notify against announce, barrier and look, on the
 * machine of barrier.pml, in every interleaving. Two entries run only side by
 * side, so a lost wake-up is an end state in which somebody waits. One
 * publisher brings both, or with TWO each of two brings one. Mutants, each of
 * which must be caught: NO_BARRIER, and NO_ORDER, a publisher that leaves
 * without changing the word where it sees a searcher. The futex and the
 * tickets are the matter of idle.pml. */
#include "barrier.pml"

/* Who sleeps and searches is one word in src/sync/idle.c too, and changed in
 * one step here; what else a worker does to it needs no step of its own. */
#define ENTRIES 2

byte head[2];
byte asleep, searching, tickets;
byte begun;

inline notify()
{
#ifdef NO_ORDER
    atomic { leaves = (asleep == 0 || searching > 0) };
#else
    atomic { leaves = (asleep == 0 && searching == 0) };
#endif
    if
    :: leaves
    :: else ->
       if
       :: atomic {
           IS_DRAINED && asleep > 0 && searching == 0 ->
           asleep--;
           searching++
          };
          tickets++
       :: atomic { IS_DRAINED && !(asleep > 0 && searching == 0) -> skip }
       fi
    fi
}

inline look()
{
    load(0, tail);
    found = (head[0] < tail);
    load(1, tail);
    found = found || (head[1] < tail);
    tail = 0
}

inline take_from(source)
{
    load(source, tail);
    if
    :: atomic { head[source] < tail -> head[source]++; found = true }
    :: else
    fi;
    tail = 0
}

inline take()
{
    found = false;
    take_from(0);
    if
    :: !found -> take_from(1)
    :: else
    fi
}

inline doze()
{
    atomic { asleep++; searching-- };
    barrier();
    look();
    if
    :: atomic { found && asleep > 0 -> asleep--; searching++ }
    :: else ->
end_asleep:
       atomic { tickets > 0 -> tickets-- }
    fi
}

inline stop_searching()
{
    atomic {
        last = (searching == 1);
        searching--
    };
    if
    :: last ->
       look();
       if
       :: found -> notify()
       :: else
       fi
    :: else
    fi
}

proctype publisher(byte me)
{
    bool leaves;

    store(me, 1);
    notify();
#ifndef TWO
    store(me, 2);
    notify()
#endif
}

/* It runs at first, and until both entries do once it has one. */
proctype worker(byte me)
{
    byte step;
    byte tail;
    bool leaves;
    bool found;
    bool last;

    take();
    if
    :: found
    :: else ->
       searching++;
       do
       :: take();
          if
          :: found -> break
          :: else -> doze()
          fi
       od;
       stop_searching()
    fi;
    begun++
}

init {
    byte i;

    atomic {
        for (i : 0 .. THREADS - 1) {
            run drain(i)
        }
        run publisher(0);
#ifdef TWO
        run publisher(1);
#endif
        run worker(THREADS - 2);
        run worker(THREADS - 1)
    }
    begun == ENTRIES
}
