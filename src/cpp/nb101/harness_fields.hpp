// The fields that the training harness adds to a run's ModelMetrics: what a sweep must know of the
// run when it starts again, and where the run's time went. They are declared here and nowhere else.
// The official reader skips them, as protobuf asks of fields that a reader does not know.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

namespace nb101 {

struct HarnessFields {
  std::uint64_t repeat = 0;
  std::uint64_t seed = 0;
  std::uint64_t attempts = 0;
  double compile_seconds = 0;
  double step_seconds = 0;
  double evaluation_seconds = 0;
};

struct HarnessField {
  using Integer = std::uint64_t HarnessFields::*;  // a protobuf uint64
  using Seconds = double HarnessFields::*;         // a protobuf double

  std::uint32_t number;
  std::string_view name;
  std::variant<Integer, Seconds> member;
  std::string_view meaning;
};

// The official fields of ModelMetrics are 1 to 3; the numbers in between are left to its authors.
inline constexpr std::uint32_t kFirstHarnessField = 101;
inline constexpr std::array<HarnessField, 6> kHarnessFields = {{
    {101, "repeat", &HarnessFields::repeat,
     "which of the runs of its cell and budget it is, counted from 0"},
    {102, "seed", &HarnessFields::seed, "the seed of the attempt that succeeded"},
    {103, "attempts", &HarnessFields::attempts,
     "how many attempts were begun, the one that succeeded included"},
    {104, "compile_seconds", &HarnessFields::compile_seconds,
     "how long the cell's training program took to compile"},
    {105, "step_seconds", &HarnessFields::step_seconds, "how long the training steps took"},
    {106, "evaluation_seconds", &HarnessFields::evaluation_seconds,
     "how long the evaluations took"},
}};

constexpr bool are_consecutive(const std::array<HarnessField, 6>& fields) noexcept {
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i].number != kFirstHarnessField + i) return false;
  }
  return true;
}
static_assert(are_consecutive(kHarnessFields), "a field is found by its number, as an index");

}  // namespace nb101
