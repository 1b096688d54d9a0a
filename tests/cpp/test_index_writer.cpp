#include <doctest.h>

#include "sample_runs.hpp"

namespace nb101 {

TEST_CASE("a file has a byte for each cell and repeat, even if all its columns are constant") {
  RunTable table;
  std::vector<Run> runs;
  constexpr std::int32_t kCells = 3000;
  constexpr int kRepeats = 30;
  Run run = sample_runs().front();
  for (std::int32_t id = 0; id < kCells; ++id) {
    run.cell_id = id;
    run.graph = SearchSpace::instance().codes()[static_cast<std::size_t>(id)];
    runs.insert(runs.end(), kRepeats, run);
  }
  table.append(runs);
  const TemporaryFolder folder;
  const WrittenIndex written =
      IndexAssembly(table).write(folder.file("i"), R"({"made":"by a test"})", 9984);
  CHECK(written.bytes >= std::uint64_t{kCells} * kRepeats);
  const IndexFile file(folder.file("i"), Verify::full);
  CHECK(file.view().header().file_bytes == written.bytes);
}

}  // namespace nb101
