// Reads official records from a stream of bytes into a run table. Several threads parse them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nb101/frame_stream.hpp"
#include "nb101/run_table.hpp"

namespace nb101 {

class RecordReader {
 public:
  // Keeps a reference to the table.
  RecordReader(RunTable& table, std::string source, int threads)
      : table_(table), frames_(std::move(source)), threads_(threads) {}

  // Takes the next bytes of the source, which may end anywhere. Throws FormatError if a record is
  // damaged. The table then holds only some of the records and must not be used.
  void feed(Bytes bytes);

  // Ends the stream. Throws FormatError if the last record is cut short.
  void finish() const { frames_.finish(); }

  std::uint64_t num_records() const noexcept { return frames_.num_records(); }

 private:
  // Takes the frames first .. last - 1.
  void take(std::span<const Frame> frames, std::size_t first, std::size_t last);

  RunTable& table_;
  std::vector<Run> runs_;  // those of a block; their memory is used again for the next one
  FrameStream frames_;
  int threads_;
};

}  // namespace nb101
