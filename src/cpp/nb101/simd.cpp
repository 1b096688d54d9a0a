#include "nb101/simd.hpp"

#include <algorithm>
#include <atomic>

namespace nb101 {
namespace {

Simd detect() noexcept {
#if NB101_X86_DISPATCH
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
    return Simd::avx512;
  }
  if (avx2) return Simd::avx2;
#endif
  return Simd::portable;
}

// Decided as the library is loaded, before there can be a second thread.
const Simd best = detect();
std::atomic<Simd> active{best};

}  // namespace

Simd best_simd() noexcept { return best; }

Simd active_simd() noexcept { return active.load(std::memory_order_relaxed); }

Simd force_simd(Simd level) noexcept {
  const Simd possible = std::min(level, best_simd());
  active.store(possible, std::memory_order_relaxed);
  return possible;
}

std::string_view simd_name(Simd level) noexcept {
  switch (level) {
    case Simd::avx512:
      return "avx512";
    case Simd::avx2:
      return "avx2";
    case Simd::portable:
      break;
  }
  return "portable";
}

}  // namespace nb101
