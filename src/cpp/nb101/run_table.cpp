#include "nb101/run_table.hpp"

#include <atomic>

#include "nb101/index.hpp"
#include "nb101/parallel.hpp"
#include "nb101/record_order.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {

void RunTable::reserve(std::size_t runs) {
  columns_.cell_ids.reserve(runs);
  columns_.graphs.reserve(runs);
  columns_.epochs.reserve(runs);
  for (ExactColumn& column : columns_.metrics) column.reserve(runs);
}

// Each thread takes whole columns, so that a column's dictionary stays in the cache of one
// processor.
void RunTable::append(std::span<const Run> runs, int threads) {
  constexpr std::size_t kGraphSlot = column_slot(Metric::graph, Stage::start);
  const std::uint64_t first = size();
  const auto append_column = [&](std::size_t slot) {
    if (slot == kGraphSlot) {
      for (const Run& run : runs) {
        columns_.cell_ids.push_back(run.cell_id);
        columns_.graphs.push_back(run.graph);
      }
      columns_.epochs.append(runs.size(),
                             [&](std::size_t i) { return static_cast<double>(runs[i].epochs); });
      return;
    }
    const ColumnName name = column_at(slot);
    ExactColumn& column = columns_.metrics[slot];
    if (is_staged(name.metric)) {  // looks up the field once and not for each run
      const auto stage = static_cast<std::size_t>(name.stage);
      const auto field = kStagedFields[static_cast<std::size_t>(name.metric)];
      column.append(runs.size(),
                    [&](std::size_t i) { return runs[i].metrics.evaluations[stage].*field; });
    } else {
      column.append(runs.size(),
                    [&](std::size_t i) { return value_of(runs[i], name.metric, name.stage); });
    }
  };
  std::atomic<std::size_t> next{0};
  parallel_for(
      kNumColumns, threads,
      [&](std::size_t, std::size_t) {
        while (true) {
          const std::size_t slot = next.fetch_add(1, std::memory_order_relaxed);
          if (slot >= kNumColumns) return;
          append_column(slot);
        }
      },
      1);
  for (std::size_t i = 0; i < runs.size(); ++i) findings_.inspect(runs[i], first + i);
}

void RunTable::append_index(const IndexView& index) {
  constexpr std::size_t kBlock = 4096;
  RecordOrder order(index);
  std::vector<Run> runs;
  while (const auto place = order.next()) {
    runs.push_back(index.run(place->row, place->budget, place->repeat));
    if (runs.size() < kBlock) continue;
    append(runs);
    runs.clear();
  }
  append(runs);
}

}  // namespace nb101
