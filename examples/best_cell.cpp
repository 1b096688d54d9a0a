// Prints the cell of an index that has the best mean test accuracy at the last budget.
//
//     best_cell INDEX
#include <cstdint>
#include <exception>
#include <iostream>

#include "nb101/objective.hpp"

namespace {

std::int32_t best_of(const nb101::IndexView& index, const nb101::Objective& value) {
  std::int32_t best = index.cell_id(0);
  float highest = 0.0F;
  for (std::size_t row = 0; row < index.num_rows(); ++row) {
    const std::int32_t cell = index.cell_id(row);
    if (value(cell) > highest) {  // never where the value is missing, NaN
      best = cell;
      highest = value(cell);
    }
  }
  return best;
}

void print_best(const char* path) {
  const nb101::IndexFile file(path, nb101::Verify::header);
  const nb101::IndexView& index = file.view();
  const std::size_t last = index.budgets().size() - 1;
  const nb101::Series accuracies =
      index.series(nb101::Metric::test_accuracy, nb101::Stage::final, last);
  const nb101::Objective accuracy(index, accuracies, {nb101::Repeat::Kind::mean});
  const std::int32_t best = best_of(index, accuracy);
  const nb101::SearchSpace& space = nb101::SearchSpace::instance();
  std::cout << "cell " << best << ", " << nb101::to_hex(space.hash(best)) << ": test accuracy "
            << accuracy(best) << " after " << index.budgets()[last].epochs << " epochs\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: best_cell INDEX\n";
    return 2;
  }
  try {
    print_best(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "best_cell: " << error.what() << '\n';
    return 1;
  }
}
