// A kernel density of configurations as statsmodels computes it: the mean of one product of
// Aitchison-Aitken kernels for each configuration of a set (Aitchison and Aitken, 1976).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "nb101/cell.hpp"
#include "nb101/numbered_array.hpp"
#include "nb101/random.hpp"

namespace nb101 {

// A code whose bits are rotated: first come the labels, then a bit that is 0, then the edges. So
// no label crosses the border of four bits.
enum class Point : std::uint32_t {};

constexpr Point point_of(Code code) noexcept {
  return static_cast<Point>(std::rotl(code, 32 - kMatrixBits));
}
constexpr Code code_of(Point point) noexcept {
  return std::rotr(static_cast<Code>(point), 32 - kMatrixBits);
}

class KernelDensity {
 public:
  // A density without points, which can only be assigned to.
  KernelDensity() = default;

  // The points must stay where they are as long as the density is used. There is at least one.
  // The bandwidth of a parameter follows the normal reference rule and is at least min_bandwidth.
  KernelDensity(std::span<const Point> points, double min_bandwidth) noexcept;

  // Returns the density at a configuration. It is infinite if all points have one value of a
  // parameter and the configuration has another. It is NaN if the bandwidth of such a parameter is
  // 0, or if a kernel of another parameter is 0, as with a bandwidth of 1.
  double operator()(Point at) const noexcept;

  // Draws a point, and each of its parameters anew with the probability of its bandwidth.
  Point draw(RandomStream& random) const noexcept;

  // The bandwidths of the 21 edges, and after them those of the 5 labels.
  std::span<const double, kNumParameters> bandwidths() const noexcept { return bandwidths_; }

 private:
  void multiply(int bit, int width, double match, double mismatch) noexcept;

  std::span<const Point> points_;
  NumberedArray<double, kNumParameters> bandwidths_{};
  // The products of the kernels of the parameters that lie in the same four bits, and in the same
  // byte, by the bits that differ.
  std::array<std::array<double, 16>, 8> by_nibble_;
  std::array<std::array<double, 256>, 4> by_byte_;
};

}  // namespace nb101
