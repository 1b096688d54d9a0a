// Which instruction set the kernels use: found at run time, and forced lower by tests.
#pragma once

#include <optional>
#include <string_view>

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define NB101_X86_DISPATCH 1
#else
#define NB101_X86_DISPATCH 0
#endif

namespace nb101 {

enum class Simd { portable, avx2, avx512 };

Simd best_simd() noexcept;    // what this processor can do
Simd active_simd() noexcept;  // what the kernels use: the best, unless forced
// Takes a level that the processor lacks as the best that it has; returns what is now active.
Simd force_simd(Simd level) noexcept;

std::string_view simd_name(Simd level) noexcept;
std::optional<Simd> simd_from_name(std::string_view name) noexcept;

}  // namespace nb101
