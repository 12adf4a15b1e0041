/* Option structs grow at their end: the first field is the caller's size. */
#ifndef FUT_CORE_OPTIONS_H
#define FUT_CORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Copies what both sides know into `known` (of `size` bytes) and zeroes the
 * rest of it.
 * returns  false for a size that cannot be (all of `known` is zero then) and
 *          for fields that we do not know and that are not zero */
bool fut_options_read(void *known, size_t size, const void *given);

/* The INIT macros' twin: all zero but the size. */
void fut_options_init(void *options, size_t size);

#endif
