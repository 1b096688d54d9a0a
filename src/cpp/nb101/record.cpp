#include "nb101/record.hpp"

#include <bit>
#include <charconv>
#include <utility>

#include "nb101/base64.hpp"
#include "nb101/op.hpp"
#include "nb101/prune.hpp"
#include "nb101/search_space.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

// ---------------------------------------------------------------- JSON

// Reads the JSON of a record, which is a list of strings and one integer. It reads no other JSON.
class JsonCursor {
 public:
  JsonCursor(std::string_view text, const RecordPlace& place) : text_(text), place_(place) {}

  void expect(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) {
      place_.fail("not the JSON of a record: '", wanted, "' is expected at byte ", at_,
                  " of its payload");
    }
    ++at_;
  }

  // Returns the text of a string. It is a view of the payload if the string has no escapes, else a
  // view of `unescaped`.
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
    if (at_ != text_.size())
      place_.fail("its payload goes on after the JSON list of five elements");
  }

 private:
  void skip_space() {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  // Returns the text up to the next quote or backslash. It looks at eight characters at a time: XOR
  // turns the bytes that equal the character into 0. zero_bytes marks the lowest such byte, whose
  // number is that of its bit divided by 8.
  std::string_view plain_run() {
    const std::size_t begin = at_;
    std::uint64_t found = 0;
    for (; found == 0 && at_ + 8 <= text_.size(); at_ += 8) {
      const auto word = load<std::uint64_t>(text_.data() + at_);
      found = zero_bytes(word ^ kOneInEachByte * '"') | zero_bytes(word ^ kOneInEachByte * '\\');
    }
    if (found) {
      at_ -= 8 - static_cast<std::size_t>(std::countr_zero(found)) / 8;
    } else {
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  // Sets the top bit of the lowest zero byte. Subtracting 1 from a byte sets its top bit if the
  // byte is 0 or above 128, and `& ~word` clears the bit again for bytes above 128. A zero byte
  // borrows from the byte above it, which may then be marked too, so only the lowest mark counts.
  static constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
    return (word - kOneInEachByte) & ~word & kOneInEachByte << 7;
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

  char unicode() {  // a record holds ASCII alone
    std::uint32_t value = 0;
    const std::string_view digits = at_ + 6 <= text_.size() ? text_.substr(at_, 6) : "";
    const char* const end = digits.data() + digits.size();
    if (!digits.starts_with("\\u") ||
        std::from_chars(digits.data() + 2, end, value, 16).ptr != end || value > 127) {
      place_.fail("it has an escape that no record has, at byte ", at_, " of its payload");
    }
    at_ += digits.size();
    return static_cast<char>(value);
  }

  std::string_view text_;
  const RecordPlace& place_;
  std::size_t at_ = 0;
};

// ---------------------------------------------------------------- graph

// Returns the beginning of a text from a file, which may be of any length.
std::string beginning_in_quotes(std::string_view text) {
  constexpr std::size_t kMost = 80;
  return sentence("'", text.substr(0, kMost), text.size() > kMost ? "..'" : "'");
}

int vertices_of(std::size_t elements, const RecordPlace& place) {
  for (int n = 2; n <= kMaxVertices; ++n) {
    if (std::cmp_equal(n * n, elements)) return n;
  }
  place.fail("its adjacency has ", elements, " characters; n * n are allowed for n = 2..7");
}

void parse_adjacency(std::string_view text, const RecordPlace& place, Graph& graph) {
  const int n = graph.num_vertices = vertices_of(text.size(), place);
  for (int v = 0; v < n; ++v) {
    for (int w = 0; w < n; ++w) {
      const char c = text[static_cast<std::size_t>(n * v + w)];
      if (c == '0') continue;
      if (c != '1' || w <= v) {
        place.fail("its adjacency has '", c, "' at row ", v, ", column ", w,
                   "; 0 is allowed there, and 1 above the diagonal");
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
      place.fail("it has ", beginning_in_quotes(op), " as operation ", v, " of ",
                 graph.num_vertices, ", which is not allowed");
    }
    graph.labels[v] = label.value_or(0);
    text = comma == text.npos ? "" : text.substr(comma + 1);
  }
}

void check_graph(const Graph& graph, std::int32_t cell_id, const RecordPlace& place) {
  const std::uint32_t all = (2u << (graph.num_vertices - 1)) - 1;
  if (live_vertices(graph.successors.data(), graph.num_vertices) != all) {
    place.fail("its graph is not pruned: a vertex is on no path from input to output");
  }
  if (cell_id == kNoCell) {
    place.fail("its graph has ", num_edges(graph), " edges; a cell has at most 9");
  }
}

ParsedGraph parse_graph(const RecordText& text, const RecordPlace& place) {
  const auto hash = digest_from_hex(text.hash);
  if (!hash)
    place.fail(beginning_in_quotes(text.hash),
               " is not a module hash of 32 hex digits in lower case");
  Graph graph;
  parse_adjacency(text.adjacency, place, graph);
  parse_operations(text.operations, place, graph);
  const Code code = pack(graph);
  const std::int32_t cell_id = SearchSpace::instance().id(code);
  check_graph(graph, cell_id, place);
  return {std::string(text.hash),
          std::string(text.adjacency),
          std::string(text.operations),
          *hash,
          code,
          cell_id};
}

bool is_graph_of(const ParsedGraph& graph, const RecordText& text) noexcept {
  return graph.hash_text == text.hash && graph.adjacency == text.adjacency &&
         graph.operations == text.operations;
}

}  // namespace

RecordText parse_record_text(Bytes payload, RecordScratch& scratch, const RecordPlace& place) {
  JsonCursor json(as_text(payload), place);
  RecordText text;
  json.expect('[');
  text.hash = json.string(scratch.unescaped[0]);
  json.expect(',');
  text.epochs = json.positive_integer();
  json.expect(',');
  text.adjacency = json.string(scratch.unescaped[1]);
  json.expect(',');
  text.operations = json.string(scratch.unescaped[2]);
  json.expect(',');
  decode_base64(json.string(scratch.unescaped[3]), place, scratch.protobuf);
  text.protobuf = scratch.protobuf;
  json.expect(']');
  json.expect_end();
  return text;
}

void append_record_text(std::string& out, const RecordText& text) {
  constexpr std::string_view kEscapedLineEnd = "\\n";
  out += "[\"";
  out += text.hash;
  out += "\", " + std::to_string(text.epochs) + ", \"";
  out += text.adjacency;
  out += "\", \"";
  out += text.operations;
  out += "\", \"";
  append_base64(out, text.protobuf, kEscapedLineEnd);
  out += "\"]";
}

Record parse_record(Bytes payload, RecordScratch& scratch, const RecordPlace& place) {
  const Record record = parse_record_of_any_hash(payload, scratch, place);
  check_hash(record, SearchSpace::instance().hash(record.run.cell_id), place);
  return record;
}

void check_hash(const Record& record, const Digest& hash_of_graph, const RecordPlace& place) {
  if (record.hash == hash_of_graph) return;
  place.fail("its module hash is ", to_hex(record.hash), ", but that of its graph is ",
             to_hex(hash_of_graph));
}

Record parse_record_of_any_hash(Bytes payload, RecordScratch& scratch, const RecordPlace& place) {
  const RecordText text = parse_record_text(payload, scratch, place);
  if (!is_graph_of(scratch.last, text)) scratch.last = parse_graph(text, place);
  Record record;
  record.hash = scratch.last.hash;
  record.run.epochs = text.epochs;
  record.run.graph = scratch.last.code;
  record.run.cell_id = scratch.last.cell_id;
  record.run.metrics = parse_metrics(text.protobuf, place, record.found);
  return record;
}

void append_record_payload(std::string& out, const Digest& hash, const Run& run) {
  const Graph graph = *prune(unpack(run.graph));
  std::string adjacency;
  for (int v = 0; v < graph.num_vertices; ++v) {
    for (int w = 0; w < graph.num_vertices; ++w) {
      adjacency.push_back(graph.successors[v] >> w & 1 ? '1' : '0');
    }
  }
  std::string operations(kInputName);
  for (int v = 1; v + 1 < graph.num_vertices; ++v) {
    operations += ',';
    operations += kOpNames[static_cast<std::size_t>(graph.labels[v])];
  }
  operations += ',';
  operations += kOutputName;
  std::string protobuf;
  append_metrics(protobuf, run.metrics);
  append_record_text(out, {to_hex(hash), run.epochs, adjacency, operations, protobuf});
}

}  // namespace nb101
