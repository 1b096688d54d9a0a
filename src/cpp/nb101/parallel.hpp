// Splits a range among threads. The thread of the caller works, too.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "nb101/stop.hpp"

namespace nb101 {

// For fewer queries, starting a thread takes longer than it saves.
inline constexpr std::size_t kSmallestQueryPart = 1 << 14;

// A part of more elements is done in steps of this size, and can be stopped between them. The
// slowest work on an element takes 3 us, so a step takes at most a tenth of a second.
inline constexpr std::size_t kLargestStep = 1 << 15;

// Counts the threads that have ended, so that the caller's thread can wait and still be stopped.
class EndedThreads {
 public:
  void add_one() {
    const std::scoped_lock lock(mutex_);
    ++count_;
    changed_.notify_one();
  }
  // Waits until so many threads have ended. Throws Stopped if the work is to stop.
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, StopScope::kInterval, [&] { return count_ == count; })) {
      lock.unlock();
      check_stop();
      lock.lock();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

// Calls work(begin, end) for parts of [0, size) on at most `threads` threads. If the system cannot
// start a thread, the caller's thread does its part. If a part throws, the exception is thrown
// again here after all parts have ended. The work can be stopped (see StopScope).
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
      for (std::size_t begin = bound(part), end = bound(part + 1); begin < end;) {
        check_stop();
        const std::size_t step_end = std::min(end, begin + kLargestStep);
        work(begin, step_end);
        begin = step_end;
      }
    } catch (...) {
      errors[part] = std::current_exception();
    }
  };
  EndedThreads ended;
  std::vector<std::thread> others;
  others.reserve(parts);
  for (std::size_t part = 1; part < parts; ++part) {
    try {
      others.emplace_back([&, part, scope = StopScope::current().scope] {
        const WithStopScope same(scope);
        run(part);
        ended.add_one();
      });
    } catch (const std::system_error&) {
      run(part);
    }
  }
  run(0);
  try {
    ended.wait_for(others.size());
  } catch (...) {
    errors[0] = std::current_exception();
  }
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

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
