#include "nb101/sampling.hpp"

#include <algorithm>
#include <bit>

#include "nb101/parallel.hpp"
#include "nb101/reach.hpp"
#include "nb101/search_space.hpp"
#include "nb101/valid_matrices.hpp"

namespace nb101 {
namespace {

std::span<const Code> codes_among(Sampling sampling) {
  switch (sampling) {
    case Sampling::cells:
      return SearchSpace::instance().codes();
    case Sampling::raw:
      return ValidMatrices::instance().official().matrices;
    case Sampling::raw_9:
      return ValidMatrices::instance().raw_9().matrices;
    default:
      return {};
  }
}

}  // namespace

Sampler::Sampler(Sampling sampling)
    : among_(codes_among(sampling)), draws_labels_(sampling != Sampling::cells) {}

void sample(Sampling sampling, std::uint64_t seed, std::span<Code> out) {
  const Sampler sampler(sampling);
  parallel_for(out.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] = sampler(random_word(seed, i));
  });
}

std::span<const Code> cells_of_vertices(int least, int most) {
  // The cells are sorted by their number of vertices.
  const auto vertices = [](Code code) { return std::popcount(reach_of(code).live()); };
  const std::span<const Code> codes = SearchSpace::instance().codes();
  const auto first = std::ranges::lower_bound(codes, least, {}, vertices);
  const auto last = std::ranges::upper_bound(codes, most, {}, vertices);
  return {first, last};
}

void sample_of_vertices(int num_vertices, std::uint64_t seed, std::span<Code> out) {
  const std::span<const Code> chosen = cells_of_vertices(num_vertices, num_vertices);
  const auto count = static_cast<std::uint32_t>(chosen.size());
  parallel_for(out.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      out[i] = chosen[Draws(random_word(seed, i)).below(count)];
    }
  });
}

}  // namespace nb101
