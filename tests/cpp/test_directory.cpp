#include <doctest.h>

#include <cstddef>
#include <span>

#include "nb101/crc32c.hpp"
#include "nb101/directory.hpp"
#include "nb101/error.hpp"
#include "nb101/index_fields.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

// A small index that is valid until a part of its directory is changed.
struct SampleFile {
  std::vector<std::uint8_t> bytes;
  Directory directory;

  SampleFile() {
    const TemporaryFolder folder;
    write_sample_index(folder.file("i"), sample_runs());
    bytes = read_file(folder.file("i"));
    directory = read_directory(bytes, "f");
  }

  // Writes the changed directory, with the right checksum, over that of the file.
  std::vector<std::uint8_t> changed() {
    const std::vector<std::uint8_t> front = write_directory(directory);
    std::vector<std::uint8_t> file = bytes;
    std::ranges::copy(front, file.begin());
    return file;
  }

  SectionEntry& first_of(SectionKind kind) {
    return *std::ranges::find(directory.sections, kind, &SectionEntry::kind);
  }
};

void check_refused(SampleFile file, const std::string& message) {
  CHECK_THROWS_WITH_AS(read_directory(file.changed(), "f"), message.c_str(), FormatError);
}

std::string refusal_of(Bytes file) {
  try {
    read_directory(file, "f");
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

// Overwrites each field of a part of the file with bytes of 255, which none of them may hold.
void check_each_field(const SampleFile& sample, std::span<const IndexField> fields,
                      std::size_t at) {
  for (const IndexField& field : fields) {
    std::vector<std::uint8_t> file = sample.bytes;
    std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(at + field.offset), field.size, 0xff);
    const auto header_bytes = sample.directory.header.header_bytes;
    if (field.offset != offsetof(FileHeader, header_crc) || at > 0) {
      store(file.data() + offsetof(FileHeader, header_crc), std::uint32_t{0});
      store(file.data() + offsetof(FileHeader, header_crc),
            crc32c(Bytes(file).first(header_bytes)));
    }
    // The counts of budgets and sections are found wrong by the size of the directory.
    const bool is_count =
        field.name.starts_with("number of budgets") || field.name.starts_with("number of sections");
    const std::string name = is_count ? "size of the directory's part" : std::string(field.name);
    CHECK_MESSAGE(refusal_of(file).find("the " + name + " is ") != std::string::npos, field.name,
                  ": ", refusal_of(file));
  }
}

}  // namespace

TEST_CASE("a directory is read as it was written") {
  SampleFile file;
  CHECK(file.changed() == file.bytes);
  const Directory& read = file.directory;
  CHECK(read.header.file_bytes == file.bytes.size());
  CHECK(read.header.header_bytes == 64 + 2 * 8 + read.sections.size() * 40);
  REQUIRE(read.budgets.size() == 2);
  CHECK(read.budgets[1].epochs == 12);
  CHECK(file.first_of(SectionKind::hashes).offset > 0);
  CHECK(file.first_of(SectionKind::run_counts).is_constant());
}

TEST_CASE("each field of the tables is checked") {
  const SampleFile file;
  check_each_field(file, header_fields(), 0);
  check_each_field(file, budget_fields(), sizeof(FileHeader));
  const std::size_t entries = sizeof(FileHeader) + 2 * sizeof(Budget);
  for (std::size_t i = 0; i < file.directory.sections.size(); ++i) {
    if (file.directory.sections[i].is_constant()) continue;
    check_each_field(file, entry_fields(), entries + i * sizeof(SectionEntry));
  }
}

TEST_CASE("an error names the field, its value and what is allowed") {
  SampleFile file;
  const std::string size = std::to_string(file.bytes.size());
  file.directory.header.version = 4;
  check_refused(file, "f: byte 8: in a file of " + size +
                          " bytes, the format version is 4; it must be 1 to 3, the versions that "
                          "this program reads");
  file = {};
  file.directory.header.magic[1] = 'X';
  check_refused(file, "f: byte 0: in a file of " + size +
                          " bytes, the magic of a nb101fast index is 89 58 42 31 30 31 0D 0A; it "
                          "must be 89 4E 42 31 30 31 0D 0A");
  file = {};
  const std::string kinds = "it must be 1 to 10, of which 9 and 10 need version 3";
  file.directory.sections[0].kind = SectionKind{11};
  check_refused(file, "f: byte 80: section unknown: the kind is 11; " + kinds);
  file.directory.sections[0].kind = SectionKind::labels;
  check_refused(file, "f: byte 80: section labels: the kind is 9; " + kinds);
}

TEST_CASE("the fields of an entry are checked against each other") {
  const auto check = [](auto change, const std::string& name) {
    SampleFile file;
    change(file);
    CHECK(refusal_of(file.changed()).find("the " + name + " is ") != std::string::npos);
  };
  const auto hashes = [](SampleFile& file) -> SectionEntry& {
    return file.first_of(SectionKind::hashes);
  };
  const auto column = [](SampleFile& file) -> SectionEntry& {
    return file.first_of(SectionKind::column);
  };
  check([&](auto& file) { hashes(file).offset = 0; }, "offset");
  check([&](auto& file) { hashes(file).offset += 8; }, "offset");
  check([&](auto& file) { hashes(file).offset = 64; }, "offset");
  check([&](auto& file) { hashes(file).bytes -= 16; }, "size");
  check([&](auto& file) { hashes(file).bytes += 1; }, "size");
  check([&](auto& file) { hashes(file).metric = Metric{1}; }, "metric");
  check([&](auto& file) { hashes(file).repeat = 1; }, "repeat");
  check([&](auto& file) { hashes(file).budget = 1; }, "position of the budget");
  check([&](auto& file) { hashes(file).constant[0] = 1; }, "constant");
  check([&](auto& file) { column(file).repeat = 3; }, "repeat");
  check([&](auto& file) { column(file).type = ElementType::u16; }, "element type");
  check([&](auto& file) { file.directory.header.denominator = 0; }, "element type");
  check([&](auto& file) { file.directory.header.num_runs = file.bytes.size() + 1; },
        "number of runs");
  check([&](auto& file) { file.directory.budgets[1].repeats = 60'000; }, "repeats");
  check([&](auto& file) { file.first_of(SectionKind::run_counts).constant[2] = 1; }, "constant");
}

TEST_CASE("ticks need version 2") {
  SampleFile file;
  file.directory.header.version = 1;
  SectionEntry& time =
      *std::ranges::find(file.directory.sections, Metric::total_time, &SectionEntry::metric);
  time.type = ElementType::ticks;
  time.bytes = file.directory.header.num_cells * element_size(time.type);
  CHECK(refusal_of(file.changed()).find("the element type is 9") != std::string::npos);
  file.directory.header.version = 2;
  CHECK(refusal_of(file.changed()).empty());
}

TEST_CASE("sections that overlap are refused, unless they are the same bytes") {
  SampleFile file;
  SectionEntry& hashes = file.first_of(SectionKind::hashes);
  SectionEntry& pilots = file.first_of(SectionKind::pilots);
  pilots.offset = hashes.offset + 64;
  pilots.crc = crc32c(Bytes(file.bytes).subspan(pilots.offset, pilots.bytes));
  const std::vector<std::uint8_t> overlapping = file.changed();
  const std::string message = "f: byte " + std::to_string(pilots.offset) +
                              ": section pilots: it overlaps with the section before it";
  CHECK_THROWS_WITH_AS(check_sections(read_directory(overlapping, "f"), overlapping, "f"),
                       message.c_str(), FormatError);
}

TEST_CASE("every flipped bit of the directory is noticed") {
  const SampleFile sample;
  std::vector<std::uint8_t> file = sample.bytes;
  for (std::size_t bit = 0; bit < 8 * sample.directory.header.header_bytes; bit += 3) {
    file[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_THROWS_AS(read_directory(file, "f"), FormatError);
    file[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST_CASE("a file that is cut anywhere is refused") {
  const SampleFile sample;
  for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
    CHECK_THROWS_AS(read_directory(Bytes(sample.bytes).first(size), "f"), FormatError);
  }
}

}  // namespace nb101
