// Any bytes as a record's payload, as the protobuf within a sound payload, and as a stream of
// frames: refused with a FormatError, or read, written and read again to the same bits.
#include <cstdlib>
#include <string>

#include "nb101/error.hpp"
#include "nb101/model_metrics.hpp"
#include "nb101/record_reader.hpp"

namespace nb101 {
namespace {

const std::string kSource = "fuzz";
const RecordPlace kPlace{&kSource, 0, 0};

void require(bool holds) {
  if (!holds) std::abort();
}

std::string payload_of(const Record& record) {
  std::string payload;
  append_record_payload(payload, record.hash, record.run);
  return payload;
}

void try_payload(Bytes payload) {
  Record record;
  try {
    record = parse_record(payload, kPlace);
  } catch (const FormatError&) {
    return;
  }
  require(record.run.cell_id >= 0 && record.run.cell_id < kNumCells);
  const std::string written = payload_of(record);
  require(payload_of(parse_record(as_bytes(written), kPlace)) == written);
}

std::string base64(Bytes bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at + 3 <= bytes.size(); at += 3) {
    const std::uint32_t bits =
        std::uint32_t{bytes[at]} << 16 | std::uint32_t{bytes[at + 1]} << 8 | bytes[at + 2];
    for (int shift = 18; shift >= 0; shift -= 6) text.push_back(kDigits[bits >> shift & 63]);
  }
  return text;
}

void try_protobuf(Bytes protobuf) {
  static const std::string head =
      "[\"" + to_hex(SearchSpace::instance().hashes()[0]) + "\", 4, \"0100\", \"input,output\", \"";
  try_payload(as_bytes(head + base64(protobuf) + "\"]"));
}

// In pieces, framed anew where the bytes are not framed already.
void try_stream(Bytes stream) {
  std::vector<std::uint8_t> framed;
  append_frame(framed, stream);
  for (const Bytes bytes : {stream, Bytes(framed)}) {
    RunTable table;
    RecordReader reader(table, kSource, 1);
    try {
      const std::size_t half = bytes.size() / 2;
      reader.feed(bytes.first(half));
      reader.feed(bytes.subspan(half));
      reader.finish();
    } catch (const FormatError&) {
    }
  }
}

}  // namespace
}  // namespace nb101

// What is computed once belongs to no input's time.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  nb101::SearchSpace::instance().hashes();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const nb101::Bytes bytes(data, size);
  nb101::try_payload(bytes);
  nb101::try_protobuf(bytes);
  nb101::try_stream(bytes);
  return 0;
}
