// Tries any bytes as an index file. They must be refused with a FormatError, or be safe to use in
// every way. The bytes are tried as they are and with a repaired header, so that more get past it.
#include <bit>
#include <cstddef>
#include <string>
#include <vector>

#include "nb101/crc32c.hpp"
#include "nb101/error.hpp"
#include "nb101/first_records.hpp"
#include "nb101/index.hpp"
#include "nb101/record_writer.hpp"
#include "nb101/run_table.hpp"

namespace nb101 {
namespace {

volatile double sink;

void use(const IndexView& index) {
  constexpr std::size_t kFewRows = 64;
  double sum = 0;
  const std::size_t rows = std::min(index.num_rows(), kFewRows);
  for (std::size_t budget = 0; budget < index.budgets().size(); ++budget) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::uint32_t repeat = 0; repeat < index.run_count(row, budget); ++repeat) {
        for (int metric = 0; metric < kNumMetrics; ++metric) {
          const Column& column =
              index.column(static_cast<Metric>(metric), Stage::final, budget, repeat);
          sum += column[row] + column[index.num_rows() - 1];
        }
      }
      sum += index.series(Metric::test_accuracy, Stage::halfway, budget).mean(row);
    }
  }
  for (std::size_t number = 0; number < index.labels().size(); ++number) {
    for (std::size_t row = 0; row < rows; ++row) sum += index.own_series(number).mean(row);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    sum += static_cast<double>(index.row_of(index.cell_id(row)).value_or(0));
  }
  std::vector<std::int32_t> ids(rows);
  index.find(index.hashes().first(rows), ids.data(), 1);
  index.find(SearchSpace::instance().hashes().first(rows), ids.data(), 1);
  for (const char c : index.provenance()) sum += c;
  for (const std::uint32_t record : index.order()) sum += record;
  for (const SectionEntry& section : index.sections()) {
    sum += static_cast<double>(describe(section).size());
  }
  sink = sum;
}

// The order and the graphs of an unverified file may be wrong, which is noticed only by what reads
// whole runs.
template <class ReadRuns>
void attempt(ReadRuns read_runs) {
  try {
    read_runs();
  } catch (const FormatError&) {
  }
}

void read_runs(const IndexView& index) {
  attempt([&] {
    RecordWriter writer(index);
    for (int part = 0; part < 4; ++part) writer.next(16, 1);
  });
  attempt([&] { RunTable().append_index(index); });
  attempt([&] { sink = static_cast<double>(index.findings().odd_times.count); });
  sink = static_cast<double>(FirstRecords(index).rows().size());
}

void open(Bytes file) {
  for (const Verify verify : {Verify::header, Verify::sections, Verify::full}) {
    try {
      const IndexView index(file, "fuzz", verify);
      use(index);
      read_runs(index);
    } catch (const FormatError&) {
      return;  // the next levels refuse the file too
    }
  }
}

// Sets the sizes and checksums to the right values if the file is large enough for them.
void mend(std::vector<std::uint8_t>& file) {
  if (file.size() < sizeof(FileHeader)) return;
  auto header = load<FileHeader>(file.data());
  header.magic = kIndexMagic;
  header.version = kIndexVersion;
  header.file_bytes = file.size();
  header.denominator %= kMaxDenominator + 1;
  const std::uint64_t sections_at =
      sizeof(FileHeader) + std::uint64_t{header.num_budgets} * sizeof(Budget);
  const std::uint64_t end = sections_at + std::uint64_t{header.num_sections} * sizeof(SectionEntry);
  if (end > file.size()) return;
  header.header_bytes = static_cast<std::uint32_t>(end);
  for (std::uint64_t at = sections_at; at < end; at += sizeof(SectionEntry)) {
    auto section = load<SectionEntry>(file.data() + at);
    if (section.offset > file.size() || section.bytes > file.size() - section.offset) continue;
    section.crc = crc32c(Bytes(file).subspan(section.offset, section.bytes));
    store(file.data() + at, section);
  }
  header.header_crc = 0;
  store(file.data(), header);
  header.header_crc = crc32c(Bytes(file).first(end));
  store(file.data(), header);
}

}  // namespace
}  // namespace nb101

// All hashes are computed beforehand, so that no input's time includes them.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  nb101::SearchSpace::instance().hashes();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> file(data, data + size);  // aligned, as a mapped file is
  nb101::open(file);
  nb101::mend(file);
  nb101::open(file);
  return 0;
}
