#include "nb101/own_columns.hpp"

#include <algorithm>

#include "nb101/stop.hpp"

namespace nb101 {

std::uint64_t write_with_own_columns(const IndexView& index, const std::string& path,
                                     std::span<const OwnColumn> columns) {
  const auto own = static_cast<std::size_t>(std::ranges::count_if(index.sections(), is_own));
  IndexWriter writer(path, index.budgets(),
                     index.sections().size() - own + num_sections_of(columns));
  writer.header().version = std::min(index.header().version, kPlainIndexVersion);
  writer.header().num_cells = index.header().num_cells;
  writer.header().num_runs = index.header().num_runs;
  writer.header().denominator = index.header().denominator;
  for (const SectionEntry& section : index.sections()) {
    check_stop();
    if (!is_own(section)) writer.copy(section, index.bytes());
  }
  writer.add_own_columns(columns);
  return writer.commit();
}

}  // namespace nb101
