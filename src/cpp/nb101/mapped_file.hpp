// A whole file mapped for reading, shared with every other process that maps it.
#pragma once

#include <string>

#include "nb101/bytes.hpp"

namespace nb101 {

class MappedFile {
 public:
  // Throws std::system_error where the file can't be opened; an empty file maps to no bytes.
  // The descriptor is closed at once: the mapping outlives a replacement of the file by rename.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Bytes bytes() const noexcept { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace nb101
