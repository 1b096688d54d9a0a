// Draws codes at random. Public projects draw "a random cell" from different distributions.
#pragma once

#include <cstdint>
#include <span>

#include "nb101/labelings.hpp"
#include "nb101/random.hpp"

namespace nb101 {

// All distributions are uniform.
enum class Sampling {
  cells,  // over the cells
  raw,    // over the raw configurations that are valid in the official meaning
  raw_9,  // over those that have at most 9 raw edges, which nas_benchmarks calls valid
  all,    // over all 2^21 * 3^5 raw configurations
};

// Maps random words to codes.
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
  std::span<const Code> among_;  // the codes to draw from; if empty, any matrix may be drawn
  bool draws_labels_;
};

// Draws out.size() codes. Code i depends only on the seed and on i.
void sample(Sampling sampling, std::uint64_t seed, std::span<Code> out);

// Returns the representatives of the cells with `least` to `most` vertices, by ascending id.
std::span<const Code> cells_of_vertices(int least, int most);

// Draws uniformly from the cells with this number of vertices, which is 2 to 7.
void sample_of_vertices(int num_vertices, std::uint64_t seed, std::span<Code> out);

}  // namespace nb101
