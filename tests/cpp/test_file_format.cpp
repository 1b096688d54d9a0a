#include <doctest.h>

#include "nb101/error.hpp"
#include "nb101/file_format.hpp"

namespace nb101 {
namespace {

// A file with one budget and two sections. One section has 64 bytes, and the other is constant.
struct SampleFile {
  Directory directory;
  std::vector<std::uint8_t> contents = std::vector<std::uint8_t>(64, 7);

  SampleFile() {
    directory.header.num_cells = 1;
    directory.budgets = {{108, 3}};
    SectionEntry stored{SectionKind::hashes, ElementType::u8};
    stored.offset = 192;
    stored.bytes = contents.size();
    directory.sections = {stored, {SectionKind::run_counts, ElementType::u16}};
    directory.header.file_bytes = stored.offset + stored.bytes;
  }

  std::vector<std::uint8_t> bytes() {
    std::vector<std::uint8_t> file = write_directory(directory);
    file.resize(192);
    file.insert(file.end(), contents.begin(), contents.end());
    return file;
  }
};

void check_refused(SampleFile file, const std::string& message) {
  CHECK_THROWS_WITH_AS(read_directory(file.bytes(), "f"), message.c_str(), FormatError);
}

}  // namespace

TEST_CASE("a directory is read as it was written") {
  SampleFile file;
  const Directory read = read_directory(file.bytes(), "f");
  CHECK(read.header.file_bytes == 256);
  CHECK(read.header.header_bytes == 152);
  REQUIRE(read.budgets.size() == 1);
  CHECK(read.budgets[0].epochs == 108);
  REQUIRE(read.sections.size() == 2);
  CHECK(read.sections[0].offset == 192);
  CHECK_FALSE(read.sections[0].is_constant());
  CHECK(read.sections[1].is_constant());
}

TEST_CASE("each wrong field has its own message") {
  SampleFile file;
  file.directory.header.magic[1] = 'X';
  check_refused(file,
                "f: byte 0: not a nb101fast index: its first 8 bytes are not \\x89NB101\\r\\n");
  file = {};
  file.directory.header.version = 3;
  check_refused(file, "f: byte 8: format version 3; this program reads the versions 1 to 2");
  file = {};
  file.directory.header.version = 1;
  file.directory.sections[1].type = ElementType::ticks;
  check_refused(
      file, "f: byte 112: section run counts at budget number 0: it has an unknown element type");
  file = {};
  file.directory.header.file_bytes = 255;
  check_refused(file, "f: byte 16: the file has 256 bytes, but its header says 255");
  file = {};
  file.directory.header.denominator = 65535;
  check_refused(file, "f: byte 48: denominator 65535 is above 65534");
  file = {};
  file.directory.sections[0].offset = 200;
  check_refused(file, "f: byte 72: section hashes: it is not aligned to 64 bytes");
  file = {};
  file.directory.sections[0].offset = 64;
  check_refused(file, "f: byte 72: section hashes: it lies outside the file");
  file = {};
  file.directory.sections[0].bytes = 65;
  check_refused(file, "f: byte 72: section hashes: it lies outside the file");
  file = {};
  file.directory.sections[0].bytes = ~std::uint64_t{0};
  check_refused(file, "f: byte 72: section hashes: it lies outside the file");
  file = {};
  file.directory.sections[0].kind = SectionKind{0};
  check_refused(file, "f: byte 72: section unknown: kind 0 is unknown");
  file = {};
  file.directory.sections[0].kind = SectionKind{9};
  check_refused(file, "f: byte 72: section unknown: kind 9 is unknown");
  file = {};
  file.directory.sections[0].type = ElementType{10};
  check_refused(file, "f: byte 72: section hashes: it has an unknown element type");
  file = {};
  file.directory.sections[0].metric = Metric{8};
  check_refused(file, "f: byte 72: section hashes: it has an unknown metric");
  file = {};
  file.directory.sections[0].stage = Stage{3};
  check_refused(file, "f: byte 72: section hashes: it has an unknown stage");
  file = {};
  file.directory.sections[0].type = ElementType::digest;
  file.directory.sections[0].bytes = 63;
  check_refused(file, "f: byte 72: section hashes: it holds a part of an element");
  file = {};
  file.directory.sections[1].bytes = 2;
  check_refused(file,
                "f: byte 112: section run counts at budget number 0: a constant section holds "
                "bytes or has elements of more than 8 bytes");
}

TEST_CASE("every flipped bit of the directory is noticed") {
  std::vector<std::uint8_t> file = SampleFile().bytes();
  for (std::size_t bit = 0; bit < 8 * 152; ++bit) {
    file[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_THROWS_AS(read_directory(file, "f"), FormatError);
    file[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST_CASE("a file that is cut anywhere is refused") {
  const std::vector<std::uint8_t> file = SampleFile().bytes();
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK_THROWS_AS(read_directory(Bytes(file).first(size), "f"), FormatError);
  }
}

}  // namespace nb101
