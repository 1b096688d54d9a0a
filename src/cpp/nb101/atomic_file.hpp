// An atomic file appears at its path only when it is complete. It is written under a temporary name
// in the same folder, synced to disk and then renamed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "nb101/bytes.hpp"

namespace nb101 {

class AtomicFile {
 public:
  // Creates the temporary file. Also removes temporary files in the folder that crashed writers
  // left. If `path` is a symbolic link and follows_links is true, the file at the end of the link
  // is replaced and the link stays. If follows_links is false, the link itself is replaced. Throws
  // std::system_error with the path, and NotRegularError if a device, a pipe, a socket or a folder
  // has this name.
  explicit AtomicFile(std::string path, bool follows_links = true);
  ~AtomicFile();  // removes the temporary file if commit() was not called
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  std::string temporary() const;  // the name of the temporary file

  // These throw std::logic_error after commit().
  void write(Bytes bytes);
  void seek(std::uint64_t offset);
  void read(std::uint8_t* to, std::size_t size);

  // Syncs the file, renames it and syncs the folder. Once this returns, the new file survives a
  // crash of the machine.
  void commit();

  // They throw std::system_error with the path.
  [[noreturn]] void fail(std::error_code error) const;
  [[noreturn]] void fail(int error) const { fail({error, std::generic_category()}); }

 private:
  void check_open() const;
  bool create();

  std::string path_;
  std::filesystem::path target_;  // the name that the file gets
  std::filesystem::path temporary_;
  std::FILE* file_ = nullptr;
};

}  // namespace nb101
