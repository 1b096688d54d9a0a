#include "nb101/file_format.hpp"

namespace nb101 {
namespace {

constexpr std::string_view kKindNames[] = {"unknown", "provenance", "cells",      "hashes",
                                           "pilots",  "slots",      "run counts", "column",
                                           "order",   "labels",     "own column"};
static_assert(std::size(kKindNames) == kNumSectionKinds + 1);

}  // namespace

std::string describe(const SectionEntry& section) {
  const auto kind = static_cast<std::size_t>(section.kind);
  std::string text = "section " + std::string(kKindNames[kind < std::size(kKindNames) ? kind : 0]);
  if (section.kind == SectionKind::column && static_cast<int>(section.metric) < kNumMetrics) {
    text += " " + std::string(name(section.metric));
    if (is_staged(section.metric) && static_cast<int>(section.stage) < kNumStages) {
      text += " " + std::string(name(section.stage));
    }
    text += " of repeat " + std::to_string(section.repeat);
  }
  if (section.kind == SectionKind::column || section.kind == SectionKind::run_counts) {
    text += " at budget number " + std::to_string(section.budget);
  }
  return text;
}

}  // namespace nb101
