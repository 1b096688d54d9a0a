// Chooses the instruction set of the kernels at run time. Tests can force a lower one.
#pragma once

#include <string_view>

#if defined(__GNUC__) && defined(__x86_64__)
#define NB101_X86_DISPATCH 1
#else
#define NB101_X86_DISPATCH 0
#endif

namespace nb101 {

enum class Simd { portable, avx2, avx512 };

Simd best_simd() noexcept;    // the best level that this processor has
Simd active_simd() noexcept;  // the level that the kernels use; the best unless one is forced
// Makes a level active, or the best one if the processor lacks it. Returns the active level.
Simd force_simd(Simd level) noexcept;

std::string_view simd_name(Simd level) noexcept;

}  // namespace nb101
