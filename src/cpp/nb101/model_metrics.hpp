// The protobuf message ModelMetrics of a record, with the fields that the training harness adds.
// Source: nasbench/lib/model_metrics.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nb101/harness_fields.hpp"
#include "nb101/metrics.hpp"
#include "nb101/tfrecord.hpp"

namespace nb101 {

// Notes which fields were found in a message, and holds the values of the harness's fields.
struct FoundFields {
  HarnessFields harness;
  std::uint32_t known = 0;        // the fields of a training run that were found, one bit each
  std::uint64_t unknown_tag = 0;  // the tag of the first other field, or 0 if there is none
};

// Parses the message. A field that is missing becomes zero. Throws FormatError unless there are
// three evaluations.
ModelMetrics parse_metrics(std::string_view protobuf, const RecordPlace& place, FoundFields& found);

// Throws FormatError unless exactly the fields of a training run of the harness were found. The
// number of trainable parameters must not be negative.
void check_training_run(const ModelMetrics& metrics, const FoundFields& found,
                        const RecordPlace& place);

// Appends the message as the official writer does, and then the harness's fields if they are given.
void append_metrics(std::string& out, const ModelMetrics& metrics,
                    const HarnessFields* harness = nullptr);

}  // namespace nb101
