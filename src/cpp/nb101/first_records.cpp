#include "nb101/first_records.hpp"

#include "nb101/record_order.hpp"

namespace nb101 {
namespace {

constexpr std::int32_t kNoRecord = -1;

}  // namespace

FirstRecords::FirstRecords(const IndexView& index) : index_(index) {
  if (index.order().empty()) return;
  budgets_.assign(index.num_rows(), kNoRecord);
  const std::size_t num_budgets = index.budgets().size();
  for (const std::uint32_t record : index.order()) {
    const std::size_t row = record / num_budgets;
    // The order of an unverified file may name rows that do not exist.
    if (row >= index.num_rows() || budgets_[row] != kNoRecord) continue;
    budgets_[row] = static_cast<std::int32_t>(record % num_budgets);
  }
}

std::size_t FirstRecords::budget(std::size_t row) const noexcept {
  if (!budgets_.empty() && budgets_[row] != kNoRecord) {
    return static_cast<std::size_t>(budgets_[row]);
  }
  std::size_t budget = 0;
  while (budget + 1 < index_.budgets().size() && index_.run_count(row, budget) == 0) ++budget;
  return budget;
}

std::vector<std::int32_t> FirstRecords::rows() const {
  if (index_.order().empty()) {
    const std::vector<std::uint32_t> by_hash = rows_by_hash(index_);
    return {by_hash.begin(), by_hash.end()};
  }
  std::vector<std::int32_t> rows;
  rows.reserve(index_.num_rows());
  std::vector<bool> seen(index_.num_rows());
  for (const std::uint32_t record : index_.order()) {
    const std::size_t row = record / index_.budgets().size();
    if (row >= index_.num_rows() || seen[row]) continue;
    seen[row] = true;
    rows.push_back(static_cast<std::int32_t>(row));
  }
  return rows;
}

}  // namespace nb101
