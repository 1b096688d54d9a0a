// Hyperband runs brackets of successive halving (Li et al., 2018). They come in HpBandSter's order.
#pragma once

#include <cstdint>
#include <vector>

#include "nb101/search_run.hpp"

namespace nb101 {

// With B budgets, bracket number i has s = B - 1 - (i mod B). It starts floor(B / (s + 1)) * eta^s
// configurations at the budget that is s places before the last. After each stage, the best one in
// eta of them continue at the next budget.
class Brackets {
 public:
  // There are 1 to 20 budgets, each eta times the one before. eta is at least 2, and
  // eta^(num_budgets - 1) is below 2^31.
  Brackets(std::uint32_t num_budgets, std::uint32_t eta);

  // Returns whether the next proposal is a new configuration. The caller then chooses it and calls
  // start().
  bool needs_code() const noexcept { return accuracies_.size() == codes_.size(); }
  // Returns the next proposal. A new configuration must have been started before.
  Code code() const noexcept { return codes_[accuracies_.size()]; }
  std::uint32_t budget() const noexcept { return budget_; }

  void start(Code code) { codes_.push_back(code); }
  // Reports the accuracy of the last proposal, of which NaN is the lowest. Throws
  // std::invalid_argument if nothing was proposed since the last result.
  void tell(double accuracy);

 private:
  void open_bracket();
  void promote();

  std::uint32_t num_budgets_;
  std::uint32_t eta_;
  std::uint32_t bracket_ = 0;
  std::uint32_t num_started_ = 0;         // how many configurations the bracket starts with
  std::uint32_t num_configurations_ = 0;  // how many configurations the present stage trains
  std::uint32_t stage_ = 0;
  std::uint32_t budget_ = 0;
  std::vector<Code> codes_;         // the configurations of the present stage
  std::vector<double> accuracies_;  // the accuracies of those whose training has ended
};

}  // namespace nb101
