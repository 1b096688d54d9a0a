#include "nb101/atomic_file.hpp"

#include <cerrno>
#include <random>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "nb101/regular_file.hpp"

#ifdef _WIN32
#include <io.h>
#else
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace nb101 {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".nb101fast.";
constexpr std::string_view kSuffix = ".tmp";

// The temporary file lies in the target's folder because a rename works within one file system
// only. Its name does not contain the target's, which may already have the greatest allowed length.
fs::path temporary_beside(const fs::path& target) {
  const std::string name =
      std::string(kPrefix) + std::to_string(std::random_device{}()) + std::string(kSuffix);
  return target.parent_path() / name;
}

bool sync(std::FILE* file) {
#ifdef _WIN32
  return std::fflush(file) == 0 && _commit(_fileno(file)) == 0;
#else
  return std::fflush(file) == 0 && ::fsync(::fileno(file)) == 0;
#endif
}

#ifdef _WIN32

std::FILE* create_new(const fs::path& path) { return ::_wfopen(path.c_str(), L"w+bx"); }
bool lock(std::FILE*) { return true; }  // Windows does not let others remove an open file
void sync_folder(const fs::path&) {}

void remove_if_abandoned(const fs::path& temporary) {
  std::error_code in_use;
  fs::remove(temporary, in_use);
}

#else

std::FILE* create_new(const fs::path& path) { return std::fopen(path.c_str(), "w+bx"); }

// The writer holds this lock, and the system frees it when the writer ends, even by a crash.
// Returns false if another process locked or removed the file first. On a file system without
// locks, nobody can lock it, so nobody takes it for abandoned.
bool lock(std::FILE* file) {
  struct stat status{};
  if (::flock(::fileno(file), LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  return ::fstat(::fileno(file), &status) == 0 && status.st_nlink > 0;
}

void sync_folder(const fs::path& path) {
  const fs::path folder = path.parent_path();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

void remove_if_abandoned(const fs::path& temporary) {
  // A pipe of this name must not make the writer wait, so it is opened without blocking.
  const int descriptor = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return;
  struct stat status{};
  const bool is_file = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  if (is_file && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) std::remove(temporary.c_str());
  ::close(descriptor);
}

#endif

// Removes the temporary files in the folder of `path` whose writers have ended without a commit.
void remove_abandoned(const fs::path& path) {
  const fs::path parent = path.parent_path();
  std::error_code ignored;
  for (fs::directory_iterator entry(parent.empty() ? "." : parent, ignored), end;
       !ignored && entry != end; entry.increment(ignored)) {
    const std::string name = name_of(entry->path().filename());
    if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) remove_if_abandoned(entry->path());
  }
}

}  // namespace

AtomicFile::AtomicFile(std::string path, bool follows_links) : path_(std::move(path)) {
  check_regular(path_, follows_links);
  target_ = path_of(follows_links ? end_of_links(path_) : path_);
  remove_abandoned(target_);
  while (!create()) {
  }
}

AtomicFile::~AtomicFile() {
  if (!file_) return;
  std::fclose(file_);  // first, because Windows does not remove an open file
  std::error_code already_removed;
  fs::remove(temporary_, already_removed);
}

std::string AtomicFile::temporary() const { return name_of(temporary_); }

// Returns false if another writer removed the new file as an abandoned one before it was locked.
bool AtomicFile::create() {
  temporary_ = temporary_beside(target_);
  file_ = create_new(temporary_);
  if (!file_) fail(errno);
  if (lock(file_)) return true;
  std::fclose(std::exchange(file_, nullptr));
  return false;
}

void AtomicFile::fail(std::error_code error) const { throw std::system_error(error, path_); }

void AtomicFile::check_open() const {
  if (!file_) throw std::logic_error("the file is committed already; make a new one");
}

void AtomicFile::write(Bytes bytes) {
  check_open();
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail(errno);
}

void AtomicFile::seek(std::uint64_t offset) {
  check_open();
#ifdef _WIN32
  if (_fseeki64(file_, static_cast<long long>(offset), SEEK_SET) != 0) fail(errno);
#else
  if (::fseeko(file_, static_cast<off_t>(offset), SEEK_SET) != 0) fail(errno);
#endif
}

void AtomicFile::read(std::uint8_t* to, std::size_t size) {
  check_open();
  if (std::fread(to, 1, size, file_) != size) fail(errno);
}

void AtomicFile::commit() {
  check_open();
  if (!sync(file_)) fail(errno);
#ifdef _WIN32  // Windows cannot rename an open file
  std::fclose(std::exchange(file_, nullptr));
#endif
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) {
    std::error_code ignored;
    fs::remove(temporary_, ignored);
    fail(error);
  }
  if (file_) std::fclose(std::exchange(file_, nullptr));
  sync_folder(target_);
}

}  // namespace nb101
