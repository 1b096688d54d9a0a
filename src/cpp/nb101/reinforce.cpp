#include "nb101/reinforce.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "nb101/vector_loop.hpp"

namespace nb101 {
namespace {

constexpr double kLeastReward = 0.001;   // nas_benchmarks ignores rewards that are not above it
constexpr double kLeastExponent = -708;  // e to this power is a normal number
constexpr double kMost = 1 - 0x1p-32;  // the greatest probability, because thresholds have 32 bits
constexpr std::size_t kPlanesAtOnce = 8;  // 31 draws are decided by 8 planes 89 times of 100

// A label has two of the 31 draws of a proposal. The draw at its lower bit decides whether it is
// not 0, and the draw at the bit above whether it is 2 if it is not 0.
constexpr std::uint32_t kIsNotZero = kLowLabelBits;
constexpr std::uint32_t kDraws = kMatrixMask | kIsNotZero | kIsNotZero << 1;

// Returns e^x for x in [-708, 0], with an error of about 2^-52 of it. It has no branches, so that
// compilers use vector instructions for a loop of it.
//
// x = n ln 2 + r with |r| <= ln(2) / 2. Adding 1.5 * 2^52 rounds to an integer, which then stands
// in the lowest bits. e^r is its Taylor series; the first term left out is below 2^-57.
inline double power_of_e(double x) noexcept {
  constexpr double kRounds = 0x1.8p52;
  // n times the upper part is exact.
  constexpr double kLog2Upper = 0x1.62e42fefa0000p-1;  // NOLINT(modernize-use-std-numbers)
  constexpr double kLog2Lower = 0x1.cf79abc9e3b3ap-40;
  const double shifted = x * std::numbers::log2e + kRounds;
  const double n = shifted - kRounds;
  const double r = (x - n * kLog2Upper) - n * kLog2Lower;
  double sum = 1. / 6227020800;
  sum = sum * r + 1. / 479001600;
  sum = sum * r + 1. / 39916800;
  sum = sum * r + 1. / 3628800;
  sum = sum * r + 1. / 362880;
  sum = sum * r + 1. / 40320;
  sum = sum * r + 1. / 5040;
  sum = sum * r + 1. / 720;
  sum = sum * r + 1. / 120;
  sum = sum * r + 1. / 24;
  sum = sum * r + 1. / 6;
  sum = sum * r + 1. / 2;
  sum = sum * r + 1;
  sum = sum * r + 1;
  const auto exponent = std::bit_cast<std::uint64_t>(shifted) << 52;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(sum) + exponent);
}

// Returns a probability of at most kMost in parts of 2^-32, rounded. Adding 2^52 rounds to an
// integer, which then stands in the lowest bits.
inline std::uint32_t in_parts(double probability) noexcept {
  const double parts = probability * 0x1p32;
  return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(parts + 0x1p52));
}

// Exchanges the upper right and the lower left quarter of each square of 2 kSize rows and columns.
template <std::size_t kSize>
void exchange_quarters(std::uint32_t* rows) noexcept {
  constexpr std::uint32_t kMask = 0xffffffff / ((1u << kSize) + 1);  // bits of the lower halves
  for (std::size_t first = 0; first < 32; first += 2 * kSize) {
    for (std::size_t k = first; k < first + kSize; ++k) {
      const std::uint32_t moved = (rows[k] >> kSize ^ rows[k + kSize]) & kMask;
      rows[k] ^= moved << kSize;
      rows[k + kSize] ^= moved;
    }
  }
}

// Transposes a matrix of bits (Warren, Hacker's Delight, 2013, section 7-3). Bit b of row k goes to
// bit k of row b.
inline void transpose(std::uint32_t* rows) noexcept {
  exchange_quarters<16>(rows);
  exchange_quarters<8>(rows);
  exchange_quarters<4>(rows);
  exchange_quarters<2>(rows);
  exchange_quarters<1>(rows);
}

}  // namespace

Reinforce::Reinforce(const Settings& settings, const SimulatedTraining& training,
                     std::uint64_t seed) noexcept
    : settings_(settings), budget_(final_budget(training)), seed_(seed) {
  learn(0, 0);
}

// Returns 1 for the values that a code has, and 0 for the others.
Reinforce::Numbers Reinforce::chosen_numbers(Code code) noexcept {
  Numbers chosen;
  for (std::size_t edge = 0; edge < kEdges; ++edge) chosen[edge] = code >> edge & 1;
  for (std::size_t i = 0; i < kLabels; ++i) {
    const std::size_t label = code >> (kEdges + 2 * i) & 3;
    for (std::size_t value = 0; value < kValues; ++value) {
      chosen[place(value, i)] = label == value ? 1 : 0;
    }
  }
  return chosen;
}

// Returns the numbers to which the probabilities of a parameter are proportional. The highest logit
// of the parameter is subtracted, which changes no probability and avoids an overflow. For an edge,
// the lower logit less the higher one is left.
Reinforce::Numbers Reinforce::weights(const double* logits) noexcept {
  Numbers exponents;
  for (std::size_t edge = 0; edge < kEdges; ++edge) {
    exponents[edge] = std::max(-2 * std::abs(logits[edge]), kLeastExponent);
  }
  for (std::size_t i = 0; i < kLabels; ++i) {
    const double highest =
        std::max({logits[place(0, i)], logits[place(1, i)], logits[place(2, i)]});
    for (std::size_t value = 0; value < kValues; ++value) {
      const std::size_t at = place(value, i);
      exponents[at] = std::max(logits[at] - highest, kLeastExponent);
    }
  }
  Numbers powers;
  for (std::size_t at = 0; at < kNumbers; ++at) powers[at] = power_of_e(exponents[at]);
  return powers;
}

// Finds the probabilities of all numbers, and returns those of the draws.
Reinforce::Draws Reinforce::set_probabilities(const double* logits,
                                              double* probabilities) noexcept {
  const Numbers powers = weights(logits);
  Draws of_draws{};
  for (std::size_t edge = 0; edge < kEdges; ++edge) {
    const double power = powers[edge];
    of_draws[edge] = probabilities[edge] = (logits[edge] < 0 ? power : 1.0) / (1 + power);
  }
  for (std::size_t i = 0; i < kLabels; ++i) {
    const double two = powers[place(2, i)];
    const double not_zero = powers[place(1, i)] + two;
    const double sum = powers[place(0, i)] + not_zero;
    for (std::size_t value = 0; value < kValues; ++value) {
      probabilities[place(value, i)] = powers[place(value, i)] / sum;
    }
    of_draws[kEdges + 2 * i] = not_zero / sum;
    of_draws[kEdges + 2 * i + 1] = two / not_zero;
  }
  return of_draws;
}

// Moves the logits by a multiple of the gradient of the log-probability of the code, which is 1 - p
// for the values that it has and -p for the others. Then finds the probabilities and the planes.
void Reinforce::learn(Code code, double step) noexcept {
  vectorized(
      [=, logits = logits_.data(), probabilities = probabilities_.data(), planes = planes_.data()] {
        const Numbers chosen = chosen_numbers(code);
        for (std::size_t at = 0; at < kNumbers; ++at) {
          logits[at] += step * (chosen[at] - probabilities[at]);
        }
        Draws of_draws = set_probabilities(logits, probabilities);
        for (double& probability : of_draws) probability = std::min(probability, kMost);
        for (std::size_t k = 0; k < kPlanes; ++k) planes[k] = in_parts(of_draws[k]);
        transpose(planes);
      });
}

// Makes all draws at once. Each compares a random number of 32 bits with its threshold, from the
// highest bit on. The first bit that differs decides, so few planes are needed. The words of a
// proposal have their own places, so it does not matter how many of them are used.
Proposal Reinforce::ask() noexcept {
  const std::uint64_t item = num_asked_++;
  std::uint32_t undecided = kDraws;
  std::uint32_t below = 0;
  const auto compare = [&](std::uint32_t random, std::uint32_t threshold) {
    const std::uint32_t differ = (random ^ threshold) & undecided;
    below |= differ & threshold;
    undecided &= ~differ;
  };
  for (std::size_t plane = 0; undecided && plane < kPlanes; plane += kPlanesAtOnce) {
    for (std::size_t k = plane; k < plane + kPlanesAtOnce; k += 2) {
      const std::uint64_t word = random_word(seed_, random_place(item, k / 2));
      compare(static_cast<std::uint32_t>(word), planes_[kPlanes - 1 - k]);
      compare(static_cast<std::uint32_t>(word >> 32), planes_[kPlanes - 2 - k]);
    }
  }
  const std::uint32_t not_zero = below & kIsNotZero;
  const std::uint32_t two = below >> 1 & not_zero;
  return {(below & kMatrixMask) | (not_zero ^ two) | two << 1, budget_};
}

void Reinforce::tell(const Trial& trial) noexcept {
  const double reward = trial.outcome.validation_accuracy;
  if (!(reward > kLeastReward)) return;
  const double decay = settings_.baseline_decay;
  numerator_ = decay * numerator_ + (1 - decay) * reward;
  denominator_ = decay * denominator_ + (1 - decay);
  learn(trial.proposal.code, settings_.learning_rate * (reward - numerator_ / denominator_));
}

}  // namespace nb101
