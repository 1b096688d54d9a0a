// Reads the runs of a result shard into arrays. A sweep that starts again learns from them which
// runs it has already made. A torn last record, which a crash can leave, is ignored.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nb101/cell.hpp"
#include "nb101/digest.hpp"
#include "nb101/frame_stream.hpp"

namespace nb101 {

// One element for each record, in the order of the shard.
struct ShardRuns {
  std::vector<std::uint64_t> offsets;  // where the record begins
  std::vector<Code> codes;             // the pruned graph, in the vertex order of the record
  std::vector<std::uint32_t> epochs;
  std::vector<std::uint64_t> repeats;
  std::vector<std::uint64_t> seeds;
  std::vector<std::uint64_t> attempts;
};

class ShardReader {
 public:
  ShardReader(std::string source, int threads)
      : frames_(std::move(source), FileEnd::torn), threads_(threads) {}

  // Takes the next bytes of the shard, which may end anywhere. Throws FormatError if a record is
  // damaged or is not that of a training run of the harness. The reader must not be used
  // afterwards.
  void feed(Bytes bytes);

  const ShardRuns& runs() const noexcept { return runs_; }

 private:
  void take(std::span<const Frame> frames);
  void resize(std::size_t size);
  void hash_new_cells(std::span<const Code> codes);

  FrameStream frames_;
  ShardRuns runs_;
  std::unordered_map<Code, Digest> hashes_;  // the hashes of the cells so far
  int threads_;
};

}  // namespace nb101
