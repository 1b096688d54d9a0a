// Hyperband's brackets of successive halving (Li et al., 2018), in the order of HpBandSter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nb101/search_run.hpp"

namespace nb101 {

// Bracket i of B budgets starts floor(B / (s + 1)) eta^s configurations, s = B - 1 - i mod B, at
// the budget s places before the last; of each stage the best part, one in eta, goes on.
class Brackets {
 public:
  // 1 to 20 budgets, each eta times the one before; eta 2 or more, and eta^(budgets - 1) below
  // 2^31.
  Brackets(std::uint32_t num_budgets, std::uint32_t eta);

  // Whether the next proposal is a new configuration, that the caller chooses.
  bool needs_code() const noexcept { return accuracies_.size() == codes_.size(); }
  // The next one where it is not.
  Code code() const noexcept { return codes_[accuracies_.size()]; }
  std::uint32_t budget() const noexcept { return budget_; }

  void start(Code code) { codes_.push_back(code); }
  void tell(double accuracy);

 private:
  void open_bracket();
  void promote();

  std::uint32_t num_budgets_;
  std::uint32_t eta_;
  std::uint32_t bracket_ = 0;
  std::uint32_t num_started_ = 0;         // configurations that the bracket began with
  std::uint32_t num_configurations_ = 0;  // of the stage
  std::uint32_t stage_ = 0;
  std::uint32_t budget_ = 0;
  std::vector<Code> codes_;         // of the stage
  std::vector<double> accuracies_;  // of those that ended
};

}  // namespace nb101
