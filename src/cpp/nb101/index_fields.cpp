#include "nb101/index_fields.hpp"

#include <algorithm>
#include <array>

#include "nb101/crc32c.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {
namespace {

// ---------------------------------------------------------------- header

constexpr std::size_t kCrcOffset = offsetof(FileHeader, header_crc);
// Provenance, hashes, pilots, slots and run counts, and the columns of one repeat.
constexpr std::uint32_t kLeastSections = 5 + kNumColumns;

std::uint32_t header_checksum(Bytes region) noexcept {
  constexpr std::array<std::uint8_t, 4> kZeros{};
  std::uint32_t crc = crc32c(region.first(kCrcOffset));
  crc = crc32c(kZeros, crc);
  return crc32c(region.subspan(kCrcOffset + kZeros.size()), crc);
}

bool is_version(std::uint32_t version) noexcept {
  return version >= kOldestIndexVersion && version <= kIndexVersion;
}

constexpr IndexField kHeaderFields[] = {
    {"magic of a nb101fast index", "8 bytes", offsetof(FileHeader, magic), 8,
     "89 4E 42 31 30 31 0D 0A",
     [](const FieldPlace& at) { return at.header().magic == kIndexMagic; }},
    {"format version", "u32", offsetof(FileHeader, version), 4,
     "1 to 3, the versions that this program reads",
     [](const FieldPlace& at) { return is_version(at.header().version); }},
    {"stated size of the file", "u64", offsetof(FileHeader, file_bytes), 8,
     "the size that the file has",
     [](const FieldPlace& at) { return at.header().file_bytes == at.file.size(); }},
    {"size of the directory's part", "u32", offsetof(FileHeader, header_bytes), 4,
     "64, plus 8 for each budget, plus 40 for each section; and at most the size of the file",
     [](const FieldPlace& at) {
       return at.header().header_bytes == directory_size(at.header()) &&
              at.header().header_bytes <= at.file.size();
     }},
    {"checksum of the directory's part", "u32", kCrcOffset, 4,
     "the CRC-32C of the header, the budgets and the directory, with 0 in this field",
     [](const FieldPlace& at) {
       return at.header().header_crc == header_checksum(at.file.first(at.header().header_bytes));
     }},
    {"number of cells", "u32", offsetof(FileHeader, num_cells), 4, "1 to 423,624",
     [](const FieldPlace& at) {
       return at.header().num_cells >= 1 &&
              at.header().num_cells <= static_cast<std::uint32_t>(kNumCells);
     }},
    {"number of runs", "u64", offsetof(FileHeader, num_runs), 8,
     "1 to the size of the file in bytes",
     [](const FieldPlace& at) {
       return at.header().num_runs >= 1 && at.header().num_runs <= at.file.size();
     }},
    {"number of budgets", "u32", offsetof(FileHeader, num_budgets), 4, "1 to 65,535",
     [](const FieldPlace& at) {
       return at.header().num_budgets >= 1 && at.header().num_budgets <= kMaxBudgets;
     }},
    {"number of sections", "u32", offsetof(FileHeader, num_sections), 4, "at least 23",
     [](const FieldPlace& at) { return at.header().num_sections >= kLeastSections; }},
    {"denominator", "u32", offsetof(FileHeader, denominator), 4,
     "at most 65,534, and not 0 if a column holds counts",
     [](const FieldPlace& at) { return at.header().denominator <= kMaxDenominator; }},
    {"reserved bytes of the header", "12 bytes", offsetof(FileHeader, reserved), 12, "0",
     [](const FieldPlace& at) {
       return std::ranges::all_of(at.header().reserved, [](auto word) { return word == 0; });
     }},
};

// ---------------------------------------------------------------- budgets

constexpr IndexField kBudgetFields[] = {
    {"epochs", "u32", offsetof(Budget, epochs), 4,
     "1 or more, and above those of the budget before",
     [](const FieldPlace& at) {
       const std::uint32_t before = at.number ? at.directory.budgets[at.number - 1].epochs : 0;
       return at.budget().epochs > before;
     }},
    {"repeats", "u32", offsetof(Budget, repeats), 4,
     "1 to 65,534; and the repeats of all budgets times the cells are at most the size of the file "
     "in bytes",
     [](const FieldPlace& at) {
       const std::uint64_t repeats = at.repeats_before + at.budget().repeats;
       return at.budget().repeats >= 1 && at.budget().repeats <= kMaxRepeats &&
              repeats * at.header().num_cells <= at.file.size();
     }},
};

// ---------------------------------------------------------------- sections

constexpr ElementType kBytes[] = {ElementType::bytes};
constexpr ElementType kU16[] = {ElementType::u16};
constexpr ElementType kU32[] = {ElementType::u32};
constexpr ElementType kI32[] = {ElementType::i32};
constexpr ElementType kLabel[] = {ElementType::label};
constexpr ElementType kFloats[] = {ElementType::f32, ElementType::f64};
constexpr ElementType kDigest[] = {ElementType::digest};
constexpr ElementType kAccuracies[] = {ElementType::counts, ElementType::f32, ElementType::f64};
constexpr ElementType kTimes[] = {ElementType::f32, ElementType::ticks, ElementType::f64};

constexpr std::string_view kAccuracyRule =
    "0 to 1, or counted in the findings; and NaN, or the count 65,535, where no run is";
constexpr std::string_view kTimeRule =
    "0 to 10^9 s and not below the stage before, or counted in the findings; and NaN, or the ticks "
    "2^40 - 1, where no run is";

// The columns come last, in the order of the metrics.
constexpr SectionField kSectionFields[] = {
    {"provenance", kBytes, SectionLength::any, false,
     "a JSON object in UTF-8, whose findings count the unusual values of the runs"},
    {"cells", kI32, SectionLength::rows, false, "ids from 0 to 423,623, ascending",
     Verify::sections},
    {"hashes", kDigest, SectionLength::rows, false, "the official hash of each row's cell"},
    {"pilots", kU16, SectionLength::any, false, "such that the perfect hash finds each row"},
    {"slots", kI32, SectionLength::at_least_rows, false, "each row once, and -1 in all others"},
    {"run counts", kU16, SectionLength::rows, true,
     "0 to the repeats of the budget, and exactly these for at least one cell; all counts add up "
     "to "
     "the number of runs",
     Verify::sections},
    {"order", kU32, SectionLength::runs, false, "each row and budget as many times as it has runs",
     Verify::sections},
    {"labels", kLabel, SectionLength::any, false, kLabelRule, Verify::header},
    {"own column", kFloats, SectionLength::rows, true,
     "finite; and NaN where the cell has no value"},
    {"train_accuracy", kAccuracies, SectionLength::rows, true, kAccuracyRule},
    {"validation_accuracy", kAccuracies, SectionLength::rows, true, kAccuracyRule},
    {"test_accuracy", kAccuracies, SectionLength::rows, true, kAccuracyRule},
    {"training_time", kTimes, SectionLength::rows, true, kTimeRule},
    {"current_epoch", kFloats, SectionLength::rows, true,
     "finite and 0 or more, or counted in the findings; and NaN where no run is"},
    {"total_time", kTimes, SectionLength::rows, true,
     "0 to 10^9 s, or counted in the findings; and NaN, or the ticks 2^40 - 1, where no run is"},
    {"trainable_parameters", kI32, SectionLength::rows, true,
     "those of the cell, or counted in the findings; and 0 where no run is"},
    {"graph", kU32, SectionLength::rows, true,
     "the code of a pruned graph of the cell; and 0 where no run is"},
};
constexpr std::size_t kFirstColumn = std::size(kSectionFields) - kNumMetrics;

// ---------------------------------------------------------------- directory entries

bool is_column(const SectionEntry& entry) noexcept { return entry.kind == SectionKind::column; }

bool is_of_a_budget(const SectionEntry& entry) noexcept {
  return is_column(entry) || entry.kind == SectionKind::run_counts;
}

bool has_type(const FieldPlace& at) noexcept {
  const SectionEntry& entry = at.entry();
  if (entry.type == ElementType::ticks && at.header().version < 2) return false;
  if (entry.type == ElementType::counts && at.header().denominator == 0) return false;
  return std::ranges::find(section_field(entry).types, entry.type) !=
         section_field(entry).types.end();
}

bool has_offset(const FieldPlace& at) noexcept {
  const SectionEntry& entry = at.entry();
  if (entry.is_constant()) return section_field(entry).may_be_constant;
  return entry.offset % kSectionAlignment == 0 && entry.offset >= at.header().header_bytes &&
         entry.offset <= at.file.size();
}

bool has_length(std::uint64_t elements, SectionLength length, const FileHeader& header) noexcept {
  switch (length) {
    case SectionLength::rows:
      return elements == header.num_cells;
    case SectionLength::at_least_rows:
      return elements >= header.num_cells;
    case SectionLength::runs:
      return elements == header.num_runs;
    case SectionLength::any:
      break;
  }
  return elements > 0;
}

bool has_size(const FieldPlace& at) noexcept {
  const SectionEntry& entry = at.entry();
  if (entry.is_constant()) return entry.bytes == 0;
  return entry.bytes <= at.file.size() - entry.offset &&
         entry.bytes % element_size(entry.type) == 0 &&
         has_length(entry.bytes / element_size(entry.type), section_field(entry).length,
                    at.header());
}

bool has_constant(const FieldPlace& at) noexcept {
  const SectionEntry& entry = at.entry();
  const auto used = static_cast<std::ptrdiff_t>(entry.is_constant() ? element_size(entry.type) : 0);
  return std::all_of(entry.constant.begin() + used, entry.constant.end(),
                     [](auto byte) { return byte == 0; });
}

constexpr IndexField kEntryFields[] = {
    {"kind", "u8", offsetof(SectionEntry, kind), 1, "1 to 10, of which 9 and 10 need version 3",
     [](const FieldPlace& at) {
       const auto kind = static_cast<int>(at.entry().kind);
       return kind >= 1 && kind <= kNumSectionKinds &&
              (!is_own(at.entry()) || at.header().version >= 3);
     }},
    {"metric", "u8", offsetof(SectionEntry, metric), 1, "0 to 7 for a column, and 0 for others",
     [](const FieldPlace& at) {
       return static_cast<int>(at.entry().metric) < (is_column(at.entry()) ? kNumMetrics : 1);
     }},
    {"stage", "u8", offsetof(SectionEntry, stage), 1,
     "0 to 2 for a column of metric 0 to 4, and 0 for others",
     [](const FieldPlace& at) {
       const bool is_one_of_three = is_column(at.entry()) && is_staged(at.entry().metric);
       return static_cast<int>(at.entry().stage) < (is_one_of_three ? kNumStages : 1);
     }},
    {"position of the budget", "u16", offsetof(SectionEntry, budget), 2,
     "below the number of budgets for run counts and columns, and 0 for others",
     [](const FieldPlace& at) {
       return at.entry().budget < (is_of_a_budget(at.entry()) ? at.header().num_budgets : 1);
     }},
    {"repeat", "u16", offsetof(SectionEntry, repeat), 2,
     "below the repeats of the budget for a column, and 0 for others",
     [](const FieldPlace& at) {
       const SectionEntry& entry = at.entry();
       return entry.repeat < (is_column(entry) ? at.directory.budgets[entry.budget].repeats : 1);
     }},
    {"element type", "u8", offsetof(SectionEntry, type), 1,
     "one that its section may have; ticks need version 2, and counts a denominator", has_type},
    {"reserved bytes", "u32", offsetof(SectionEntry, reserved), 4, "0",
     [](const FieldPlace& at) { return at.entry().reserved == 0; }},
    {"offset", "u64", offsetof(SectionEntry, offset), 8,
     "a multiple of 64 between the directory and the end of the file; or, for run counts, columns "
     "and own columns, 0, which means a constant",
     has_offset},
    {"size", "u64", offsetof(SectionEntry, bytes), 8,
     "the number of the section's elements times their size, within the file; or 0 for a constant",
     has_size},
    {"constant", "8 bytes", offsetof(SectionEntry, constant), 8,
     "0 in the bytes after the element; and 0 in all bytes if the section is not a constant",
     has_constant},
};

constexpr IndexField kChecksumField = {
    "checksum",
    "u32",
    offsetof(SectionEntry, crc),
    4,
    "the CRC-32C of the section's bytes, which is 0 for a constant",
    [](const FieldPlace& at) {
      const SectionEntry& entry = at.entry();
      return entry.crc == crc32c(at.file.subspan(entry.offset, entry.bytes));
    }};

}  // namespace

std::span<const IndexField> header_fields() noexcept { return kHeaderFields; }
std::span<const IndexField> budget_fields() noexcept { return kBudgetFields; }
std::span<const IndexField> entry_fields() noexcept { return kEntryFields; }
const IndexField& checksum_field() noexcept { return kChecksumField; }
std::span<const SectionField> section_fields() noexcept { return kSectionFields; }

const SectionField& section_field(const SectionEntry& entry) noexcept {
  if (is_column(entry))
    return kSectionFields[kFirstColumn + static_cast<std::size_t>(entry.metric)];
  // The kinds are numbered from 1, and that of the columns is left out.
  const auto kind = static_cast<std::size_t>(entry.kind);
  return kSectionFields[kind - (entry.kind > SectionKind::column ? 2 : 1)];
}

}  // namespace nb101
