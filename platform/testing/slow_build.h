// Whether a sanitizer makes everything ten times slower, and larger: tests then do less of the same.
#ifndef ROLLCALL_PLATFORM_TESTING_SLOW_BUILD_H_
#define ROLLCALL_PLATFORM_TESTING_SLOW_BUILD_H_

namespace rollcall {

// g++ defines macros, clang++ answers a question.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSlowBuild = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSlowBuild = true;
#else
inline constexpr bool kSlowBuild = false;
#endif
#else
inline constexpr bool kSlowBuild = false;
#endif

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_TESTING_SLOW_BUILD_H_
