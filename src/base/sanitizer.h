/* Whether the code is built for a sanitizer that follows memory or threads. */
#ifndef FUT_BASE_SANITIZER_H
#define FUT_BASE_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FUT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FUT_SANITIZED 1
#endif
#endif

#endif
