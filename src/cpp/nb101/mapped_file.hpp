// A whole file that is mapped for reading. Processes that map the same file share its memory.
#pragma once

#include <string>

#include "nb101/bytes.hpp"

namespace nb101 {

class MappedFile {
 public:
  // Throws NotRegularError or std::system_error if the file cannot be opened. An empty file has no
  // bytes. The descriptor is closed at once, but the mapping stays valid even when a rename
  // replaces the file.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Bytes bytes() const noexcept { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace nb101
