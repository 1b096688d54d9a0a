// A plain loop, compiled for wider vectors too and run so where the processor has them.
#pragma once

#include "nb101/simd.hpp"

namespace nb101 {

#if NB101_X86_DISPATCH
template <class Loop>
[[gnu::target("avx2,bmi2,popcnt"), gnu::flatten]] void run_avx2(Loop loop) noexcept {
  loop();
}
#endif

// `loop` takes nothing and captures pointers and numbers, by value: nothing that it writes can then
// be one of them.
template <class Loop>
void vectorized(Loop loop) noexcept {
#if NB101_X86_DISPATCH
  if (active_simd() != Simd::portable) return run_avx2(loop);
#endif
  loop();
}

}  // namespace nb101
