// The model of BOHB (Falkner et al., 2018), as HpBandSter 0.7.4 has it: the density of the good
// configurations and that of the bad ones, at the greatest budget that has enough of them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nb101/kernel_density.hpp"

namespace nb101 {

class DensityRatio {
 public:
  explicit DensityRatio(double min_bandwidth) noexcept : min_bandwidth_(min_bandwidth) {}
  // The densities refer to the points of this object, so it can be moved but not copied.
  DensityRatio(DensityRatio&&) = default;
  DensityRatio& operator=(DensityRatio&&) = default;

  // Adds a configuration that was trained at a budget. Budgets are numbered from 0 on. An accuracy
  // that is not finite counts as infinitely bad.
  void tell(Code code, std::uint32_t budget, double accuracy);

  // Returns the budget of the model, or nothing while no budget has enough configurations.
  std::optional<std::uint32_t> budget() const noexcept { return budget_; }

  // The densities. The model must have a budget.
  const KernelDensity& good();
  const KernelDensity& bad();

  // Draws samples from the density of the good configurations, and returns the one with the least
  // ratio of bad to good. Returns nothing if no sample has a ratio. The model must have a budget.
  std::optional<Code> propose(std::uint32_t num_samples, RandomStream& random);

 private:
  // The configurations that were trained at one budget, by ascending loss. The earlier of two
  // equal ones comes first.
  struct Trained {
    std::vector<double> losses;
    std::vector<Point> points;
  };

  void fit();

  double min_bandwidth_;
  std::vector<Trained> trained_;  // by budget; those below the model's are empty
  std::optional<std::uint32_t> budget_;
  bool is_fitted_ = false;  // whether the densities know all configurations
  KernelDensity good_;
  KernelDensity bad_;
};

}  // namespace nb101
