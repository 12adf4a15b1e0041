/* All of libfutures: tasks go to a fixed pool of worker threads and come back
 * as futures, and futures_gather() gives their results in order. No function
 * is safe in a signal handler. Callbacks (arg_free, value_free, hooks) run on
 * the thread that ends or last releases the thing, under whatever locks that
 * thread holds: keep them short. They must not end their thread. */
#ifndef FUTURES_FUTURES_H
#define FUTURES_FUTURES_H

#include <futures/any.h>
#include <futures/error.h>
#include <futures/export.h>
#include <futures/for.h>
#include <futures/future.h>
#include <futures/gather.h>
#include <futures/group.h>
#include <futures/join.h>
#include <futures/map.h>
#include <futures/pool.h>
#include <futures/promise.h>
#include <futures/queue.h>
#include <futures/status.h>
#include <futures/task.h>
#include <futures/then.h>
#include <futures/time.h>
#include <futures/token.h>
#include <futures/version.h>

#endif
