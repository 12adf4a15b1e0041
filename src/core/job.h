/* Work on its submitter's stack: an entry of the deques beside futures, told
 * apart by the lowest bit of its address. Its submitter takes it back, or
 * waits for whoever took it, before that stack goes. */
#ifndef FUT_CORE_JOB_H
#define FUT_CORE_JOB_H

#include <stdbool.h>
#include <stdint.h>

struct fut_job {
    /* On the worker that took it, which may call callers' code, or else gives
     * the job back undone. Last of all it touches the job. */
    void (*run)(struct fut_job *job, bool may_call);
};

static inline void *fut_job_entry(struct fut_job *job)
{
    return (char *)job + 1;
}

/* Whether the entry is a job. */
static inline bool fut_job_is(const void *entry)
{
    return ((uintptr_t)entry & 1) != 0;
}

/* returns  NULL for an entry that is a future */
static inline struct fut_job *fut_job_of(void *entry)
{
    return fut_job_is(entry) ? (struct fut_job *)(void *)((char *)entry - 1)
                             : NULL;
}

#endif
