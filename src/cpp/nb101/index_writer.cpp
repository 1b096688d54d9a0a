#include "nb101/index_writer.hpp"

#include <cerrno>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <system_error>

#include "nb101/crc32c.hpp"

#ifdef _WIN32
#include <io.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace nb101 {
namespace {

// Beside the target, so that the rename stays within one file system; of a name that is short
// whatever the target's is.
std::string temporary_name(const std::string& path) {
  const std::string name = ".nb101fast." + std::to_string(std::random_device{}()) + ".tmp";
  return (std::filesystem::path(path).parent_path() / name).string();
}

bool sync(std::FILE* file) {
#ifdef _WIN32
  return std::fflush(file) == 0 && _commit(_fileno(file)) == 0;
#else
  return std::fflush(file) == 0 && ::fsync(::fileno(file)) == 0;
#endif
}

void sync_folder([[maybe_unused]] const std::string& path) {
#ifndef _WIN32  // a rename lasts only when its folder is on disk
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
#endif
}

bool seek(std::FILE* file, std::uint64_t offset) {
#ifdef _WIN32
  return _fseeki64(file, static_cast<long long>(offset), SEEK_SET) == 0;
#else
  return ::fseeko(file, static_cast<off_t>(offset), SEEK_SET) == 0;
#endif
}

}  // namespace

IndexWriter::IndexWriter(std::string path, std::vector<Budget> budgets, std::size_t num_sections)
    : path_(std::move(path)), temporary_(temporary_name(path_)), num_sections_(num_sections) {
  directory_.budgets = std::move(budgets);
  file_ = std::fopen(temporary_.c_str(), "w+bx");
  if (!file_) fail();
  position_ = sizeof(FileHeader) + directory_.budgets.size() * sizeof(Budget) +
              num_sections_ * sizeof(SectionEntry);
  if (!seek(file_, position_)) fail();
}

IndexWriter::~IndexWriter() {
  if (!file_) return;
  std::fclose(file_);
  std::remove(temporary_.c_str());
}

void IndexWriter::fail() const {
  throw std::system_error(errno, std::generic_category(), path_);
}

void IndexWriter::write(Bytes bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail();
  position_ += bytes.size();
}

void IndexWriter::pad_to_section() {
  constexpr std::array<std::uint8_t, kSectionAlignment> kZeros{};
  write(Bytes(kZeros).first(align_section(position_) - position_));
}

bool IndexWriter::is_stored_at(std::uint64_t offset, Bytes contents) {
  std::vector<std::uint8_t> stored(contents.size());
  if (!seek(file_, offset)) fail();
  if (std::fread(stored.data(), 1, stored.size(), file_) != stored.size()) fail();
  if (!seek(file_, position_)) fail();
  return std::equal(stored.begin(), stored.end(), contents.begin());
}

void IndexWriter::add(SectionEntry section, Bytes contents) {
  section.crc = crc32c(contents);
  section.bytes = contents.size();
  const auto [first, last] = stored_.equal_range({section.crc, section.bytes});
  for (auto known = first; known != last; ++known) {
    if (!is_stored_at(known->second, contents)) continue;
    section.offset = known->second;
    directory_.sections.push_back(section);
    return;
  }
  pad_to_section();
  section.offset = position_;
  stored_.emplace(std::pair(section.crc, section.bytes), section.offset);
  directory_.sections.push_back(section);
  write(contents);
}

void IndexWriter::add_constant(SectionEntry section, const void* element) {
  std::memcpy(section.constant.data(), element, element_size(section.type));
  directory_.sections.push_back(section);
}

std::uint64_t IndexWriter::commit() {
  if (directory_.sections.size() != num_sections_) {
    throw std::logic_error("an index of another number of sections than was announced");
  }
  directory_.header.file_bytes = position_;
  const std::vector<std::uint8_t> front = write_directory(directory_);
  if (!seek(file_, 0)) fail();
  if (std::fwrite(front.data(), 1, front.size(), file_) != front.size() || !sync(file_)) fail();
  if (std::fclose(std::exchange(file_, nullptr)) != 0) fail();
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  if (error) {
    std::remove(temporary_.c_str());
    throw std::system_error(error, path_);
  }
  sync_folder(path_);
  return position_;
}

}  // namespace nb101
