// Splits a range among threads. The thread of the caller works on the first part.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace nb101 {

// For fewer queries, starting a thread takes longer than it saves.
inline constexpr std::size_t kSmallestQueryPart = 1 << 14;

// Calls work(begin, end) for parts of [0, size) on at most `threads` threads. If the system cannot
// start a thread, the caller's thread does its part. If a part throws, the exception is thrown
// again here after all parts have ended.
template <class Work>
void parallel_for(std::size_t size, int threads, Work work,
                  std::size_t smallest_part = kSmallestQueryPart) {
  const std::size_t most = std::max<std::size_t>(1, size / smallest_part);
  const std::size_t parts =
      std::min<std::size_t>(static_cast<std::size_t>(std::max(threads, 1)), most);
  const auto bound = [&](std::size_t part) { return size * part / parts; };
  std::vector<std::exception_ptr> errors(parts);
  const auto run = [&](std::size_t part) {
    try {
      work(bound(part), bound(part + 1));
    } catch (...) {
      errors[part] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  others.reserve(parts);
  for (std::size_t part = 1; part < parts; ++part) {
    try {
      others.emplace_back(run, part);
    } catch (const std::system_error&) {
      run(part);
    }
  }
  run(0);
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace nb101
