#include "nb101/mapped_file.hpp"

#include <system_error>

#include "nb101/regular_file.hpp"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace nb101 {

#ifdef _WIN32

namespace {
[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(static_cast<int>(GetLastError()), std::system_category(), path);
}
}  // namespace

MappedFile::MappedFile(const std::string& path) {
  check_regular(path);
  const HANDLE file =
      CreateFileW(path_of(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr,
                  OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) fail(path);
  LARGE_INTEGER size;
  const bool sized = GetFileSizeEx(file, &size);
  const HANDLE mapping = sized && size.QuadPart
                             ? CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr)
                             : nullptr;
  CloseHandle(file);
  if (sized && size.QuadPart == 0) return;
  if (!mapping) fail(path);
  const void* const view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
  CloseHandle(mapping);
  if (!view) fail(path);
  bytes_ = {static_cast<const std::uint8_t*>(view), static_cast<std::size_t>(size.QuadPart)};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) UnmapViewOfFile(bytes_.data());
}

#else

MappedFile::MappedFile(const std::string& path) {
  const auto fail = [&](int error) {
    throw std::system_error(error, std::generic_category(), path);
  };
  check_regular(path);
  // Since then a pipe may have taken the place of the file. It must not make this process wait.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail(errno);
  struct stat status{};
  int error = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  if (!error && !S_ISREG(status.st_mode)) error = EINVAL;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* view = nullptr;
  if (!error && size > 0) {
    view = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (view == MAP_FAILED) error = errno;
  }
  ::close(descriptor);
  if (error) fail(error);
  bytes_ = {static_cast<const std::uint8_t*>(view), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

#endif

}  // namespace nb101
