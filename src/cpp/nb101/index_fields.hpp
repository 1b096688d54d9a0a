// The fields of an index file: what each of them may hold, and the level of verification that
// checks it. The files `directory` and `index` check what these tables say. docs/format.md shows
// the tables, and a test compares them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "nb101/bytes.hpp"
#include "nb101/file_format.hpp"

namespace nb101 {

// How much is checked when an index is opened. `header` checks the header, the directory and the
// labels, `sections` also the checksums of all sections and which runs there are, and `full` also
// the other contents.
enum class Verify { header, sections, full };

// A budget or an entry whose fields are checked, by its number. The header is checked before the
// budgets, and these before the entries.
struct FieldPlace {
  const Directory& directory;
  Bytes file;
  std::size_t number = 0;
  std::uint64_t repeats_before = 0;  // the repeats of all budgets before this one

  const FileHeader& header() const noexcept { return directory.header; }
  const Budget& budget() const noexcept { return directory.budgets[number]; }
  const SectionEntry& entry() const noexcept { return directory.sections[number]; }
};

// A field of the header, of a budget or of a directory entry.
struct IndexField {
  std::string_view name;
  std::string_view type;
  std::size_t offset;     // in the header, the budget or the entry
  std::size_t size;       // in bytes
  std::string_view rule;  // what is allowed; it completes "it must be"
  bool (*is_allowed)(const FieldPlace&);
};

// The fields that are checked at level `header`, in the order of the checks.
std::span<const IndexField> header_fields() noexcept;
std::span<const IndexField> budget_fields() noexcept;
std::span<const IndexField> entry_fields() noexcept;

// The field of an entry that is checked at level `sections`.
const IndexField& checksum_field() noexcept;

// How many elements a section has.
enum class SectionLength { any, rows, at_least_rows, runs };

// The elements of a kind of section. The columns of each metric are a kind of their own.
struct SectionField {
  std::string_view name;
  std::span<const ElementType> types;
  SectionLength length;
  bool may_be_constant;
  std::string_view rule;        // what is allowed in the elements
  Verify level = Verify::full;  // at which the elements are checked
};

std::span<const SectionField> section_fields() noexcept;

// Returns the field of a section whose kind and metric are known.
const SectionField& section_field(const SectionEntry& entry) noexcept;

}  // namespace nb101
