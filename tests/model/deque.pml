/* The deque, src/sync/deque.h and .c, on the machine of barrier.pml, in every
 * interleaving: an owner and two thieves. Each entry is handed out once, or is
 * left. Mutants, each of which must be caught: NO_BARRIER, and NO_SECOND_LOOK
 * at bottom behind it. */
#include "barrier.pml"

#define BOTTOM 0
#define LIMIT 1
#define TOP 2
#define LOCK 3
#define SLOT 4
#define PUSHED 4
#define STEALS 2

byte handed_out[PUSHED + 1];
byte over;

inline hand_out(entry)
{
    atomic {
        assert(entry > 0 && handed_out[entry] == 0);
        handed_out[entry]++;
        entry = 0
    }
}

inline lock()
{
    atomic { IS_DRAINED && memory[LOCK] == 0 -> memory[LOCK] = 1 }
}

inline push(entry)
{
    store(SLOT + bottom, entry);
    bottom++;
    store(BOTTOM, bottom)
}

inline pop_public()
{
    lock();
    load(TOP, top);
    if
    :: bottom < top ->
       bottom = top;
       store(BOTTOM, bottom)
    :: else ->
       load(SLOT + bottom, entry);
       load(LIMIT, limit);
       if
       :: bottom < limit -> store(LIMIT, top + (bottom - top) / 2)
       :: else
       fi
    fi;
    store(LOCK, 0)
}

inline pop()
{
    load(TOP, top);
    if
    :: top >= bottom
    :: else ->
       bottom--;
       store(BOTTOM, bottom);
       load(LIMIT, limit);
       if
       :: bottom < limit -> pop_public()
       :: else -> load(SLOT + bottom, entry)
       fi;
       if
       :: entry > 0 -> hand_out(entry)
       :: else
       fi
    fi
}

proctype owner(byte me)
{
    byte step;
    byte bottom; /* what it stored last */
    byte top;
    byte limit;
    byte entry;

    push(1);
    push(2);
    push(3);
    pop();
    pop();
    push(4);
    pop();
    pop();
    over++
}

inline expose_half()
{
    load(BOTTOM, bottom);
    if
    :: bottom > limit ->
       before = limit;
       limit = limit + (bottom - limit + 1) / 2;
       store(LIMIT, limit);
       barrier();
#ifndef NO_SECOND_LOOK
       load(BOTTOM, bottom);
#endif
       if
       :: bottom < limit ->
          limit = (bottom > before -> bottom : before);
          store(LIMIT, limit)
       :: else
       fi
    :: else
    fi
}

inline steal()
{
    if
    :: atomic { IS_DRAINED && memory[LOCK] == 0 -> memory[LOCK] = 1 };
       load(TOP, top);
       load(LIMIT, limit);
       if
       :: top == limit -> expose_half()
       :: else
       fi;
       if
       :: top < limit ->
          load(SLOT + top, entry);
          hand_out(entry);
          store(TOP, top + 1)
       :: else
       fi;
       store(LOCK, 0)
    :: atomic { IS_DRAINED && memory[LOCK] != 0 -> skip }
    fi
}

proctype thief(byte me)
{
    byte step;
    byte bottom;
    byte top;
    byte limit;
    byte before;
    byte entry;
    byte steals;

    do
    :: steals < STEALS -> steal(); steals++
    :: else -> break
    od;
    over++
}

/* What was handed out and what is left is what was pushed. */
init {
    byte i;
    byte left;

    atomic {
        for (i : 0 .. THREADS - 1) {
            run drain(i)
        }
        run owner(0);
        run thief(1);
        run thief(2)
    }
    over == THREADS;
    buffers[0].length == 0 && buffers[1].length == 0 &&
        buffers[2].length == 0;
    left = memory[BOTTOM] - memory[TOP];
    assert(handed_out[1] + handed_out[2] + handed_out[3] + handed_out[4] +
           left == PUSHED)
}
