// Runs a test at every instruction set that this processor has.
#pragma once

#include <doctest.h>

#include <string>

#include "nb101/simd.hpp"

namespace nb101 {

template <class Test>
void at_every_simd_level(Test test) {
  const Simd before = active_simd();
  for (const Simd level : {Simd::portable, Simd::avx2, Simd::avx512}) {
    if (force_simd(level) != level) continue;
    const std::string name(simd_name(level));
    CAPTURE(name);
    test();
  }
  force_simd(before);
}

}  // namespace nb101
