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

// A part of more elements is done in steps of this size, and can be stopped between them. Where an
// element is one code, its work takes at most 3 us, so a step takes at most a tenth of a second.
// Where it is more, such as a whole run, the work calls check_stop() itself.
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

// Hands out the numbers below `size` to several threads, each of which makes the result of its
// number. The results are taken in the order of their numbers, one at a time.
template <class Result>
class OrderedResults {
 public:
  OrderedResults(std::size_t size, std::size_t most_waiting)
      : size_(size), most_waiting_(most_waiting) {}

  // Makes and takes results until all numbers are handed out or a call of any thread has failed.
  template <class Make, class Take>
  void work(Make& make, Take& take) {
    std::unique_lock lock(mutex_);
    try {
      while (can_begin(lock)) {
        const std::size_t i = num_begun_++;
        lock.unlock();
        Result result = make(i);
        lock.lock();
        made_.emplace(i, std::move(result));
        take_all(take, lock);
      }
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      has_failed_ = true;
      changed_.notify_all();
      throw;
    }
  }

 private:
  // Waits until a number may be handed out. Returns false if there is none.
  bool can_begin(std::unique_lock<std::mutex>& lock) {
    check_stop();
    const auto is_over = [&] { return has_failed_ || num_begun_ == size_; };
    changed_.wait(lock, [&] { return is_over() || num_begun_ < num_taken_ + most_waiting_; });
    return !is_over();
  }

  // Takes all results whose turn it is, unless another thread does.
  template <class Take>
  void take_all(Take& take, std::unique_lock<std::mutex>& lock) {
    while (!is_taking_ && !has_failed_ && made_.contains(num_taken_)) {
      is_taking_ = true;
      auto next = made_.extract(num_taken_);
      lock.unlock();
      take(next.key(), std::move(next.mapped()));
      lock.lock();
      is_taking_ = false;
      ++num_taken_;
      changed_.notify_all();
    }
  }

  const std::size_t size_;
  const std::size_t most_waiting_;  // so many results may wait to be taken
  std::mutex mutex_;                // guards what follows
  std::condition_variable changed_;
  std::map<std::size_t, Result> made_;
  std::size_t num_begun_ = 0;
  std::size_t num_taken_ = 0;
  bool is_taking_ = false;
  bool has_failed_ = false;
};

// Calls make(i) for each i below `size` on at most `threads` threads, and take(i, result) in the
// order of i. Two results are never taken at the same time. If a call throws, no further ones
// begin, and the exception is thrown again here after all threads have ended.
template <class Make, class Take>
void parallel_in_order(std::size_t size, int threads, Make make, Take take) {
  const auto num_threads = static_cast<std::size_t>(std::max(threads, 1));
  OrderedResults<std::invoke_result_t<Make, std::size_t>> results(size, 4 * num_threads);
  parallel_for(
      num_threads, threads, [&](std::size_t, std::size_t) { results.work(make, take); }, 1);
}

}  // namespace nb101
