// Writes an index file, section by section, as an atomic file.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nb101/atomic_file.hpp"
#include "nb101/file_format.hpp"

namespace nb101 {

class IndexWriter {
 public:
  // `num_sections` reserves the directory's place. Throws std::system_error.
  IndexWriter(std::string path, std::vector<Budget> budgets, std::size_t num_sections);

  FileHeader& header() noexcept { return directory_.header; }

  // Sets the entry's place and checksum. Equal contents are stored once.
  void add(SectionEntry section, Bytes contents);
  void add_constant(SectionEntry section, const void* element);

  // Directory, sync, rename; without it nothing is left behind. Returns the file's bytes.
  std::uint64_t commit();

 private:
  void write(Bytes bytes);
  void pad_to_section();
  bool is_stored_at(std::uint64_t offset, Bytes contents);

  AtomicFile file_;
  Directory directory_;
  std::size_t num_sections_;
  std::uint64_t position_ = 0;
  std::multimap<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> stored_;  // crc, size: at
};

}  // namespace nb101
