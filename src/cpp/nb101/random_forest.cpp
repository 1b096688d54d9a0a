#include "nb101/random_forest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "nb101/simd.hpp"
#include "nb101/vector_loop.hpp"

#if NB101_X86_DISPATCH
#include <immintrin.h>
#endif

namespace nb101 {
namespace {

constexpr int kNumLanes = 32;
constexpr int kNodeLane = 31;  // set in each sample, and in no configuration
constexpr int kSumBits = 50;   // of a sum of costs
constexpr std::uint64_t kOneWeight = std::uint64_t{1} << 32;
constexpr std::size_t kMostNodes = std::size_t{1} << 27;  // The number of a node has 27 bits.

// Returns the lower bit of a label, which tells that the label is after the first one.
int above_first(int label_parameter) noexcept { return 2 * label_parameter - kMatrixBits; }

// Returns the integer, whose absolute value is at most 2^51, as a double. Doubles from 2^52 to 2^53
// are 1 apart. So adding the integer to the bits of 1.5 * 2^52 gives the double 1.5 * 2^52 + it,
// and subtracting 1.5 * 2^52 leaves it. Unlike a cast, AVX2 can do this for several integers at
// once.
double as_double(std::uint64_t integer) noexcept {
  constexpr double kBase = 0x1.8p52;
  return std::bit_cast<double>(integer + std::bit_cast<std::uint64_t>(kBase)) - kBase;
}

}  // namespace

// The sums over the samples of a node that have a bit, for each bit. A count holds the weight in
// its upper 32 bits, and the number of samples in its lower 32 bits.
struct RandomForest::Sums {
  alignas(64) std::array<std::uint64_t, kNumLanes> costs;
  alignas(64) std::array<std::uint64_t, kNumLanes> counts;

  Sums(const Sample* samples, std::size_t count) noexcept {
    std::uint64_t* const all_costs = costs.data();
    std::uint64_t* const all_counts = counts.data();
#if NB101_X86_DISPATCH
    if (active_simd() == Simd::avx512) {
      add_up_avx512(samples, count, all_costs, all_counts);
      return;
    }
#endif
    vectorized([=] {
      constexpr std::size_t kGroup = 8;  // as many sums as stay in registers
      for (std::size_t first = 0; first < kNumLanes; first += kGroup) {
        std::array<std::uint64_t, kGroup> some_costs{};
        std::array<std::uint64_t, kGroup> some_counts{};
        for (std::size_t i = 0; i < count; ++i) {
          const std::uint64_t bits = samples[i].bits >> first;
          const auto cost = static_cast<std::uint64_t>(samples[i].cost);
          const std::uint64_t one = kOneWeight * samples[i].weight + 1;
          for (std::size_t lane = 0; lane < kGroup; ++lane) {
            const bool has_bit = (bits & std::uint64_t{1} << lane) != 0;
            some_costs[lane] += has_bit ? cost : 0;
            some_counts[lane] += has_bit ? one : 0;
          }
        }
        std::copy_n(some_costs.begin(), kGroup, all_costs + first);
        std::copy_n(some_counts.begin(), kGroup, all_counts + first);
      }
    });
  }

#if NB101_X86_DISPATCH
  // All 64 sums stay in eight registers, and a sample's bits are the masks of the additions.
  [[gnu::target("avx512f")]] static void add_up_avx512(const Sample* samples, std::size_t count,
                                                       std::uint64_t* costs,
                                                       std::uint64_t* counts) noexcept {
    constexpr std::size_t kGroup = 8;
    constexpr std::size_t kNumGroups = kNumLanes / kGroup;
    __m512i some_costs[kNumGroups] = {};
    __m512i some_counts[kNumGroups] = {};
    for (std::size_t i = 0; i < count; ++i) {
      const __m512i cost = _mm512_set1_epi64(samples[i].cost);
      const auto one = static_cast<long long>(kOneWeight * samples[i].weight + 1);
      const __m512i ones = _mm512_set1_epi64(one);
      for (std::size_t group = 0; group < kNumGroups; ++group) {
        const auto mask = static_cast<__mmask8>(samples[i].bits >> kGroup * group);
        some_costs[group] = _mm512_mask_add_epi64(some_costs[group], mask, some_costs[group], cost);
        some_counts[group] =
            _mm512_mask_add_epi64(some_counts[group], mask, some_counts[group], ones);
      }
    }
    for (std::size_t group = 0; group < kNumGroups; ++group) {
      _mm512_storeu_si512(costs + kGroup * group, some_costs[group]);
      _mm512_storeu_si512(counts + kGroup * group, some_counts[group]);
    }
  }
#endif

  void subtract(const Sums& other) noexcept {
    for (std::size_t lane = 0; lane < kNumLanes; ++lane) {
      costs[lane] -= other.costs[lane];
      counts[lane] -= other.counts[lane];
    }
  }

  Total having(int bit) const noexcept {
    const auto lane = static_cast<std::size_t>(bit);
    return {static_cast<std::int64_t>(costs[lane]), static_cast<std::int64_t>(counts[lane] >> 32),
            static_cast<std::int64_t>(counts[lane] % kOneWeight)};
  }

  bool varies(int bit) const noexcept {
    const std::int64_t right = having(bit).samples;
    return right > 0 && right < having(kNodeLane).samples;
  }
};

// A number for each bit that is greater if a split by it leaves smaller variances: the sum of the
// squared cost divided by the weight, of both parts. It is 0 if a part would be too small.
struct RandomForest::Scores {
  alignas(64) std::array<double, kNumLanes> by_bit;

  explicit Scores(const Sums& sums) noexcept {
    const std::uint64_t* const costs = sums.costs.data();
    const std::uint64_t* const counts = sums.counts.data();
    double* const scores = by_bit.data();
    vectorized([=] {
      const double cost = as_double(costs[kNodeLane]);
      const double weight = as_double(counts[kNodeLane] >> 32);
      const std::uint64_t samples = counts[kNodeLane] % kOneWeight;
      for (std::size_t lane = 0; lane < kNumLanes; ++lane) {
        const double right_cost = as_double(costs[lane]);
        const double right_weight = as_double(counts[lane] >> 32);
        const double left_cost = cost - right_cost;
        const double left_weight = weight - right_weight;
        const double score =
            (left_cost * left_cost * right_weight + right_cost * right_cost * left_weight) /
            (left_weight * right_weight);
        const std::uint64_t right_samples = counts[lane] % kOneWeight;
        // The upper bit of a difference is set if it is negative. A comparison would keep GCC from
        // computing several lanes at once.
        const std::uint64_t signs =
            (right_samples - kMinLeaf) | (samples - right_samples - kMinLeaf);
        const std::uint64_t is_allowed = (signs >> 63) - 1;
        scores[lane] = std::bit_cast<double>(std::bit_cast<std::uint64_t>(score) & is_allowed);
      }
    });
  }

  double operator[](int bit) const noexcept { return by_bit[static_cast<std::size_t>(bit)]; }
};

void RandomForest::train(std::span<const Code> codes, std::span<const double> costs,
                         std::uint64_t seed) {
  double largest = 0;
  for (const double cost : costs) largest = std::max(largest, std::abs(cost));
  int exponent = 0;
  std::frexp(largest, &exponent);
  scale_ = std::ldexp(1.0, kSumBits - static_cast<int>(std::bit_width(codes.size())) - exponent);
  history_.resize(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    history_[i] = {std::llround(costs[i] * scale_), split_bits(codes[i]) | 1u << kNodeLane, 1};
  }
  greatest_ = std::ranges::max(history_, {}, &Sample::cost).cost;
  nodes_.clear();
  values_.clear();
  roots_.clear();
  depths_.clear();
  for (std::size_t tree = 0; tree < num_trees_; ++tree) {
    draw_samples(RandomStream(random_word(seed, 2 * tree)));
    RandomStream random(random_word(seed, 2 * tree + 1));
    Sums sums(samples_.data(), samples_.size());
    roots_.push_back(static_cast<std::int32_t>(nodes_.size()));
    depths_.push_back(0);
    nodes_.push_back(0);
    values_.push_back(0);
    grow(nodes_.size() - 1, 0, samples_.size(), 0, sums, random);
  }
}

// Draws as many samples as there are in the history, with replacement. A sample that is drawn
// several times is kept once, with a weight. As in NumPy, the draws are the lower bits of random
// words, and those that are too great are passed over.
void RandomForest::draw_samples(RandomStream random) {
  const std::uint64_t mask = std::bit_ceil(history_.size()) - 1;
  samples_ = history_;
  for (Sample& sample : samples_) sample.weight = 0;
  for (std::size_t num_drawn = 0; num_drawn < history_.size();) {
    const std::uint64_t drawn = random.word() & mask;
    if (drawn >= history_.size()) continue;
    ++samples_[drawn].weight;
    ++num_drawn;
  }
  std::erase_if(samples_, [](const Sample& sample) { return sample.weight == 0; });
  for (Sample& sample : samples_) sample.cost *= sample.weight;
  right_.resize(samples_.size());
}

bool RandomForest::may_split(const Total& total, std::uint32_t depth) const noexcept {
  const bool all_are_worst = total.cost == total.weight * greatest_;
  constexpr std::int64_t kLeast = 2 * kMinLeaf;
  return depth < kMaxDepth && total.samples >= kLeast && !all_are_worst;
}

void RandomForest::make_leaf(std::size_t node, const Total& total) noexcept {
  nodes_[node] = static_cast<std::uint32_t>(node) << 5 | kNodeLane;
  values_[node] = static_cast<double>(total.cost) / static_cast<double>(total.weight) / scale_;
}

// `sums` are those of the node; they are overwritten.
void RandomForest::grow(std::size_t node, std::size_t begin, std::size_t end, std::uint32_t depth,
                        Sums& sums, RandomStream& random) {
  depths_.back() = std::max(depths_.back(), depth);
  const Total all = sums.having(kNodeLane);
  const int bit = may_split(all, depth) ? best_split(sums, random) : -1;
  if (bit < 0) return make_leaf(node, all);

  const std::size_t middle = partition(begin, end, bit);
  const std::size_t left = nodes_.size();
  if (left + 2 > kMostNodes) throw std::length_error("a random forest has more than 2^27 nodes");
  nodes_[node] = static_cast<std::uint32_t>(left) << 5 | static_cast<std::uint32_t>(bit);
  nodes_.resize(left + 2);
  values_.resize(left + 2);
  const bool left_is_smaller = middle - begin <= end - middle;
  Sums smaller(&samples_[left_is_smaller ? begin : middle], std::min(middle - begin, end - middle));
  sums.subtract(smaller);
  grow(left, begin, middle, depth + 1, left_is_smaller ? smaller : sums, random);
  grow(left + 1, middle, end, depth + 1, left_is_smaller ? sums : smaller, random);
}

// Returns the bit of the best split, or -1 if the node stays a leaf. Five parameters are drawn that
// are not tried, unless none of the others varies. Chance decides between equally good parameters.
int RandomForest::best_split(const Sums& sums, RandomStream& random) const noexcept {
  const Scores scores(sums);
  std::array<std::uint8_t, kNumParameters> order;
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  for (std::uint32_t left = kNumParameters; left > kTriedParameters; --left) {
    std::swap(order[left - 1], order[random.below(left)]);
  }
  int best = -1;
  double best_score = 0;
  std::uint32_t num_equal = 0;
  const auto consider = [&](int parameter) {
    const int bit = parameter < kMatrixBits ? parameter : label_bit(parameter, sums, scores);
    if (scores[bit] <= 0 || scores[bit] < best_score) return;
    num_equal = scores[bit] > best_score ? 1 : num_equal + 1;
    if (num_equal > 1 && random.below(num_equal) > 0) return;
    best_score = scores[bit];
    best = bit;
  };
  const auto varies = [&](int parameter) {
    if (parameter < kMatrixBits) return sums.varies(parameter);
    return sums.varies(above_first(parameter)) || sums.varies(above_first(parameter) + 1);
  };
  const auto rest = order.begin() + kTriedParameters;
  std::for_each(order.begin(), rest, consider);
  if (best < 0 && std::none_of(order.begin(), rest, varies)) {
    const auto next = std::find_if(rest, order.end(), varies);
    if (next != order.end()) consider(*next);
  }
  const Total all = sums.having(kNodeLane);
  const auto cost = static_cast<double>(all.cost);
  const double decrease = (best_score - cost * cost / static_cast<double>(all.weight)) /
                          (scale_ * scale_ * static_cast<double>(history_.size()));
  return decrease < kMinDecrease ? -1 : best;
}

// Returns the better of a label's two bits, and the lower one if they are equal. But if no label is
// the middle one, both split alike, and the middle one goes to the left.
int RandomForest::label_bit(int parameter, const Sums& sums, const Scores& scores) noexcept {
  const int lower = above_first(parameter);
  const bool has_middle = sums.having(lower).samples != sums.having(lower + 1).samples;
  return has_middle && scores[lower] >= scores[lower + 1] ? lower : lower + 1;
}

// Moves the samples that have the bit behind the others and returns where they start.
std::size_t RandomForest::partition(std::size_t begin, std::size_t end, int bit) noexcept {
  std::size_t left = begin;
  std::size_t right = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const Sample sample = samples_[i];
    const std::size_t goes_right = sample.bits >> bit & 1;
    samples_[left] = sample;
    right_[right] = sample;
    left += 1 - goes_right;
    right += goes_right;
  }
  std::copy_n(right_.begin(), right, samples_.begin() + static_cast<std::ptrdiff_t>(left));
  return left;
}

// The variance is computed from differences to the first tree, so it is exactly 0 if all agree.
void RandomForest::predict(std::span<const Code> codes, double* means,
                           double* variances) const noexcept {
  const std::uint32_t* const nodes = nodes_.data();
  const double* const values = values_.data();
  const std::int32_t* const roots = roots_.data();
  const std::uint32_t* const depths = depths_.data();
  const std::size_t num_trees = num_trees_;
  constexpr std::size_t kBlock = 32;
  for (std::size_t begin = 0; begin < codes.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, codes.size() - begin);
    std::array<Code, kBlock> bits{};
    for (std::size_t i = 0; i < count; ++i) bits[i] = split_bits(codes[begin + i]);
    std::array<double, kBlock> block_means;
    std::array<double, kBlock> block_variances;
    const Code* const bits_of = bits.data();
    double* const mean_of = block_means.data();
    double* const variance_of = block_variances.data();
    vectorized([=] {
      std::array<double, kBlock> first{};
      std::array<double, kBlock> sum{};
      std::array<double, kBlock> squares{};
      for (std::size_t tree = 0; tree < num_trees; ++tree) {
        std::array<std::int32_t, kBlock> at;
        at.fill(roots[tree]);
        for (std::uint32_t depth = 0; depth < depths[tree]; ++depth) {
          for (std::size_t i = 0; i < kBlock; ++i) {
            const std::uint32_t node = nodes[at[i]];
            at[i] = static_cast<std::int32_t>((node >> 5) + (bits_of[i] >> (node & 31) & 1));
          }
        }
        for (std::size_t i = 0; i < kBlock; ++i) {
          const double value = values[at[i]];
          first[i] = tree == 0 ? value : first[i];
          const double difference = value - first[i];
          sum[i] += difference;
          squares[i] += difference * difference;
        }
      }
      const auto trees = static_cast<double>(num_trees);
      for (std::size_t i = 0; i < kBlock; ++i) {
        const double mean = sum[i] / trees;
        mean_of[i] = first[i] + mean;
        variance_of[i] = squares[i] / trees - mean * mean;
      }
    });
    std::copy_n(mean_of, count, means + begin);
    std::copy_n(variance_of, count, variances + begin);
  }
}

}  // namespace nb101
