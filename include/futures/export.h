/* What every public header needs to be C11 and C++17 alike: linkage,
 * visibility, and the few attributes that compilers can check for callers. */
#ifndef FUTURES_EXPORT_H
#define FUTURES_EXPORT_H

#ifdef __cplusplus
#define FUTURES_BEGIN extern "C" {
#define FUTURES_END }
#define FUTURES_NORETURN [[noreturn]]
#else
#define FUTURES_BEGIN
#define FUTURES_END
#define FUTURES_NORETURN _Noreturn
#endif

#if defined(__GNUC__)
#define FUTURES_API __attribute__((visibility("default")))
#define FUTURES_PRINTF(string, first) \
    __attribute__((format(printf, string, first)))
#else
#define FUTURES_API
#define FUTURES_PRINTF(string, first)
#endif

#endif
