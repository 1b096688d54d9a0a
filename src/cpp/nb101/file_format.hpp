// The layout of the index file. docs/format.md describes it in words.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nb101/label.hpp"
#include "nb101/metrics.hpp"

namespace nb101 {

inline constexpr std::array<std::uint8_t, 8> kIndexMagic = {0x89, 'N', 'B',  '1',
                                                            '0',  '1', '\r', '\n'};
inline constexpr std::uint32_t kIndexVersion = 3;        // of a file with own columns
inline constexpr std::uint32_t kPlainIndexVersion = 2;   // of a file without own columns
inline constexpr std::uint32_t kOldestIndexVersion = 1;  // it has no ticks
inline constexpr std::uint64_t kSectionAlignment = 64;
inline constexpr std::uint32_t kMaxDenominator = 65534;  // a count has 16 bits and is not 65535
inline constexpr std::uint16_t kNoRunCount = 65535;      // stands where a row has no run
inline constexpr std::uint32_t kMaxBudgets = 65535;      // a position among them has 16 bits
inline constexpr std::uint32_t kMaxRepeats = 65534;      // a run count has 16 bits too

struct FileHeader {
  std::array<std::uint8_t, 8> magic = kIndexMagic;
  std::uint32_t version = kPlainIndexVersion;
  std::uint32_t header_crc = 0;  // CRC-32C of the first header_bytes bytes, with 0 in this field
  std::uint64_t file_bytes = 0;
  std::uint32_t header_bytes = 0;  // the size of this header, the budgets and the directory
  std::uint32_t num_cells = 0;
  std::uint64_t num_runs = 0;
  std::uint32_t num_budgets = 0;
  std::uint32_t num_sections = 0;
  std::uint32_t denominator = 0;  // a count is divided by it; 0 if the file has no counts
  std::uint32_t reserved[3] = {};
};
static_assert(sizeof(FileHeader) == 64);

struct Budget {
  std::uint32_t epochs = 0;
  std::uint32_t repeats = 0;  // the greatest number of repeats of a cell
};
static_assert(sizeof(Budget) == 8);

enum class SectionKind : std::uint8_t {
  provenance = 1,  // JSON, UTF-8
  cells,           // the cell ids of the rows, ascending; left out if the file has all cells
  hashes,          // the official hashes, by row
  pilots,          // the pilots of the perfect hash
  slots,           // the row in each slot of the perfect hash
  run_counts,      // how many runs each row has at a budget
  column,          // one metric of one repeat at a budget, by row
  order,           // row * num_budgets + budget of each record; left out in the official order
  labels,          // the labels of the own columns; left out if there are none
  own_column,      // one value of each row; the n-th of these sections has the n-th label
};
inline constexpr int kNumSectionKinds = 10;

enum class ElementType : std::uint8_t {
  bytes = 0,
  u8,
  u16,
  u32,
  i32,
  f32,
  f64,
  counts,  // accuracies: u16, to be divided by the header's denominator
  digest,
  ticks,  // times: 40 bits, as Ticks in exact.hpp
  label,
};

constexpr std::size_t element_size(ElementType type) noexcept {
  constexpr std::size_t kSizes[] = {1, 1, 2, 4, 4, 4, 8, 2, 16, 5, sizeof(Label)};
  return kSizes[static_cast<std::size_t>(type)];
}
inline constexpr int kNumElementTypes = 11;
inline constexpr std::array<std::string_view, kNumElementTypes> kElementTypeNames = {
    "bytes", "u8", "u16", "u32", "i32", "f32", "f64", "counts", "digest", "ticks", "label"};

struct SectionEntry {
  SectionKind kind{};
  ElementType type{};
  Metric metric{};           // only columns have one
  Stage stage{};             // only columns of staged metrics have one
  std::uint16_t budget = 0;  // the position among the budgets; only run counts and columns have one
  std::uint16_t repeat = 0;  // only columns have one
  std::uint32_t crc = 0;
  std::uint32_t reserved = 0;
  std::uint64_t offset = 0;  // 0 means that every element is `constant` and no bytes are stored
  std::uint64_t bytes = 0;
  std::array<std::uint8_t, 8> constant{};

  bool is_constant() const noexcept { return offset == 0; }
};
static_assert(sizeof(SectionEntry) == 40);

struct Directory {
  FileHeader header;
  std::vector<Budget> budgets;
  std::vector<SectionEntry> sections;
};

// Returns the size of the header, the budgets and the directory.
constexpr std::uint64_t directory_size(const FileHeader& header) noexcept {
  return sizeof(FileHeader) + std::uint64_t{header.num_budgets} * sizeof(Budget) +
         std::uint64_t{header.num_sections} * sizeof(SectionEntry);
}

// Returns whether a section belongs to the own columns.
constexpr bool is_own(const SectionEntry& section) noexcept {
  return section.kind >= SectionKind::labels;
}

constexpr std::uint64_t align_section(std::uint64_t offset) noexcept {
  return (offset + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

std::string describe(const SectionEntry& section);  // names the section in an error

}  // namespace nb101
