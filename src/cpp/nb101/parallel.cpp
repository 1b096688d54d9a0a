#include "nb101/parallel.hpp"

#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace nb101 {
namespace {

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

void run_in_steps(std::size_t begin, std::size_t end, RangeWork work) {
  while (begin < end) {
    check_stop();
    const std::size_t step_end = std::min(end, begin + kLargestStep);
    work(begin, step_end);
    begin = step_end;
  }
}

}  // namespace

void parallel_for(std::size_t size, int threads, RangeWork work, std::size_t smallest_part) {
  const std::size_t most = std::max<std::size_t>(1, size / smallest_part);
  const std::size_t parts =
      std::min<std::size_t>(static_cast<std::size_t>(std::max(threads, 1)), most);
  if (parts == 1) return run_in_steps(0, size, work);
  std::vector<std::exception_ptr> errors(parts);
  const auto run = [&](std::size_t part) {
    try {
      run_in_steps(size * part / parts, size * (part + 1) / parts, work);
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
    } catch (const std::exception&) {  // no thread or no memory is left, so this thread does it
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

}  // namespace nb101
