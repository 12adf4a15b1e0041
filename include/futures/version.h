/* The version of these headers, and of the library that runs. */
#ifndef FUTURES_VERSION_H
#define FUTURES_VERSION_H

#include <futures/export.h>

FUTURES_BEGIN

#define FUTURES_VERSION_MAJOR 0
#define FUTURES_VERSION_MINOR 1
#define FUTURES_VERSION_PATCH 0

/* The version of the library that is linked in, such as "0.1.0".
 * returns  a constant string           blocks   never
 * threads  any                         owns     nothing */
FUTURES_API const char *futures_version(void);

FUTURES_END

#endif
