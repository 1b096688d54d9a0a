// Splits a range among threads. The thread of the caller works, too.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <type_traits>
#include <utility>

#include "nb101/stop.hpp"

namespace nb101 {

// For fewer queries, starting a thread takes longer than it saves.
inline constexpr std::size_t kSmallestQueryPart = 1 << 14;

// A part of more elements is done in steps of this size, and can be stopped between them. The
// slowest work on an element takes 3 us, so a step takes at most a tenth of a second.
inline constexpr std::size_t kLargestStep = 1 << 15;

// Refers to a function of a range, work(begin, end), which must live as long as the reference.
class RangeWork {
 public:
  template <class Work>
  RangeWork(const Work& work) noexcept  // implicit, so that a caller passes what it has
      : work_(&work), call_([](const void* object, std::size_t begin, std::size_t end) {
          (*static_cast<const Work*>(object))(begin, end);
        }) {}

  void operator()(std::size_t begin, std::size_t end) const { call_(work_, begin, end); }

 private:
  const void* work_;
  void (*call_)(const void* object, std::size_t begin, std::size_t end);
};

// Calls work(begin, end) for parts of [0, size) on at most `threads` threads. If the system cannot
// start a thread, the caller's thread does its part. If a part throws, the exception is thrown
// again here after all parts have ended. The work can be stopped (see StopScope).
void parallel_for(std::size_t size, int threads, RangeWork work,
                  std::size_t smallest_part = kSmallestQueryPart);

// Calls make(i) for each i below `size` on at most `threads` threads, and take(i, result) in the
// order of i. Two results are never taken at the same time. If a call throws, no further ones
// begin, and the exception is thrown again here after all threads have ended.
template <class Make, class Take>
void parallel_in_order(std::size_t size, int threads, Make make, Take take) {
  const auto num_threads = static_cast<std::size_t>(std::max(threads, 1));
  const std::size_t window = 4 * num_threads;  // so many results may wait to be taken
  std::mutex mutex;                            // guards what follows
  std::condition_variable changed;
  std::map<std::size_t, std::invoke_result_t<Make, std::size_t>> made;
  std::size_t num_begun = 0;
  std::size_t num_taken = 0;
  bool is_taking = false;
  bool has_failed = false;
  const auto work = [&](std::unique_lock<std::mutex>& lock) {
    while (true) {
      check_stop();
      changed.wait(
          lock, [&] { return has_failed || num_begun == size || num_begun < num_taken + window; });
      if (has_failed || num_begun == size) return;
      const std::size_t i = num_begun++;
      lock.unlock();
      auto result = make(i);
      lock.lock();
      made.emplace(i, std::move(result));
      while (!is_taking && !has_failed && made.contains(num_taken)) {
        is_taking = true;
        auto next = made.extract(num_taken);
        lock.unlock();
        take(next.key(), std::move(next.mapped()));
        lock.lock();
        is_taking = false;
        ++num_taken;
        changed.notify_all();
      }
    }
  };
  parallel_for(
      num_threads, threads,
      [&](std::size_t, std::size_t) {
        std::unique_lock lock(mutex);
        try {
          work(lock);
        } catch (...) {
          if (!lock.owns_lock()) lock.lock();
          has_failed = true;
          changed.notify_all();
          throw;
        }
      },
      1);
}

}  // namespace nb101
