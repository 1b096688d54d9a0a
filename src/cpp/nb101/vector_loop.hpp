// Runs a plain loop that is compiled twice: for any processor and for AVX2. If the processor has
// AVX2, that version runs.
#pragma once

#include "nb101/simd.hpp"

namespace nb101 {

#if NB101_X86_DISPATCH
template <class Loop>
[[gnu::target("avx2,bmi2,popcnt"), gnu::flatten]] void run_avx2(Loop loop) noexcept {
  loop();
}
#endif

// `loop` takes no arguments. It captures the pointers and numbers that it only reads by value, so
// that the compiler knows that it does not change them.
template <class Loop>
void vectorized(Loop loop) noexcept {
#if NB101_X86_DISPATCH
  if (active_simd() != Simd::portable) return run_avx2(loop);
#endif
  loop();
}

}  // namespace nb101
