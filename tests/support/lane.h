/* Which lane this is: under a sanitizer everything takes many times as long,
 * so big counts are cut there. */
#ifndef FUTURES_TESTS_LANE_H
#define FUTURES_TESTS_LANE_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TESTS_ARE_SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TESTS_ARE_SLOW 1
#endif
#endif
#ifndef TESTS_ARE_SLOW
#define TESTS_ARE_SLOW 0
#endif

#endif
