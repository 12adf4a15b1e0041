/* All of events_test.c again where the descriptor is a pipe's: this program
 * brings its own base/event.c, so that the library's is not linked. */
#define FUT_EVENT_PIPE
#include "../src/base/event.c"

#include "events_test.c"
