/* What is held (src/core/hold.c) against a cancel of one, a sweep, and the end
 * of the pool, in every interleaving. Two tasks: 0 becomes ready when a maker
 * says so, 1 when 0 has ended. Locks and read-modify-writes order everything
 * here, so memory is as it is written. A shutdown ends what is held when the
 * pool is quiet; who waits for ever is an end state, and whoever touches a
 * pool that is gone is caught.
 *
 * Mutants, each of which must be caught: SPLIT, FUT_HELD goes before the lock
 * is taken; UNLINK_FIRST, forgotten before it was queued; NO_LIMBO, forgotten
 * while somebody ends it; LEFT_LATE, a drain that looks at the list only once
 * the pool is quiet. */

#define TASKS 2

mtype = { HELD, QUEUED, RUNNING, ENDING, ENDED };

mtype state[TASKS] = HELD;
bool linked[TASKS] = true;
bool entry[TASKS]; /* in the pool's queue */
bool limbo[TASKS];
bool taken[TASKS]; /* its hold is being ended: once */
bool locked;       /* the hold lock */
bool busy;         /* the worker is awake */
bool sweeping;     /* the pool is not freed meanwhile */
bool over;
bool left_pool;    /* the worker has */
bool gone;         /* the pool is */
byte left;         /* holds that have left */

#define TOUCH assert(!gone)
#define IS_PENDING(i) (state[i] != ENDED)
#define IS_QUIET                                             \
    (!busy && !entry[0] && !entry[1] &&                      \
     !(limbo[0] && IS_PENDING(0)) && !(limbo[1] && IS_PENDING(1)))

inline take_lock()
{
    atomic { !locked -> locked = true };
    TOUCH
}

inline give_lock()
{
    TOUCH;
    locked = false
}

inline move(i)
{
    atomic {
        if
        :: state[i] == HELD -> state[i] = QUEUED; ours = true
        :: else -> ours = false
        fi
    }
}

inline forget(i)
{
    take_lock();
    linked[i] = false;
    left++;
    give_lock()
}

inline end_hold(i)
{
#ifdef UNLINK_FIRST
    forget(i);
#endif
#ifdef SPLIT
    move(i);
    take_lock();
#else
    take_lock();
    move(i);
#endif
    if
    :: ours -> entry[i] = true
    :: else
    fi;
    give_lock();
    TOUCH;
#ifndef NO_LIMBO
    if
    :: !ours -> limbo[i] = true
    :: else
    fi;
#endif
#ifndef UNLINK_FIRST
    forget(i)
#endif
}

/* Told that it may be ready, or that it has ended. */
inline tell(i)
{
    atomic {
        if
        :: !taken[i] -> taken[i] = true; mine = true
        :: else -> mine = false
        fi
    };
    if
    :: mine -> end_hold(i)
    :: else
    fi
}

/* By whoever has claimed it: the pool is not touched once it has ended, but
 * through the holds that end by it. */
inline end(i)
{
    TOUCH;
    state[i] = ENDED;
    tell(i);
    if
    :: i == 0 -> tell(1)
    :: else
    fi
}

inline claim(i)
{
    atomic {
        if
        :: state[i] == HELD || state[i] == QUEUED ->
           state[i] = ENDING;
           ours = true
        :: else -> ours = false
        fi
    }
}

proctype maker()
{
    bool ours, mine;

    tell(0)
}

proctype canceller()
{
    bool ours, mine;

    claim(0);
    if
    :: ours -> end(0)
    :: else
    fi
}

/* First the list, then the queue. What has left that looks for itself. */
proctype sweeper()
{
    bool ours, mine, found;

    atomic {
        if
        :: gone -> goto done
        :: else -> sweeping = true
        fi
    };
    take_lock();
    if
    :: linked[0] && state[0] == HELD -> claim(0); found = ours
    :: else
    fi;
    give_lock();
    if
    :: atomic {
        !found && entry[0] && state[0] == QUEUED ->
        state[0] = ENDING;
        found = true
       }
    :: else
    fi;
    assert(state[0] != HELD && !(state[0] == QUEUED && entry[0]));
    sweeping = false;
    if
    :: found -> end(0)
    :: else
    fi;
done:
    skip
}

inline take(i)
{
    atomic {
        if
        :: state[i] == QUEUED -> state[i] = RUNNING; ours = true
        :: else -> limbo[i] = true; ours = false
        fi
    };
    if
    :: ours -> end(i)
    :: else
    fi
}

proctype worker()
{
    bool ours, mine;

    do
    :: atomic { entry[0] -> TOUCH; entry[0] = false; busy = true };
       take(0);
       busy = false
    :: atomic { entry[1] -> TOUCH; entry[1] = false; busy = true };
       take(1);
       busy = false
    :: over && !entry[0] && !entry[1] -> break
    od;
    left_pool = true
}

inline claim_held(i)
{
    atomic {
        if
        :: linked[i] && state[i] == HELD -> state[i] = ENDING; claimed[i] = true
        :: else -> claimed[i] = false
        fi
    }
}

proctype shutdown()
{
    bool ours, mine;
    bool claimed[TASKS];
    byte before;

    do
    :: before = left;
       IS_QUIET;
#ifdef LEFT_LATE
       before = left;
#endif
       take_lock();
       if
       :: before == TASKS -> give_lock(); break
       :: else -> give_lock()
       fi;
       take_lock();
       claim_held(0);
       claim_held(1);
       before = left;
       give_lock();
       if
       :: claimed[0] -> end(0)
       :: else
       fi;
       if
       :: claimed[1] -> end(1)
       :: else
       fi;
       if
       :: !claimed[0] && !claimed[1] && before < TASKS -> left != before
       :: else
       fi
    od;
    over = true;
    left_pool;
    atomic { !sweeping -> gone = true };
    assert(state[0] == ENDED && state[1] == ENDED)
}

init {
    atomic {
        run maker();
        run worker();
        run shutdown();
#ifdef SWEEP
        run sweeper()
#else
        run canceller()
#endif
    }
}
