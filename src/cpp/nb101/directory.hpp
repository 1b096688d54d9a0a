// Reads, writes and checks the directory of an index file: its header, budgets and entries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/file_format.hpp"

namespace nb101 {

// Reads the header, the budgets and the entries of a file and checks all of their fields that are
// checked at level `header`. Throws FormatError.
Directory read_directory(Bytes file, const std::string& source);

// Fills in the counts, header_bytes and header_crc, and returns the bytes that read_directory
// reads.
std::vector<std::uint8_t> write_directory(Directory& directory);

// Checks the checksum of every section, that sections do not overlap unless they are the same
// bytes, and that the bytes between them are 0. Throws FormatError.
void check_sections(const Directory& directory, Bytes file, const std::string& source);

}  // namespace nb101
