// Decodes and encodes base64 in lines of 76 characters, the form of Python's base64.encodebytes.
#pragma once

#include <string>
#include <string_view>

#include "nb101/tfrecord.hpp"

namespace nb101 {

// Decodes `text` into `bytes` and replaces what it held. Line ends are skipped. Throws FormatError
// if the text is not base64.
void decode_base64(std::string_view text, const RecordPlace& place, std::string& bytes);

// Appends the base64 text of `bytes` to `out`, with `line_end` after each line.
void append_base64(std::string& out, std::string_view bytes, std::string_view line_end);

}  // namespace nb101
