#include "nb101/model_metrics.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "nb101/op.hpp"
#include "nb101/prune.hpp"
#include "nb101/search_space.hpp"

namespace nb101 {
namespace {

// ---------------------------------------------------------------- JSON

// Just the JSON of a record: a list of strings and one integer.
class JsonCursor {
 public:
  JsonCursor(std::string_view text, const RecordPlace& place) : text_(text), place_(place) {}

  void expect(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) {
      place_.fail("not the JSON of a record: '" + std::string(1, wanted) + "' expected at byte " +
                  std::to_string(at_) + " of its payload");
    }
    ++at_;
  }

  // The string's text; a view of the payload where nothing is escaped, else of `unescaped`.
  std::string_view string(std::string& unescaped) {
    expect('"');
    const std::string_view plain = plain_run();
    if (at_ < text_.size() && text_[at_] == '"') {
      ++at_;
      return plain;
    }
    unescaped.assign(plain);
    while (at_ < text_.size() && text_[at_] == '\\') {
      unescaped.push_back(escaped());
      unescaped.append(plain_run());
    }
    expect('"');
    return unescaped;
  }

  std::uint32_t positive_integer() {
    skip_space();
    std::uint32_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{} || value == 0) {
      place_.fail("its epochs are not a positive integer of 32 bits");
    }
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  void expect_end() {
    skip_space();
    if (at_ != text_.size()) place_.fail("its payload goes on after the JSON list of five");
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }

  // Up to the next quote or backslash.
  std::string_view plain_run() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') ++at_;
    return text_.substr(begin, at_ - begin);
  }

  char escaped() {
    constexpr std::string_view kNames = "nrtbf\"\\/";
    constexpr std::string_view kValues = "\n\r\t\b\f\"\\/";
    const std::size_t named = at_ + 1 < text_.size() ? kNames.find(text_[at_ + 1]) : kNames.npos;
    if (named != kNames.npos) {
      at_ += 2;
      return kValues[named];
    }
    return unicode();
  }

  char unicode() {  // only ASCII can stand in a record
    std::uint32_t value = 0;
    const std::string_view digits = at_ + 6 <= text_.size() ? text_.substr(at_, 6) : "";
    const char* const end = digits.data() + digits.size();
    if (!digits.starts_with("\\u") ||
        std::from_chars(digits.data() + 2, end, value, 16).ptr != end || value > 127) {
      place_.fail("an escape that no record has, at byte " + std::to_string(at_) +
                  " of its payload");
    }
    at_ += digits.size();
    return static_cast<char>(value);
  }

  std::string_view text_;
  const RecordPlace& place_;
  std::size_t at_ = 0;
};

// ---------------------------------------------------------------- base64

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kBase64Line = 76;  // characters, as Python's base64.encodebytes

constexpr std::array<std::int8_t, 256> base64_values() noexcept {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kBase64.size(); ++i) {
    values[static_cast<std::uint8_t>(kBase64[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

// Four digits to three bytes, or a negative number where one of them is no digit.
std::int32_t decode_quad(const char* digits) noexcept {
  static constexpr auto kValues = base64_values();
  const auto value = [&](int i) {
    return std::int32_t{kValues[static_cast<std::uint8_t>(digits[i])]};
  };
  const std::int32_t negative = value(0) | value(1) | value(2) | value(3);
  if (negative < 0) return negative;
  return value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
}

// The digits of a quad, line ends skipped and padding read as zeros.
struct PaddedQuad {
  std::array<char, 4> digits{};
  std::size_t padding = 0;
};

PaddedQuad gather_quad(std::string_view text, std::size_t& at, const RecordPlace& place) {
  PaddedQuad quad;
  for (std::size_t i = 0; i < quad.digits.size(); ++at) {
    if (at == text.size()) place.fail("its base64 is cut short");
    const char c = text[at];
    if (c == '\n') continue;
    quad.padding += c == '=';
    if (c != '=' && (quad.padding || kBase64.find(c) == kBase64.npos)) {
      place.fail("character " + std::to_string(static_cast<unsigned char>(c)) +
                 " within its base64");
    }
    quad.digits[i++] = c == '=' ? kBase64[0] : c;
  }
  if (quad.padding > 2) place.fail("its base64 has too much padding");
  return quad;
}

std::string decode_base64(std::string_view text, const RecordPlace& place) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  const auto append = [&](std::int32_t bits, std::size_t count) {
    const char triple[3] = {static_cast<char>(bits >> 16), static_cast<char>(bits >> 8),
                            static_cast<char>(bits)};
    bytes.append(triple, count);
  };
  std::size_t padding = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n') {
      ++at;
      continue;
    }
    if (padding) place.fail("its base64 goes on behind its padding");
    const std::int32_t bits = at + 4 <= text.size() ? decode_quad(text.data() + at) : -1;
    if (bits >= 0) {
      append(bits, 3);
      at += 4;
      continue;
    }
    const PaddedQuad quad = gather_quad(text, at, place);
    padding = quad.padding;
    append(decode_quad(quad.digits.data()), 3 - padding);
  }
  return bytes;
}

void append_base64_json(std::string& out, std::string_view bytes) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < count ? static_cast<std::uint8_t>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out.push_back(j <= count ? kBase64[bits >> (18 - 6 * j) & 63] : '=');
    }
    column += 4;
    if (column == kBase64Line || i + 3 >= bytes.size()) {
      out += "\\n";
      column = 0;
    }
  }
}

// ---------------------------------------------------------------- protobuf

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
    place_.fail("a protobuf varint of more than ten bytes");
  }

  std::uint64_t tag() {
    constexpr std::uint64_t kMostFields = (1 << 29) - 1;
    const std::uint64_t field_tag = varint();
    const std::uint64_t field = field_tag >> 3;
    if (field == 0 || field > kMostFields) {
      place_.fail("protobuf field number " + std::to_string(field));
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
        place_.fail("protobuf wire type " + std::to_string(tag & 7));
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

double* evaluation_field(Evaluation& evaluation, std::uint64_t field_tag) noexcept {
  switch (field_tag) {
    case tag(1, kFixed64):
      return &evaluation.current_epoch;
    case tag(2, kFixed64):
      return &evaluation.training_time;
    case tag(3, kFixed64):
      return &evaluation.train_accuracy;
    case tag(4, kFixed64):
      return &evaluation.validation_accuracy;
    case tag(5, kFixed64):
      return &evaluation.test_accuracy;
    default:
      return nullptr;
  }
}

void parse_evaluation(std::string_view bytes, const RecordPlace& place, Evaluation& evaluation,
                      bool& has_unknown_fields) {
  ProtoCursor cursor(bytes, place);
  while (!cursor.at_end()) {
    const std::uint64_t field_tag = cursor.tag();
    if (double* const field = evaluation_field(evaluation, field_tag)) {
      *field = cursor.fixed_double();
    } else {
      has_unknown_fields = true;
      cursor.skip(field_tag);
    }
  }
}

// What the training harness adds to a run: repeat, seed, attempts and where its time went. Result
// shards keep it; an index has no use for it.
constexpr bool is_harness_field(std::uint64_t field_tag) noexcept {
  const std::uint64_t field = field_tag >> 3;
  return field >= 101 && field <= 106;
}

ModelMetrics parse_metrics(std::string_view bytes, const RecordPlace& place,
                           bool& has_unknown_fields) {
  ModelMetrics metrics;
  ProtoCursor cursor(bytes, place);
  std::size_t stage = 0;
  while (!cursor.at_end()) {
    const std::uint64_t field_tag = cursor.tag();
    if (field_tag == tag(1, kLength)) {
      if (stage == kNumStages) place.fail("more than three evaluations");
      parse_evaluation(cursor.nested(), place, metrics.evaluations[stage++], has_unknown_fields);
    } else if (field_tag == tag(2, kVarint)) {
      metrics.trainable_parameters = static_cast<std::int32_t>(cursor.varint());
    } else if (field_tag == tag(3, kFixed64)) {
      metrics.total_time = cursor.fixed_double();
    } else {
      has_unknown_fields = has_unknown_fields || !is_harness_field(field_tag);
      cursor.skip(field_tag);
    }
  }
  if (stage != kNumStages) place.fail(std::to_string(stage) + " evaluations where 3 belong");
  return metrics;
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

void append_double(std::string& out, std::uint64_t field, double value) {
  append_varint(out, tag(field, kFixed64));
  char bytes[sizeof value];
  store(bytes, value);
  out.append(bytes, sizeof bytes);
}

std::string write_metrics(const ModelMetrics& metrics) {
  constexpr std::size_t kEvaluationBytes = 5 * 9;
  std::string out;
  for (const Evaluation& evaluation : metrics.evaluations) {
    append_varint(out, tag(1, kLength));
    append_varint(out, kEvaluationBytes);
    append_double(out, 1, evaluation.current_epoch);
    append_double(out, 2, evaluation.training_time);
    append_double(out, 3, evaluation.train_accuracy);
    append_double(out, 4, evaluation.validation_accuracy);
    append_double(out, 5, evaluation.test_accuracy);
  }
  append_varint(out, tag(2, kVarint));
  append_varint(out, static_cast<std::uint64_t>(std::int64_t{metrics.trainable_parameters}));
  append_double(out, 3, metrics.total_time);
  return out;
}

// ---------------------------------------------------------------- graph

int vertices_of(std::size_t elements, const RecordPlace& place) {
  for (int n = 2; n <= kMaxVertices; ++n) {
    if (static_cast<std::size_t>(n) * n == elements) return n;
  }
  place.fail("an adjacency of " + std::to_string(elements) +
             " characters; n * n are allowed for n = 2..7");
}

void parse_adjacency(std::string_view text, const RecordPlace& place, Graph& graph) {
  const int n = graph.num_vertices = vertices_of(text.size(), place);
  for (int v = 0; v < n; ++v) {
    for (int w = 0; w < n; ++w) {
      const char c = text[static_cast<std::size_t>(n * v + w)];
      if (c == '0') continue;
      if (c != '1' || w <= v) {
        place.fail("'" + std::string(1, c) + "' at row " + std::to_string(v) + ", column " +
                   std::to_string(w) + " of its adjacency");
      }
      graph.successors[v] |= 1u << w;
    }
  }
}

void parse_operations(std::string_view text, const RecordPlace& place, Graph& graph) {
  for (int v = 0; v < graph.num_vertices; ++v) {
    const std::size_t comma = text.find(',');
    const std::string_view op = text.substr(0, comma);
    const bool is_last = v + 1 == graph.num_vertices;
    const auto label = label_from_name(op);
    const bool fits = v == 0 ? op == kInputName : is_last ? op == kOutputName : label.has_value();
    if (!fits || (comma == text.npos) != is_last) {
      place.fail("'" + std::string(op) + "' as operation " + std::to_string(v) + " of " +
                 std::to_string(graph.num_vertices));
    }
    graph.labels[v] = label.value_or(0);
    text = comma == text.npos ? "" : text.substr(comma + 1);
  }
}

void check_graph(const Record& record, const Graph& graph, const RecordPlace& place) {
  const std::uint32_t all = (2u << (graph.num_vertices - 1)) - 1;
  if (live_vertices(graph.successors.data(), graph.num_vertices) != all) {
    place.fail("its graph is not pruned");
  }
  if (record.run.cell_id == kNoCell) {
    place.fail("its graph has " + std::to_string(num_edges(graph)) +
               " edges; at most 9 are a cell");
  }
  const Digest hash = SearchSpace::instance().hash(record.run.cell_id);
  if (record.hash != hash) {
    place.fail("its module hash is " + to_hex(record.hash) + ", that of its graph " + to_hex(hash));
  }
}

}  // namespace

Record parse_record(Bytes payload, const RecordPlace& place) {
  JsonCursor json(as_text(payload), place);
  std::string unescaped;
  Record record;
  Graph graph;
  json.expect('[');
  const std::string_view hash = json.string(unescaped);
  const auto digest = digest_from_hex(hash);
  if (!digest) place.fail("'" + std::string(hash) + "' is no module hash of 32 hex digits");
  record.hash = *digest;
  json.expect(',');
  record.run.epochs = json.positive_integer();
  json.expect(',');
  parse_adjacency(json.string(unescaped), place, graph);
  json.expect(',');
  parse_operations(json.string(unescaped), place, graph);
  json.expect(',');
  const std::string protobuf = decode_base64(json.string(unescaped), place);
  json.expect(']');
  json.expect_end();
  record.run.graph = pack(graph);
  record.run.cell_id = SearchSpace::instance().id(record.run.graph);
  check_graph(record, graph, place);
  record.run.metrics = parse_metrics(protobuf, place, record.has_unknown_fields);
  return record;
}

void append_record_payload(std::string& out, const Digest& hash, const Run& run) {
  const Graph graph = *prune(unpack(run.graph));
  out += "[\"" + to_hex(hash) + "\", " + std::to_string(run.epochs) + ", \"";
  for (int v = 0; v < graph.num_vertices; ++v) {
    for (int w = 0; w < graph.num_vertices; ++w) {
      out.push_back(graph.successors[v] >> w & 1 ? '1' : '0');
    }
  }
  out += "\", \"input";
  for (int v = 1; v + 1 < graph.num_vertices; ++v) {
    out += ',';
    out += kOpNames[static_cast<std::size_t>(graph.labels[v])];
  }
  out += ",output\", \"";
  append_base64_json(out, write_metrics(run.metrics));
  out += "\"]";
}

}  // namespace nb101
