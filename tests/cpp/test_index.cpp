#include <doctest.h>

#include <system_error>

#include "nb101/error.hpp"
#include "nb101/index.hpp"
#include "sample_runs.hpp"

namespace nb101 {
namespace {

std::vector<std::uint8_t> sample_index() {
  const TemporaryFolder folder;
  write_sample_index(folder.file("i.nb101"), sample_runs());
  return read_file(folder.file("i.nb101"));
}

// Reads everything that a view offers.
double sum_of_everything(const IndexView& index) {
  double sum = 0;
  for (std::size_t budget = 0; budget < index.budgets().size(); ++budget) {
    for (std::size_t row = 0; row < index.num_rows(); ++row) {
      for (std::uint32_t repeat = 0; repeat < index.run_count(row, budget); ++repeat) {
        for (int metric = 0; metric < kNumMetrics; ++metric) {
          sum += index.column(static_cast<Metric>(metric), Stage::final, budget, repeat)[row];
        }
      }
      sum += index.row_of(index.cell_id(row)) == row ? 1 : 0;
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("an index returns every value of every run exactly") {
  const TemporaryFolder folder;
  const std::vector<Run> runs = sample_runs();
  const auto [summary, written] = write_sample_index(folder.file("i.nb101"), runs);
  CHECK(folder.num_files() == 1);
  CHECK(summary.cells == 6);
  CHECK(summary.runs == 35);
  CHECK(summary.missing_runs == 1);
  CHECK(written.denominator == 9984);
  CHECK(written.wide_columns.empty());

  const IndexFile file(folder.file("i.nb101"), Verify::full);
  const IndexView& index = file.view();
  CHECK(index.header().file_bytes == written.bytes);
  CHECK(index.provenance() == R"({"made":"by a test"})");
  REQUIRE(index.budgets().size() == 2);
  CHECK(index.budgets()[1].epochs == 12);
  CHECK(index.budgets()[1].repeats == 3);
  CHECK(index.run_count(5, 0) == 3);
  CHECK(index.run_count(5, 1) == 2);
  CHECK_FALSE(index.is_complete());

  std::size_t run = 0;
  for (std::size_t row = 0; row < index.num_rows(); ++row) {
    for (std::size_t budget = 0; budget < 2; ++budget) {
      for (std::size_t repeat = 0; repeat < index.run_count(row, budget); ++repeat, ++run) {
        REQUIRE(runs[run].cell_id == index.cell_id(row));
        for (int metric = 0; metric < kNumMetrics; ++metric) {
          for (int stage = 0; stage < kNumStages; ++stage) {
            const auto m = static_cast<Metric>(metric);
            const auto s = static_cast<Stage>(stage);
            REQUIRE(index.column(m, s, budget, repeat)[row] == value_of(runs[run], m, s));
          }
        }
      }
    }
  }
  CHECK(run == runs.size());
}

TEST_CASE("the cells and hashes of an index are found, and others are not") {
  const std::vector<std::uint8_t> bytes = sample_index();
  const IndexView index(bytes, "i", Verify::full);
  const auto official = SearchSpace::instance().hashes();
  std::vector<std::int32_t> expected;
  for (std::int32_t id = 0; id < kNumCells; ++id) {
    expected.push_back(index.row_of(id).has_value() ? id : kNoCell);
  }
  for (const int threads : {1, 3}) {
    std::vector<std::int32_t> ids(official.size());
    index.find(official, ids.data(), threads);
    CHECK(ids == expected);
  }
  CHECK(index.row_of(5) == 1);
  CHECK_FALSE(index.row_of(6).has_value());
  CHECK_FALSE(index.row_of(kNoCell).has_value());
  CHECK_FALSE(index.row_of(kNumCells).has_value());
}

TEST_CASE("checksums notice every flipped byte, and an unverified index is safe to read") {
  std::vector<std::uint8_t> bytes = sample_index();
  int opened = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] ^= 0x81;
    REQUIRE_THROWS_AS(IndexView(bytes, "i", Verify::sections), FormatError);
    try {
      const IndexView index(bytes, "i", Verify::header);
      std::int32_t id = 0;
      index.find(SearchSpace::instance().hashes().first(1), &id, 1);
      CHECK(sum_of_everything(index) != 0);
      ++opened;
    } catch (const FormatError&) {
    }
    bytes[at] ^= 0x81;
  }
  CHECK(opened > 100);
}

TEST_CASE("a file that is cut short, empty, missing or a folder is refused") {
  const TemporaryFolder folder;
  const std::vector<std::uint8_t> bytes = sample_index();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{63}, bytes.size() / 2, bytes.size() - 1}) {
    write_file(folder.file("cut"), Bytes(bytes).first(size));
    CHECK_THROWS_AS(IndexFile(folder.file("cut"), Verify::header), FormatError);
  }
  CHECK_THROWS_AS(IndexFile(folder.file("missing"), Verify::header), std::system_error);
  CHECK_THROWS_AS(IndexFile(folder.file(""), Verify::header), std::system_error);
}

TEST_CASE("an open index stays readable when its file is replaced, which Windows refuses") {
  const TemporaryFolder folder;
  const std::string path = folder.file("i.nb101");
  write_sample_index(path, sample_runs());
  const IndexFile before(path, Verify::header);
  const double sum = sum_of_everything(before.view());
  std::vector<Run> fewer = sample_runs();
  fewer.resize(6);
#ifdef _WIN32
  CHECK_THROWS_AS(write_sample_index(path, fewer), std::system_error);
#else
  write_sample_index(path, fewer);
  CHECK(IndexFile(path, Verify::full).view().num_rows() == 1);
#endif
  CHECK(sum_of_everything(before.view()) == sum);
}

}  // namespace nb101
