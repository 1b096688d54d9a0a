#include "nb101/front_steps.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "nb101/pareto.hpp"
#include "nb101/stop.hpp"

namespace nb101 {
namespace {

// Keeps the trainings that no other training of the run beats.
class GrowingFront {
 public:
  explicit GrowingFront(const ObjectiveValues& values)
      : values_(&values), corner_(values.size(), 1.0) {}

  bool join(const Trained& training) {
    const double* const told = values_->told(training.cell_id, training.repeat);
    const std::size_t length = values_->size();
    if (std::any_of(told, told + length, [](double value) { return std::isinf(value); })) {
      return false;
    }
    for (const Member& member : members_) {
      if (std::equal(member.told, member.told + length, told, std::less_equal<>())) return false;
    }
    std::erase_if(members_,
                  [&](const Member& member) { return dominates(told, member.told, length); });
    members_.push_back({told, training.cell_id});
    return true;
  }

  double hypervolume() const {
    std::vector<double> reported;
    for (const Member& member : members_) {
      const double* const of_cell = values_->reported(member.cell_id);
      reported.insert(reported.end(), of_cell, of_cell + values_->size());
    }
    return nb101::hypervolume({reported, values_->size()}, corner_);
  }

 private:
  struct Member {
    const double* told;
    std::int32_t cell_id;
  };

  const ObjectiveValues* values_;
  std::vector<double> corner_;
  std::vector<Member> members_;
};

}  // namespace

std::vector<FrontStep> front_steps(const ObjectiveValues& values, std::span<const Trained> run) {
  GrowingFront front(values);
  std::vector<FrontStep> steps;
  for (std::size_t number = 0; number < run.size(); ++number) {
    check_stop();
    if (front.join(run[number])) steps.push_back({number, front.hypervolume()});
  }
  return steps;
}

}  // namespace nb101
