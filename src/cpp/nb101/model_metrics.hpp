// The payload of an official record: a JSON list of hash, epochs, adjacency, operations and a
// base64 protobuf ModelMetrics. Read and written.
#pragma once

#include <string>

#include "nb101/digest.hpp"
#include "nb101/metrics.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {

struct Record {
  Digest hash{};
  Run run;
  bool has_unknown_fields = false;  // of the protobuf: skipped, and not kept
};

// Checks the shape and that the hash is that of the graph, a pruned cell of the space.
// Throws FormatError.
Record parse_record(Bytes payload, const RecordPlace& place);

// Appends the payload byte for byte as the official writer does.
void append_record_payload(std::string& out, const Digest& hash, const Run& run);

}  // namespace nb101
