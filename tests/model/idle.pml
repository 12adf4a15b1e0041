/* Sleeping, waking and draining, in every interleaving: what src/sync/idle.c,
 * the loop of src/core/worker.c and src/core/quiet.c do, one atomic operation
 * a step, all sequentially consistent: that light operations and the barrier
 * are as good is the matter of publish.pml. The futex is a set of parked
 * workers: parking looks at the word in the same step, and each wake-up takes
 * any one out.
 *
 * The publisher brings two entries that run only side by side, or with SPAWN
 * one that brings a second. Then the publisher waits until the pool is
 * quiet, and ends it. A lost wake-up is an end state in which somebody still
 * waits. Mutants, each of which must be caught: NO_LOOK_BEFORE_SLEEP,
 * NO_LOOK_AFTER_FOUND, NO_TICKET, NO_WAKE, NO_QUIET. */

#ifndef WORKERS
#define WORKERS 2
#endif
#define ENTRIES 2
#ifdef SPAWN
#define FROM_OUTSIDE 1
#else
#define FROM_OUTSIDE ENTRIES
#endif

byte asleep, searching, tickets, epoch;
byte entries, begun, ended;
bool over;
bool parked[WORKERS];

byte quiet_waits, quiet;
bool publisher_parked;

inline wake_one()
{
#ifdef NO_WAKE
    skip
#else
    atomic {
        if
        :: parked[0] -> parked[0] = false
        :: parked[1] -> parked[1] = false
#if WORKERS > 2
        :: parked[2] -> parked[2] = false
#endif
        :: else
        fi
    }
#endif
}

inline issue()
{
#ifndef NO_TICKET
    tickets++;
#endif
    wake_one()
}

inline notify()
{
    if
    :: atomic {
        asleep > 0 && searching == 0 ->
        asleep--;
        searching++;
        epoch++
       };
       issue()
    :: atomic { !(asleep > 0 && searching == 0) -> skip }
    fi
}

inline go_to_sleep()
{
    do
    :: atomic { tickets > 0 -> tickets--; break }
    :: atomic { tickets == 0 -> parked[me] = true };
       !parked[me]
    od
}

inline withdraw()
{
    if
    :: atomic { asleep > 0 -> asleep--; searching++; epoch++ }
    :: atomic { asleep == 0 -> skip };
       go_to_sleep()
    fi
}

inline notify_quiet()
{
    if
    :: quiet_waits > 0 ->
       quiet++;
       publisher_parked = false
    :: else
    fi
}

inline doze()
{
    atomic {
        asleep++;
        searching--;
        last = (asleep == WORKERS)
    }
    if
#ifndef NO_LOOK_BEFORE_SLEEP
    :: entries > 0 -> withdraw()
#endif
    :: over -> withdraw()
    :: else ->
       if
#ifndef NO_QUIET
       :: last -> notify_quiet()
#endif
       :: else
       fi;
       go_to_sleep()
    fi
}

inline stop_searching()
{
    atomic {
        last = (searching == 1);
        searching--
    }
#ifndef NO_LOOK_AFTER_FOUND
    if
    :: last && entries > 0 -> notify()
    :: else
    fi
#endif
}

inline meet()
{
    atomic {
        begun++;
        last = (begun == 1)
    }
#ifdef SPAWN
    if
    :: last ->
       entries++;
       notify()
    :: else
    fi;
#else
    begun == ENTRIES;
#endif
    ended++
}

proctype worker(byte me)
{
    bool last;

next:
    if
    :: atomic { entries > 0 -> entries-- };
       goto running
    :: atomic { entries == 0 -> skip }
    fi;
    if
    :: over -> goto done
    :: else
    fi;
    searching++;
    do
    :: atomic { entries > 0 -> entries-- };
       stop_searching();
       goto running
    :: entries == 0 ->
       if
       :: over ->
          stop_searching();
          goto done
       :: else -> doze()
       fi
    od;
running:
    meet();
    goto next;
done:
    skip
}

/* All sleep, nothing is queued, and still all sleep without having woken. */
inline wait_for_quiet()
{
    quiet_waits++;
    do
    :: seen = quiet;
       if
       :: atomic { asleep == WORKERS -> stamp = epoch };
          if
          :: entries == 0 ->
             if
             :: asleep == WORKERS && epoch == stamp -> break
             :: else
             fi
          :: else
          fi
       :: atomic { asleep != WORKERS -> skip }
       fi;
       if
       :: atomic { quiet == seen -> publisher_parked = true };
          !publisher_parked
       :: atomic { quiet != seen -> skip }
       fi
    od;
    quiet_waits--
}

inline wake_all()
{
    do
    :: atomic {
        asleep > 0 ->
        count = asleep;
        searching = searching + count;
        asleep = 0
       };
#ifndef NO_TICKET
       tickets = tickets + count;
#endif
       do
       :: count > 0 -> wake_one(); count--
       :: else -> break
       od;
       break
    :: atomic { asleep == 0 -> break }
    od
}

proctype publisher()
{
    byte seen;
    byte stamp;
    byte count;

    do
    :: count < FROM_OUTSIDE ->
       entries++;
       notify();
       count++
    :: else -> break
    od;
    wait_for_quiet();
    assert(ended == ENTRIES);
    over = true;
    wake_all()
}

init {
    byte i;

    atomic {
        for (i : 0 .. WORKERS - 1) {
            run worker(i)
        }
        run publisher()
    }
    _nr_pr == 1;
    assert(asleep == 0 && searching == 0 && tickets == 0)
}
