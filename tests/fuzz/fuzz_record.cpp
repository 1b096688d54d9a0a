// Tries any bytes as the payload of a record, as the protobuf within a sound payload, as a stream
// of frames and as a result shard. They are refused with a FormatError, or they are read, written
// and read again to the same bits.
#include <cstdlib>
#include <string>

#include "nb101/error.hpp"
#include "nb101/record.hpp"
#include "nb101/record_reader.hpp"
#include "nb101/shard_reader.hpp"

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
  RecordScratch scratch;
  try {
    record = parse_record(payload, scratch, kPlace);
  } catch (const FormatError&) {
    return;
  }
  require(record.run.cell_id >= 0 && record.run.cell_id < kNumCells);
  const std::string written = payload_of(record);
  require(payload_of(parse_record(as_bytes(written), scratch, kPlace)) == written);
}

// The payload of a record of the cell of two vertices, with this protobuf in it.
std::string payload_with(Bytes protobuf) {
  const std::string hash = to_hex(SearchSpace::instance().hashes()[0]);
  std::string payload;
  append_record_text(payload, {hash, 4, "0100", "input,output", as_text(protobuf)});
  return payload;
}

// A message with the harness's fields is written and read again to the same bytes.
void try_training_run(Bytes protobuf) {
  try {
    FoundFields found;
    const ModelMetrics metrics = parse_metrics(as_text(protobuf), kPlace, found);
    check_training_run(metrics, found, kPlace);
    std::string written;
    append_metrics(written, metrics, &found.harness);
    FoundFields again;
    std::string rewritten;
    append_metrics(rewritten, parse_metrics(written, kPlace, again), &again.harness);
    require(rewritten == written);
  } catch (const FormatError&) {
  }
}

template <class Reader>
void feed_in_halves(Reader& reader, Bytes bytes) {
  const std::size_t half = bytes.size() / 2;
  reader.feed(bytes.first(half));
  reader.feed(bytes.subspan(half));
}

void try_stream(Bytes bytes) {
  RunTable table;
  RecordReader reader(table, kSource, 1);
  try {
    feed_in_halves(reader, bytes);
    reader.finish();
  } catch (const FormatError&) {
  }
}

// Where a shard is cut into pieces must not matter.
void try_shard(Bytes bytes) {
  ShardReader reader(kSource, 1);
  ShardReader whole(kSource, 1);
  bool is_sound = true;
  try {
    whole.feed(bytes);
  } catch (const FormatError&) {
    is_sound = false;
  }
  try {
    feed_in_halves(reader, bytes);
    require(is_sound && reader.runs().codes == whole.runs().codes &&
            reader.runs().repeats == whole.runs().repeats);
  } catch (const FormatError&) {
    require(!is_sound);
  }
}

std::vector<std::uint8_t> framed(Bytes payload) {
  std::vector<std::uint8_t> frame;
  append_frame(frame, payload);
  return frame;
}

}  // namespace
}  // namespace nb101

// All hashes are computed beforehand, so that no input's time includes them.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  nb101::SearchSpace::instance().hashes();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const nb101::Bytes bytes(data, size);
  const std::string payload = nb101::payload_with(bytes);
  nb101::try_payload(bytes);
  nb101::try_payload(nb101::as_bytes(payload));
  nb101::try_training_run(bytes);
  nb101::try_stream(bytes);
  nb101::try_stream(nb101::framed(bytes));
  nb101::try_shard(bytes);
  nb101::try_shard(nb101::framed(bytes));
  nb101::try_shard(nb101::framed(nb101::as_bytes(payload)));
  return 0;
}
