// A file that is there whole or not at all: written beside its place, synced, renamed into it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "nb101/bytes.hpp"

namespace nb101 {

class AtomicFile {
 public:
  // Makes the temporary, and removes those in the folder whose writers died. Throws
  // std::system_error that names the target.
  explicit AtomicFile(std::string path);
  ~AtomicFile();  // without commit(): nothing is left behind
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::string& temporary() const noexcept { return temporary_; }

  void write(Bytes bytes);
  void seek(std::uint64_t offset);
  void read(std::uint8_t* to, std::size_t size);

  // Sync, rename, sync of the folder: then the new file outlives a crash of the machine too.
  void commit();

  [[noreturn]] void fail(int error) const;

 private:
  bool create();

  std::string path_;
  std::string temporary_;
  std::FILE* file_ = nullptr;
};

}  // namespace nb101
