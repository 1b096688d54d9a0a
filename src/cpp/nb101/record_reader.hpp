// Official records from a stream of bytes into a run table, parsed by several threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nb101/bytes.hpp"
#include "nb101/run_table.hpp"

namespace nb101 {

class RecordReader {
 public:
  RecordReader(RunTable& table, std::string source, int threads)
      : table_(table), source_(std::move(source)), threads_(threads) {}

  // The next bytes of the source, cut anywhere. Throws FormatError; the table then holds a part
  // of the records and is of no more use.
  void feed(Bytes bytes);
  // No more bytes come: throws FormatError where the last record is cut short.
  void finish() const;

  std::uint64_t num_records() const noexcept { return num_records_; }

 private:
  struct Frame {
    Bytes payload;
    std::uint64_t offset;
  };

  std::size_t scan(Bytes bytes);  // collects whole frames; returns the bytes that they take
  void take_frames();

  RunTable& table_;
  std::string source_;
  int threads_;
  std::vector<std::uint8_t> rest_;  // a frame's beginning
  std::vector<Frame> frames_;
  std::uint64_t offset_ = 0;  // of rest_ in the source
  std::uint64_t num_records_ = 0;
};

}  // namespace nb101
