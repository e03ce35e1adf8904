// Whether a sanitizer watches this program, under which all takes some ten times as long.
#pragma once

#include <cstddef>

namespace normsweep::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)  // clang
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// Tests that repeat the same code for many numbers take each of them, and under a sanitizer, which
// looks for what is wrong with the code and not with the numbers, every few-th.
constexpr size_t Step(size_t under_sanitizer) { return kSanitized ? under_sanitizer : 1; }

}  // namespace normsweep::testing
