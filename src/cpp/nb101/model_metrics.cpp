#include "nb101/model_metrics.hpp"

#include <array>
#include <variant>

#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

class ProtoCursor {
 public:
  ProtoCursor(std::string_view bytes, const RecordPlace& place) : bytes_(bytes), place_(place) {}

  bool at_end() const { return at_ == bytes_.size(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(take(1)[0]);
      value |= std::uint64_t{byte & 127u} << shift;
      if (byte < 128) return value;
    }
    place_.fail("it has a protobuf varint of more than ten bytes");
  }

  std::uint64_t tag() {
    constexpr std::uint64_t kMostFields = (1 << 29) - 1;
    const std::uint64_t field_tag = varint();
    const std::uint64_t field = field_tag >> 3;
    if (field == 0 || field > kMostFields) {
      place_.fail("it has the protobuf field number ", field, ", which is not allowed");
    }
    return field_tag;
  }

  double fixed_double() { return load<double>(take(8).data()); }
  std::string_view nested() { return take(varint()); }

  void skip(std::uint64_t tag) {
    switch (tag & 7) {
      case kVarint:
        varint();
        return;
      case kFixed64:
        take(8);
        return;
      case kLength:
        nested();
        return;
      case kFixed32:
        take(4);
        return;
      default:
        place_.fail("it has the protobuf wire type ", tag & 7, ", which is unknown");
    }
  }

 private:
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_) place_.fail("its protobuf is cut short");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }

  std::string_view bytes_;
  const RecordPlace& place_;
  std::size_t at_ = 0;
};

constexpr std::uint64_t tag(std::uint64_t field, WireType type) noexcept {
  return field << 3 | type;
}

// The fields 1 to 5 of EvaluationData. All are doubles.
constexpr std::array<std::string_view, 5> kEvaluationFields = {
    "current_epoch", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy"};
constexpr std::array<double Evaluation::*, 5> kEvaluationMembers = {
    &Evaluation::current_epoch, &Evaluation::training_time, &Evaluation::train_accuracy,
    &Evaluation::validation_accuracy, &Evaluation::test_accuracy};

// FoundFields::known has five bits for each evaluation, then two for the other official fields,
// then one for each field of the harness.
constexpr std::size_t kParametersBit = kEvaluationFields.size() * kNumStages;
constexpr std::size_t kTotalTimeBit = kParametersBit + 1;
constexpr std::size_t kFirstHarnessBit = kTotalTimeBit + 1;
constexpr std::size_t kNumBits = kFirstHarnessBit + kHarnessFields.size();

std::string field_of_bit(std::size_t bit) {
  if (bit >= kFirstHarnessBit) return std::string(kHarnessFields[bit - kFirstHarnessBit].name);
  if (bit == kTotalTimeBit) return "total_time";
  if (bit == kParametersBit) return "trainable_parameters";
  return sentence(kEvaluationFields[bit % kEvaluationFields.size()], " in evaluation ",
                  bit / kEvaluationFields.size());
}

void note_unknown(FoundFields& found, std::uint64_t field_tag) noexcept {
  if (found.unknown_tag == 0) found.unknown_tag = field_tag;
}

void parse_evaluation(std::string_view bytes, const RecordPlace& place, std::size_t stage,
                      Evaluation& evaluation, FoundFields& found) {
  ProtoCursor cursor(bytes, place);
  while (!cursor.at_end()) {
    const std::uint64_t field_tag = cursor.tag();
    const std::uint64_t field = (field_tag >> 3) - 1;
    if ((field_tag & 7) == kFixed64 && field < kEvaluationFields.size()) {
      evaluation.*kEvaluationMembers[field] = cursor.fixed_double();
      found.known |= 1u << (kEvaluationFields.size() * stage + field);
    } else {
      note_unknown(found, field_tag);
      cursor.skip(field_tag);
    }
  }
}

// Reads the field and returns true if it is one of the harness's. Otherwise reads nothing.
bool parse_harness_field(ProtoCursor& cursor, std::uint64_t field_tag, FoundFields& found) {
  // For a smaller number the subtraction wraps around to a huge one, which is refused below.
  const std::uint64_t i = (field_tag >> 3) - kFirstHarnessField;
  if (i >= kHarnessFields.size()) return false;
  const auto& member = kHarnessFields[i].member;
  if (const auto* const integer = std::get_if<HarnessField::Integer>(&member)) {
    if ((field_tag & 7) != kVarint) return false;
    found.harness.** integer = cursor.varint();
  } else {
    if ((field_tag & 7) != kFixed64) return false;
    found.harness.*std::get<HarnessField::Seconds>(member) = cursor.fixed_double();
  }
  found.known |= 1u << (kFirstHarnessBit + i);
  return true;
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

void append_integer(std::string& out, std::uint64_t field, std::uint64_t value) {
  append_varint(out, tag(field, kVarint));
  append_varint(out, value);
}

void append_double(std::string& out, std::uint64_t field, double value) {
  append_varint(out, tag(field, kFixed64));
  char bytes[sizeof value];
  store(bytes, value);
  out.append(bytes, sizeof bytes);
}

}  // namespace

ModelMetrics parse_metrics(std::string_view protobuf, const RecordPlace& place,
                           FoundFields& found) {
  ModelMetrics metrics;
  ProtoCursor cursor(protobuf, place);
  std::size_t stage = 0;
  while (!cursor.at_end()) {
    const std::uint64_t field_tag = cursor.tag();
    if (field_tag == tag(1, kLength)) {
      if (stage == kNumStages) place.fail("it has more than 3 evaluations; 3 are needed");
      parse_evaluation(cursor.nested(), place, stage, metrics.evaluations[stage], found);
      ++stage;
    } else if (field_tag == tag(2, kVarint)) {
      metrics.trainable_parameters = static_cast<std::int32_t>(cursor.varint());
      found.known |= 1u << kParametersBit;
    } else if (field_tag == tag(3, kFixed64)) {
      metrics.total_time = cursor.fixed_double();
      found.known |= 1u << kTotalTimeBit;
    } else if (!parse_harness_field(cursor, field_tag, found)) {
      note_unknown(found, field_tag);
      cursor.skip(field_tag);
    }
  }
  if (stage != kNumStages) {
    place.fail("it has ", stage, " evaluations; 3 are needed");
  }
  return metrics;
}

void check_training_run(const ModelMetrics& metrics, const FoundFields& found,
                        const RecordPlace& place) {
  constexpr std::string_view kWhat = "it is not a record of a training run: ";
  if (found.unknown_tag != 0) {
    place.fail(kWhat, "it has the protobuf field ", found.unknown_tag >> 3, " of wire type ",
               found.unknown_tag & 7, ", which no run of the harness has");
  }
  for (std::size_t bit = 0; bit < kNumBits; ++bit) {
    if (!(found.known >> bit & 1)) place.fail(kWhat, "it lacks the field ", field_of_bit(bit));
  }
  if (metrics.trainable_parameters < 0) {
    place.fail(kWhat, "it has ", metrics.trainable_parameters, " trainable parameters");
  }
}

void append_metrics(std::string& out, const ModelMetrics& metrics, const HarnessFields* harness) {
  constexpr std::size_t kEvaluationBytes = kEvaluationFields.size() * (1 + sizeof(double));
  for (const Evaluation& evaluation : metrics.evaluations) {
    append_varint(out, tag(1, kLength));
    append_varint(out, kEvaluationBytes);
    for (std::size_t i = 0; i < kEvaluationMembers.size(); ++i) {
      append_double(out, i + 1, evaluation.*kEvaluationMembers[i]);
    }
  }
  // Protobuf extends the sign of a negative int32 to 64 bits.
  append_integer(out, 2, static_cast<std::uint64_t>(std::int64_t{metrics.trainable_parameters}));
  append_double(out, 3, metrics.total_time);
  if (!harness) return;
  for (const HarnessField& field : kHarnessFields) {
    if (const auto* const integer = std::get_if<HarnessField::Integer>(&field.member)) {
      append_integer(out, field.number, harness->**integer);
    } else {
      append_double(out, field.number, harness->*std::get<HarnessField::Seconds>(field.member));
    }
  }
}

}  // namespace nb101
