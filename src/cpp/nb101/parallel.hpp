// Splitting a range among threads; the caller's thread takes the first part.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace nb101 {

inline constexpr std::size_t kSmallestQueryPart = 1 << 14;  // below, starting a thread costs more

// Calls work(begin, end) over [0, size) from at most `threads` threads. Without a spare thread
// the work is done all the same. An exception of any part is thrown here, after all have ended.
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
