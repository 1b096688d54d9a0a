#include "nb101/space_hash.hpp"

#include "nb101/lazy.hpp"
#include "nb101/parallel.hpp"
#include "nb101/perfect_hash.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {

void ids_of_hashes(std::span<const Digest> hashes, std::int32_t* ids, int threads) {
  const std::span<const Digest> all = SearchSpace::instance().hashes();
  constinit static Lazy<PerfectHashTables> lazy;
  const PerfectHashTables& tables = lazy.get([&] { return build_perfect_hash(all); });
  const PerfectHash function(tables.pilots, tables.rows);
  parallel_for(hashes.size(), threads, [&](std::size_t begin, std::size_t end) {
    find_rows(function, all, hashes.subspan(begin, end - begin), ids + begin);
  });
}

}  // namespace nb101
