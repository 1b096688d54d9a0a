#include "nb101/index_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "nb101/crc32c.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {

IndexWriter::IndexWriter(std::string path, std::vector<Budget> budgets, std::size_t num_sections)
    : file_(std::move(path)), num_sections_(num_sections) {
  directory_.budgets = std::move(budgets);
  position_ = sizeof(FileHeader) + (directory_.budgets.size() * sizeof(Budget)) +
              (num_sections_ * sizeof(SectionEntry));
  file_.seek(position_);
}

void IndexWriter::write(Bytes bytes) {
  file_.write(bytes);
  position_ += bytes.size();
}

void IndexWriter::pad_to(std::uint64_t position) {
  constexpr std::array<std::uint8_t, 4096> kZeros{};
  while (position_ < position) {
    write(Bytes(kZeros).first(std::min<std::uint64_t>(kZeros.size(), position - position_)));
  }
}

bool IndexWriter::is_stored_at(std::uint64_t offset, Bytes contents) {
  std::vector<std::uint8_t> stored(contents.size());
  file_.seek(offset);
  file_.read(stored.data(), stored.size());
  file_.seek(position_);
  return std::ranges::equal(stored, contents);
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
  append(section, contents);
  stored_.emplace(std::pair(section.crc, section.bytes), directory_.sections.back().offset);
}

void IndexWriter::append(SectionEntry section, Bytes contents) {
  pad_to(align_section(position_));
  section.offset = position_;
  directory_.sections.push_back(section);
  write(contents);
}

void IndexWriter::copy(SectionEntry section, Bytes file) {
  if (section.is_constant()) {
    directory_.sections.push_back(section);
    return;
  }
  const auto [known, is_new] = copied_.try_emplace(section.offset);
  if (is_new) {
    append(section, file.subspan(section.offset, section.bytes));
    known->second = directory_.sections.back().offset;
    return;
  }
  section.offset = known->second;
  directory_.sections.push_back(section);
}

void IndexWriter::add_own_columns(std::span<const OwnColumn> columns) {
  if (columns.empty()) return;
  directory_.header.version = kIndexVersion;
  num_own_columns_ = columns.size();
  std::vector<Label> labels;
  for (const OwnColumn& column : columns) labels.push_back(column.label);
  add({SectionKind::labels, ElementType::label}, object_bytes(std::span<const Label>(labels)));
  for (const auto& [label, type, values] : columns) {
    const SectionEntry section{SectionKind::own_column, type};
    const auto size = static_cast<std::ptrdiff_t>(element_size(type));
    if (std::equal(values.begin() + size, values.end(), values.begin())) {
      add_constant(section, values.data());
    } else {
      add(section, values);
    }
  }
}

void IndexWriter::add_constant(SectionEntry section, const void* element) {
  std::memcpy(section.constant.data(), element, element_size(section.type));
  directory_.sections.push_back(section);
}

std::uint64_t IndexWriter::commit() {
  if (directory_.sections.size() != num_sections_) {
    throw std::logic_error(sentence("the index has ", directory_.sections.size(), " sections, but ",
                                    num_sections_, " were announced"));
  }
  std::uint64_t repeats = 0;
  for (const Budget& budget : directory_.budgets) repeats += budget.repeats;
  pad_to(std::max(repeats, num_own_columns_) * directory_.header.num_cells);
  directory_.header.file_bytes = position_;
  file_.seek(0);
  file_.write(write_directory(directory_));
  file_.commit();
  return position_;
}

}  // namespace nb101
