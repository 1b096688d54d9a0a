#include "nb101/sampling.hpp"

#include <algorithm>

#include "nb101/labelings.hpp"
#include "nb101/random.hpp"
#include "nb101/reach.hpp"
#include "nb101/search_space.hpp"
#include "nb101/valid_matrices.hpp"

namespace nb101 {
namespace {

// Calls draw(Draws) for each code.
template <class Draw>
void draw_each(std::uint64_t seed, std::span<Code> out, Draw draw) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = draw(Draws(random_word(seed, i)));
}

void draw_from(std::span<const Code> codes, std::uint64_t seed, std::span<Code> out) noexcept {
  const auto count = static_cast<std::uint32_t>(codes.size());
  draw_each(seed, out, [=](Draws draws) { return codes[draws.below(count)]; });
}

void draw_labelled(std::span<const std::uint32_t> matrices, std::uint64_t seed,
                   std::span<Code> out) noexcept {
  const auto count = static_cast<std::uint32_t>(matrices.size());
  draw_each(seed, out, [=](Draws draws) {
    const std::uint32_t matrix = matrices[draws.below(count)];
    return matrix | kLabelings[draws.below(kNumLabelings)];
  });
}

}  // namespace

void sample(Sampling sampling, std::uint64_t seed, std::span<Code> out) {
  switch (sampling) {
    case Sampling::cells:
      return draw_from(SearchSpace::instance().codes(), seed, out);
    case Sampling::raw:
      return draw_labelled(ValidMatrices::instance().official(), seed, out);
    case Sampling::raw_9:
      return draw_labelled(ValidMatrices::instance().raw_9(), seed, out);
    case Sampling::all:
      return draw_each(seed, out, [](Draws draws) {
        const std::uint32_t matrix = draws.below(kMatrixMask + 1);
        return matrix | kLabelings[draws.below(kNumLabelings)];
      });
  }
}

void sample_of_vertices(int num_vertices, std::uint64_t seed, std::span<Code> out) {
  // Cells are numbered by their vertices first.
  const auto vertices = [](Code code) { return std::popcount(reach_of(code).live()); };
  const std::span<const Code> codes = SearchSpace::instance().codes();
  const auto first = std::ranges::lower_bound(codes, num_vertices, {}, vertices);
  const auto last = std::ranges::upper_bound(codes, num_vertices, {}, vertices);
  draw_from(std::span(first, last), seed, out);
}

}  // namespace nb101
