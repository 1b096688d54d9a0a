// The payload of an official record. It is a JSON list of the module hash, the epochs, the
// adjacency, the operations and the base64 text of a protobuf ModelMetrics.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "nb101/digest.hpp"
#include "nb101/metrics.hpp"
#include "nb101/model_metrics.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {

// The parts of a payload. Its graph is not checked yet.
struct RecordText {
  std::string_view hash;
  std::uint32_t epochs = 0;
  std::string_view adjacency;   // the n * n digits of the matrix, row by row
  std::string_view operations;  // n names, with commas between them
  std::string_view protobuf;    // decoded
};

// The graph of a record, and the texts from which it was parsed.
struct ParsedGraph {
  std::string hash_text, adjacency, operations;
  Digest hash{};
  Code code = 0;
  std::int32_t cell_id = -1;
};

// Memory that the records of a file share when they are parsed one after another.
struct RecordScratch {
  std::array<std::string, 4> unescaped;  // the strings that have escapes in the payload
  std::string protobuf;
  ParsedGraph last;  // most records have the graph of the record before
};

// Splits a payload. The result has views of the payload and of the scratch memory. Throws
// FormatError.
RecordText parse_record_text(Bytes payload, RecordScratch& scratch, const RecordPlace& place);

// Appends the payload with the same bytes as the official writer.
void append_record_text(std::string& out, const RecordText& text);

// A run of a cell of the space.
struct Record {
  Digest hash{};
  Run run;
  FoundFields found;
};

// Parses a record. Throws FormatError unless the graph is a pruned cell of the space and the hash
// is that of the graph.
Record parse_record(Bytes payload, RecordScratch& scratch, const RecordPlace& place);

// The two steps of parse_record, for callers that already know the hashes of the cells.
Record parse_record_of_any_hash(Bytes payload, RecordScratch& scratch, const RecordPlace& place);
void check_hash(const Record& record, const Digest& hash_of_graph, const RecordPlace& place);

// Appends the payload of a run, without the harness's fields.
void append_record_payload(std::string& out, const Digest& hash, const Run& run);

}  // namespace nb101
