/* A machine that delays stores (TSO), for the models that include this. Each
 * thread's stores wait in a buffer of its own, in order, and reach memory at
 * any later moment; a thread sees its own first. A read-modify-write waits
 * until its thread's buffer is empty, the heavy barrier (NO_BARRIER: a mutant)
 * for the same and then until each other buffer was empty once; light
 * operations wait for nothing.
 *
 * A thread calls itself `me` and has a byte `step`, 0, for load. */

#ifdef TWO
#define THREADS 4
#else
#define THREADS 3
#endif
#define WORDS 8
#define DEPTH 4

byte memory[WORDS];

typedef buffer {
    byte length;
    byte word[DEPTH];
    byte value[DEPTH]
};
buffer buffers[THREADS];

#define IS_DRAINED (buffers[me].length == 0)

inline store(at, v)
{
    atomic {
        buffers[me].length < DEPTH ->
        buffers[me].word[buffers[me].length] = at;
        buffers[me].value[buffers[me].length] = v;
        buffers[me].length++
    }
}

inline load(at, into)
{
    d_step {
        into = memory[at];
        step = 0;
        do
        :: step < buffers[me].length ->
           if
           :: buffers[me].word[step] == at -> into = buffers[me].value[step]
           :: else
           fi;
           step++
        :: else -> break
        od;
        step = 0
    }
}

inline barrier()
{
#ifdef NO_BARRIER
    skip
#else
    IS_DRAINED;
    buffers[0].length == 0;
    buffers[1].length == 0;
    buffers[2].length == 0
#ifdef TWO
    ;
    buffers[3].length == 0
#endif
#endif
}

/* The oldest store of a thread reaches memory. */
proctype drain(byte me)
{
    byte step;

end:
    do
    :: d_step {
        buffers[me].length > 0 ->
        memory[buffers[me].word[0]] = buffers[me].value[0];
        buffers[me].length--;
        do
        :: step < buffers[me].length ->
           buffers[me].word[step] = buffers[me].word[step + 1];
           buffers[me].value[step] = buffers[me].value[step + 1];
           step++
        :: else -> break
        od;
        buffers[me].word[step] = 0;
        buffers[me].value[step] = 0;
        step = 0
       }
    od
}
