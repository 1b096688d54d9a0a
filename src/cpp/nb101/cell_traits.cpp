#include "nb101/cell_traits.hpp"

#include <array>
#include <vector>

#include "nb101/cell_shape.hpp"
#include "nb101/lazy.hpp"
#include "nb101/macs.hpp"
#include "nb101/prune.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {
namespace {

// Holds a value for each cell id. Its first element is for id -1, which means: outside the space.
template <class Value>
using Table = std::vector<Value>;

constexpr std::size_t slot(std::int32_t id) noexcept { return static_cast<std::size_t>(id + 1); }

template <class Value>
Table<Value> empty_table() {
  return Table<Value>(slot(kNumCells), kNoTrait);
}

std::array<Table<std::int8_t>, 4> make_shape_tables() {
  std::array<Table<std::int8_t>, 4> tables;
  tables.fill(empty_table<std::int8_t>());
  Code last = 0;
  CellShape shape;
  std::size_t at = slot(0);
  for (const Code code : SearchSpace::instance().codes()) {
    // The cells with the same matrix have consecutive ids, and their shape is the same.
    if ((code & kMatrixMask) != last) shape = shape_of(code);
    last = code & kMatrixMask;
    const std::int8_t numbers[] = {shape.num_vertices, shape.num_edges, shape.depth, shape.width};
    for (std::size_t i = 0; i < tables.size(); ++i) tables[i][at] = numbers[i];
    ++at;
  }
  return tables;
}

Table<std::int32_t> make_parameter_table() {
  auto table = empty_table<std::int32_t>();
  std::size_t at = slot(0);
  for (const std::uint32_t count : SearchSpace::instance().parameters()) {
    table[at++] = static_cast<std::int32_t>(count);
  }
  return table;
}

Table<std::int64_t> make_mac_table() {
  auto table = empty_table<std::int64_t>();
  std::size_t at = slot(0);
  for (const Code code : SearchSpace::instance().codes()) {
    table[at++] = count_macs(prune(unpack(code)).value_or(Graph{}));
  }
  return table;
}

template <class Value, class Number>
void look_up(const Table<Value>& table, std::span<const Code> codes, Number* out) {
  const Value* const values = table.data();
  SearchSpace::instance().for_each_id(
      codes, [=](std::size_t i, std::int32_t id) { out[i] = values[slot(id)]; });
}

}  // namespace

void traits_of(Trait trait, std::span<const Code> codes, std::int32_t* out) {
  if (trait == Trait::parameters) {
    constinit static Lazy<Table<std::int32_t>> parameters;
    return look_up(parameters.get(make_parameter_table), codes, out);
  }
  constinit static Lazy<std::array<Table<std::int8_t>, 4>> shapes;
  look_up(shapes.get(make_shape_tables)[static_cast<std::size_t>(trait)], codes, out);
}

void macs_of(std::span<const Code> codes, std::int64_t* out) {
  constinit static Lazy<Table<std::int64_t>> macs;
  look_up(macs.get(make_mac_table), codes, out);
}

}  // namespace nb101
