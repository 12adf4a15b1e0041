/* Models of the lock-free files: the very C sources are compiled against the
 * headers in shim/, which send every atomic operation, lock and park to a
 * simulator of the C11 memory model (explore.cpp, over Relacy). It tries many
 * schedules and, for each load, the older values that its order allows.
 *
 * A scenario is a few threads that run in every execution; each execution
 * starts afresh with before(). What must hold is said by model_check; that a
 * thread sleeps for ever is found by itself, and so is a touch of memory that
 * model_gone or fut_free has taken back. Scenarios are deterministic: they
 * take chance from model_random alone, and before() resets every variable. */
#ifndef FUTURES_TESTS_MODEL_H
#define FUTURES_TESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where in the source an operation stands. */
struct model_site {
    const char *operation;
    const char *function;
    const char *file;
    unsigned line;
};

#define MODEL_SITE(operation) \
    (&(const struct model_site){operation, __func__, __FILE__, __LINE__})

/* 2 to 4 threads; before and after run alone. */
struct model_scenario {
    const char *name;
    unsigned threads;
    unsigned executions; /* for each unit of effort */
    void (*before)(void);
    void (*thread)(unsigned index);
    void (*after)(void);
};

/* `PROGRAM [EFFORT [MUTANT]]`: runs all scenarios. A mutant changes one kind
 * of operation of one function, "FUNCTION:OPERATION:CHANGE", where CHANGE is a
 * weaker order, "drop" (a store or a wake-up), "split" (a read-modify-write
 * becomes a load and a store) or "touch" (one more load behind it).
 * returns  0 if all held; with a mutant, if one scenario did not hold */
int model_main(int argc, char *argv[], const struct model_scenario *scenarios,
               size_t count);

/* Ends the execution as failed where the condition is false. */
#define model_check(condition) \
    ((condition) ? (void)0 : model_fail(#condition, MODEL_SITE("check")))
void model_fail(const char *what, const struct model_site *site);

/* Whether a mutant leaves out this step of the calling function, which the
 * model takes in the place of code that it cannot include:
 * "FUNCTION:STEP:drop". */
#define model_drops(step) model_drops_at(MODEL_SITE(step))
bool model_drops_at(const struct model_site *site);

/* A number below `limit`, by chance. */
unsigned model_random(unsigned limit);

/* Plain memory, with races on it detected: a word that has one of these
 * instead of ordinary reads and writes. */
#define model_write(word, value) \
    model_write_at(word, value, MODEL_SITE("write"))
#define model_read(word) model_read_at(word, MODEL_SITE("read"))
void model_write_at(void *word, uint64_t value, const struct model_site *site);
uint64_t model_read_at(const void *word, const struct model_site *site);

/* The memory has ceased to be: a stack frame that returned. */
void model_gone(void *memory, size_t size);

/* A moment in which others run. */
void model_yield(void);

#ifdef __cplusplus
}
#endif

#endif
