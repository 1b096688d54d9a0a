#include "nb101/file_format.hpp"

#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

constexpr std::string_view kKindNames[] = {"unknown", "provenance", "cells",      "hashes",
                                           "pilots",  "slots",      "run counts", "column",
                                           "order",   "labels",     "own column"};
static_assert(std::size(kKindNames) == kNumSectionKinds + 1);

}  // namespace

std::string describe(const SectionEntry& section) {
  const auto kind = static_cast<std::size_t>(section.kind);
  std::string text = sentence("section ", kKindNames[kind < std::size(kKindNames) ? kind : 0]);
  if (section.kind == SectionKind::column && static_cast<int>(section.metric) < kNumMetrics) {
    text += sentence(" ", name(section.metric));
    if (is_staged(section.metric) && static_cast<int>(section.stage) < kNumStages) {
      text += sentence(" ", name(section.stage));
    }
    text += sentence(" of repeat ", section.repeat);
  }
  if (section.kind == SectionKind::column || section.kind == SectionKind::run_counts) {
    text += sentence(" at budget number ", section.budget);
  }
  return text;
}

}  // namespace nb101
