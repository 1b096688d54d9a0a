// The index file, byte by byte: docs/format.md says the same in words.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/metrics.hpp"

namespace nb101 {

inline constexpr std::array<std::uint8_t, 8> kIndexMagic = {0x89, 'N', 'B',  '1',
                                                            '0',  '1', '\r', '\n'};
inline constexpr std::uint32_t kIndexVersion = 1;
inline constexpr std::uint64_t kSectionAlignment = 64;
inline constexpr std::uint32_t kMaxDenominator = 65534;  // counts are 16-bit, 65535 is no run
inline constexpr std::uint16_t kNoRunCount = 65535;

struct FileHeader {
  std::array<std::uint8_t, 8> magic = kIndexMagic;
  std::uint32_t version = kIndexVersion;
  std::uint32_t header_crc = 0;  // of header_bytes bytes, this field taken as 0
  std::uint64_t file_bytes = 0;
  std::uint32_t header_bytes = 0;  // this header, the budgets and the directory
  std::uint32_t num_cells = 0;
  std::uint64_t num_runs = 0;
  std::uint32_t num_budgets = 0;
  std::uint32_t num_sections = 0;
  std::uint32_t denominator = 0;  // of counts; 0 where there are none
  std::uint32_t reserved[3] = {};
};
static_assert(sizeof(FileHeader) == 64);

struct Budget {
  std::uint32_t epochs = 0;
  std::uint32_t repeats = 0;  // the most that any cell has
};
static_assert(sizeof(Budget) == 8);

enum class SectionKind : std::uint8_t {
  provenance = 1,  // JSON, UTF-8
  cells,           // ids present, ascending; absent where all are
  hashes,          // official hashes, by row
  pilots,          // of the perfect hash
  slots,           // its rows
  run_counts,      // runs of each row at a budget
  column,          // one metric of one repeat at a budget, by row
  order,           // of records, row * num_budgets + budget; absent where it is the official one
};

enum class ElementType : std::uint8_t { bytes = 0, u8, u16, u32, i32, f32, f64, counts, digest };

constexpr std::size_t element_size(ElementType type) noexcept {
  constexpr std::size_t kSizes[] = {1, 1, 2, 4, 4, 4, 8, 2, 16};
  return kSizes[static_cast<std::size_t>(type)];
}
inline constexpr int kNumElementTypes = 9;

struct SectionEntry {
  SectionKind kind{};
  ElementType type{};
  Metric metric{};           // of a column
  Stage stage{};             // of a staged metric's column
  std::uint16_t budget = 0;  // position among the budgets, of run counts and columns
  std::uint16_t repeat = 0;  // of a column
  std::uint32_t crc = 0;
  std::uint32_t reserved = 0;
  std::uint64_t offset = 0;  // 0: every element is `constant`, and nothing is stored
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

constexpr std::uint64_t align_section(std::uint64_t offset) noexcept {
  return (offset + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

std::string describe(const SectionEntry& section);

// Header, budgets and directory of a file, checked against each other and the file's size.
// Throws FormatError.
Directory read_directory(Bytes file, const std::string& source);

// Fills in header_bytes and header_crc. The inverse of read_directory.
std::vector<std::uint8_t> write_directory(Directory& directory);

// Every section's checksum, and zeros between the sections. Throws FormatError.
void check_sections(const Directory& directory, Bytes file, const std::string& source);

}  // namespace nb101
