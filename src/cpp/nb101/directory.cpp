#include "nb101/directory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "nb101/crc32c.hpp"
#include "nb101/error.hpp"
#include "nb101/index_fields.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

// Returns the value of a field as a number, or as hexadecimal bytes if its type is no number.
std::string shown(const IndexField& field, Bytes value) {
  if (field.type.front() == 'u') {
    std::uint64_t number = 0;
    std::memcpy(&number, value.data(), value.size());
    return std::to_string(number);
  }
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const std::uint8_t byte : value) {
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// `at` is where the fields start in the file, and what `whose()` returns comes before their names
// in errors.
template <class Whose>
void check_fields(std::span<const IndexField> fields, const FieldPlace& place, std::uint64_t at,
                  Whose whose, const std::string& source) {
  for (const IndexField& field : fields) {
    if (field.is_allowed(place)) continue;
    throw FormatError(source, at + field.offset,
                      sentence(whose(), "the ", field.name, " is ",
                               shown(field, place.file.subspan(at + field.offset, field.size)),
                               "; it must be ", field.rule));
  }
}

void check_budgets(const Directory& directory, Bytes file, const std::string& source) {
  FieldPlace place{directory, file};
  std::uint64_t at = sizeof(FileHeader);
  for (const Budget& budget : directory.budgets) {
    const auto whose = [&] { return sentence("budget number ", place.number, ": "); };
    check_fields(budget_fields(), place, at, whose, source);
    place.repeats_before += budget.repeats;
    ++place.number;
    at += sizeof(Budget);
  }
}

void check_entries(const Directory& directory, Bytes file, const std::string& source) {
  FieldPlace place{directory, file};
  std::uint64_t at = sizeof(FileHeader) + directory.budgets.size() * sizeof(Budget);
  for (const SectionEntry& entry : directory.sections) {
    check_fields(
        entry_fields(), place, at, [&] { return sentence(describe(entry), ": "); }, source);
    ++place.number;
    at += sizeof(SectionEntry);
  }
}

// Errors name the place of the section and not of its checksum, because the section is larger and
// so more likely to be damaged.
void check_checksums(const Directory& directory, Bytes file, const std::string& source) {
  FieldPlace place{directory, file};
  for (const SectionEntry& entry : directory.sections) {
    if (!checksum_field().is_allowed(place)) {
      throw FormatError(source, entry.offset, sentence(describe(entry), ": its checksum is wrong"));
    }
    ++place.number;
  }
}

template <class T>
std::vector<T> read_array(Bytes file, std::size_t offset, std::size_t count) {
  std::vector<T> values(count);
  if (count) std::memcpy(values.data(), file.data() + offset, count * sizeof(T));
  return values;
}

}  // namespace

Directory read_directory(Bytes file, const std::string& source) {
  if (file.size() < sizeof(FileHeader)) {
    throw FormatError(source, file.size(),
                      "the file ends within the header of a nb101fast index, which has 64 bytes");
  }
  Directory directory;
  const FileHeader& header = directory.header;
  directory.header = load<FileHeader>(file.data());
  const auto whose = [&] { return sentence("in a file of ", file.size(), " bytes, "); };
  check_fields(header_fields(), {directory, file}, 0, whose, source);
  directory.budgets = read_array<Budget>(file, sizeof(FileHeader), header.num_budgets);
  directory.sections = read_array<SectionEntry>(
      file, sizeof(FileHeader) + header.num_budgets * sizeof(Budget), header.num_sections);
  check_budgets(directory, file, source);
  check_entries(directory, file, source);
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
  store(bytes.data() + offsetof(FileHeader, header_crc), header.header_crc);
  return bytes;
}

void check_sections(const Directory& directory, Bytes file, const std::string& source) {
  check_checksums(directory, file, source);
  std::vector<const SectionEntry*> stored;
  for (const SectionEntry& section : directory.sections) {
    if (!section.is_constant()) stored.push_back(&section);
  }
  std::ranges::sort(stored, [](const SectionEntry* a, const SectionEntry* b) {
    return std::pair(a->offset, a->bytes) < std::pair(b->offset, b->bytes);
  });
  std::uint64_t begin = 0;
  std::uint64_t end = directory.header.header_bytes;
  const auto check_zeros = [&](std::uint64_t next) {
    for (; end < next; ++end) {
      if (file[end] != 0) throw FormatError(source, end, "a byte between two sections is not 0");
    }
  };
  for (const SectionEntry* section : stored) {
    if (section->offset == begin && section->bytes == end - begin) continue;  // the same bytes
    if (section->offset < end) {
      throw FormatError(source, section->offset,
                        sentence(describe(*section), ": it overlaps with the section before it"));
    }
    check_zeros(section->offset);
    begin = section->offset;
    end = begin + section->bytes;
  }
  check_zeros(file.size());
}

}  // namespace nb101
