// Writes a copy of an index that has other own columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "nb101/index.hpp"
#include "nb101/index_writer.hpp"

namespace nb101 {

// Writes the file atomically and returns its size in bytes. The columns take the place of all own
// columns that the index has. Everything else stays as it is, byte for byte. The index must be
// verified at level `sections`.
std::uint64_t write_with_own_columns(const IndexView& index, const std::string& path,
                                     std::span<const OwnColumn> columns);

}  // namespace nb101
