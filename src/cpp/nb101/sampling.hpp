// Codes drawn at random: "a random cell" is at least three distributions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "nb101/labelings.hpp"
#include "nb101/random.hpp"

namespace nb101 {

// Uniform over the cells; over raw configurations valid in the official meaning; in that of
// nas_benchmarks, of at most 9 raw edges; over all 2^21 3^5 of them.
enum class Sampling { cells, raw, raw_9, all };
inline constexpr std::array<std::string_view, 4> kSamplingNames = {"cells", "raw", "raw-9", "all"};

// The code that each random word gives.
class Sampler {
 public:
  explicit Sampler(Sampling sampling);

  Code operator()(std::uint64_t word) const noexcept {
    Draws draws(word);
    const Code code = among_.empty()
                          ? draws.below(kMatrixMask + 1)
                          : among_[draws.below(static_cast<std::uint32_t>(among_.size()))];
    return draws_labels_ ? code | kLabelings[draws.below(kNumLabelings)] : code;
  }

 private:
  std::span<const Code> among_;  // none: any matrix
  bool draws_labels_;
};

// Code i depends on the seed and on i alone.
void sample(Sampling sampling, std::uint64_t seed, std::span<Code> out);

// Uniform over the cells of so many vertices, 2 to 7.
void sample_of_vertices(int num_vertices, std::uint64_t seed, std::span<Code> out);

}  // namespace nb101
