#include "nb101/file_format.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "nb101/crc32c.hpp"
#include "nb101/error.hpp"

namespace nb101 {
namespace {

constexpr std::string_view kKindNames[] = {"unknown", "provenance", "cells",  "hashes", "pilots",
                                           "slots",   "run counts", "column", "order"};
constexpr std::size_t kCrcOffset = offsetof(FileHeader, header_crc);

std::uint64_t directory_size(const FileHeader& header) noexcept {
  return sizeof(FileHeader) + std::uint64_t{header.num_budgets} * sizeof(Budget) +
         std::uint64_t{header.num_sections} * sizeof(SectionEntry);
}

std::uint32_t header_checksum(Bytes region) noexcept {
  constexpr std::array<std::uint8_t, 4> kZeros{};
  std::uint32_t crc = crc32c(region.first(kCrcOffset));
  crc = crc32c(kZeros, crc);
  return crc32c(region.subspan(kCrcOffset + kZeros.size()), crc);
}

void check_header(const FileHeader& header, Bytes file, const std::string& source) {
  if (header.magic != kIndexMagic) {
    throw FormatError(source, 0,
                      "not a nb101fast index: its first 8 bytes are not \\x89NB101\\r\\n");
  }
  if (header.version < kOldestIndexVersion || header.version > kIndexVersion) {
    throw FormatError(
        source, offsetof(FileHeader, version),
        "format version " + std::to_string(header.version) + "; this program reads the versions " +
            std::to_string(kOldestIndexVersion) + " to " + std::to_string(kIndexVersion));
  }
  if (header.file_bytes != file.size()) {
    throw FormatError(source, offsetof(FileHeader, file_bytes),
                      "the file has " + std::to_string(file.size()) +
                          " bytes, but its header says " + std::to_string(header.file_bytes));
  }
  if (header.header_bytes != directory_size(header) || header.header_bytes > file.size()) {
    throw FormatError(source, offsetof(FileHeader, header_bytes),
                      "a header of " + std::to_string(header.header_bytes) +
                          " bytes doesn't fit its counts or the file");
  }
  if (header_checksum(file.first(header.header_bytes)) != header.header_crc) {
    throw FormatError(source, kCrcOffset, "the header's checksum is wrong");
  }
  if (header.denominator > kMaxDenominator) {
    throw FormatError(source, offsetof(FileHeader, denominator),
                      "denominator " + std::to_string(header.denominator) + " is above " +
                          std::to_string(kMaxDenominator));
  }
}

void check_entry(const SectionEntry& section, const FileHeader& header, std::uint64_t at,
                 const std::string& source) {
  const auto fail = [&](const std::string& what) {
    throw FormatError(source, at, describe(section) + ": " + what);
  };
  const auto kind = static_cast<std::size_t>(section.kind);
  if (kind == 0 || kind >= std::size(kKindNames)) {
    fail("kind " + std::to_string(kind) + " is unknown");
  }
  if (static_cast<int>(section.type) >= kNumElementTypes ||
      (section.type == ElementType::ticks && header.version < 2)) {
    fail("it has an unknown element type");
  }
  if (static_cast<int>(section.metric) >= kNumMetrics) fail("it has an unknown metric");
  if (static_cast<int>(section.stage) >= kNumStages) fail("it has an unknown stage");
  if (section.is_constant()) {
    if (section.bytes != 0 || element_size(section.type) > section.constant.size()) {
      fail("a constant section holds bytes or has elements of more than 8 bytes");
    }
    return;
  }
  if (section.offset % kSectionAlignment != 0) fail("it is not aligned to 64 bytes");
  if (section.offset < header.header_bytes || section.offset > header.file_bytes ||
      section.bytes > header.file_bytes - section.offset) {
    fail("it lies outside the file");
  }
  if (section.bytes % element_size(section.type) != 0) fail("it holds a part of an element");
}

template <class T>
std::vector<T> read_array(Bytes file, std::size_t offset, std::size_t count) {
  std::vector<T> values(count);
  if (count) std::memcpy(values.data(), file.data() + offset, count * sizeof(T));
  return values;
}

}  // namespace

std::string describe(const SectionEntry& section) {
  const auto kind = static_cast<std::size_t>(section.kind);
  std::string text = "section " + std::string(kKindNames[kind < std::size(kKindNames) ? kind : 0]);
  if (section.kind == SectionKind::column && static_cast<int>(section.metric) < kNumMetrics) {
    text += " " + std::string(name(section.metric));
    if (is_staged(section.metric) && static_cast<int>(section.stage) < kNumStages) {
      text += " " + std::string(name(section.stage));
    }
    text += " of repeat " + std::to_string(section.repeat);
  }
  if (section.kind == SectionKind::column || section.kind == SectionKind::run_counts) {
    text += " at budget number " + std::to_string(section.budget);
  }
  return text;
}

Directory read_directory(Bytes file, const std::string& source) {
  if (file.size() < sizeof(FileHeader)) {
    throw FormatError(source, file.size(), "the file ends within the header of a nb101fast index");
  }
  Directory directory;
  directory.header = load<FileHeader>(file.data());
  const FileHeader& header = directory.header;
  check_header(header, file, source);
  std::size_t at = sizeof(FileHeader);
  directory.budgets = read_array<Budget>(file, at, header.num_budgets);
  at += directory.budgets.size() * sizeof(Budget);
  directory.sections = read_array<SectionEntry>(file, at, header.num_sections);
  for (const SectionEntry& section : directory.sections) {
    check_entry(section, header, at, source);
    at += sizeof(SectionEntry);
  }
  return directory;
}

std::vector<std::uint8_t> write_directory(Directory& directory) {
  FileHeader& header = directory.header;
  header.num_budgets = static_cast<std::uint32_t>(directory.budgets.size());
  header.num_sections = static_cast<std::uint32_t>(directory.sections.size());
  header.header_bytes = static_cast<std::uint32_t>(directory_size(header));
  header.header_crc = 0;
  std::vector<std::uint8_t> bytes(header.header_bytes);
  const std::size_t budget_bytes = directory.budgets.size() * sizeof(Budget);
  store(bytes.data(), header);
  if (budget_bytes) {
    std::memcpy(bytes.data() + sizeof(FileHeader), directory.budgets.data(), budget_bytes);
  }
  std::memcpy(bytes.data() + sizeof(FileHeader) + budget_bytes, directory.sections.data(),
              directory.sections.size() * sizeof(SectionEntry));
  header.header_crc = crc32c(bytes);
  store(bytes.data() + kCrcOffset, header.header_crc);
  return bytes;
}

void check_sections(const Directory& directory, Bytes file, const std::string& source) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> used = {{0, directory.header.header_bytes}};
  for (const SectionEntry& section : directory.sections) {
    if (section.is_constant()) continue;
    if (crc32c(file.subspan(section.offset, section.bytes)) != section.crc) {
      throw FormatError(source, section.offset, describe(section) + ": its checksum is wrong");
    }
    used.emplace_back(section.offset, section.offset + section.bytes);
  }
  std::ranges::sort(used);
  used.emplace_back(file.size(), file.size());
  std::uint64_t end = 0;
  for (const auto& [begin, next_end] : used) {
    for (std::uint64_t at = end; at < begin; ++at) {
      if (file[at] != 0) throw FormatError(source, at, "a byte between two sections is not 0");
    }
    end = std::max(end, next_end);
  }
}

}  // namespace nb101
