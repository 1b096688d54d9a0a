// Writes an index file, section by section, as an atomic file.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nb101/atomic_file.hpp"
#include "nb101/directory.hpp"

namespace nb101 {

// A value of each row. The values are f32 or f64, and NaN where the cell has none.
struct OwnColumn {
  Label label;
  ElementType type = ElementType::f32;
  Bytes values;
};

// Returns how many sections own columns have.
inline std::size_t num_sections_of(std::span<const OwnColumn> columns) noexcept {
  return columns.empty() ? 0 : 1 + columns.size();
}

class IndexWriter {
 public:
  // Leaves room for a directory of `num_sections` sections. Throws std::system_error if the file
  // cannot be written.
  IndexWriter(std::string path, std::vector<Budget> budgets, std::size_t num_sections);

  FileHeader& header() noexcept { return directory_.header; }

  // Writes the contents and adds the entry with their place and checksum. Equal contents are stored
  // once. The other function adds a section whose elements all equal *element.
  void add(SectionEntry section, Bytes contents);
  void add_constant(SectionEntry section, const void* element);

  // Adds a section of another file with its checksum, so that damage stays known. The sections of
  // that file must not overlap, unless they are the same bytes.
  void copy(SectionEntry section, Bytes file);
  // Adds the sections of all own columns, if there are any.
  void add_own_columns(std::span<const OwnColumn> columns);

  // Writes the directory, syncs the file and renames it to its path. If this is not called, no file
  // remains. Returns the size of the file in bytes. A file of many constant columns gets zeros at
  // its end, because a reader takes the size of the file as a bound of cells times repeats, and of
  // cells times own columns.
  std::uint64_t commit();

 private:
  void write(Bytes bytes);
  void pad_to(std::uint64_t position);
  void append(SectionEntry section, Bytes contents);
  bool is_stored_at(std::uint64_t offset, Bytes contents);

  AtomicFile file_;
  Directory directory_;
  std::size_t num_sections_;
  std::uint64_t position_ = 0;
  // Maps the checksum and the size of the contents written so far to their offset.
  std::multimap<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> stored_;
  std::map<std::uint64_t, std::uint64_t> copied_;  // from the offset in the other file
  std::uint64_t num_own_columns_ = 0;
};

}  // namespace nb101
