#include <doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "nb101/parallel.hpp"

namespace nb101 {

TEST_CASE("every index is worked on once") {
  for (const std::size_t size : {0, 1, 16'383, 16'384, 32'768, 100'003}) {
    for (const int threads : {-1, 0, 1, 2, 3, 7, 64}) {
      std::vector<int> visits(size);
      parallel_for(size, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ++visits[i];
      });
      REQUIRE(std::ranges::count(visits, 1) == static_cast<std::ptrdiff_t>(size));
    }
  }
}

TEST_CASE("there are at most as many parts as threads, and the caller runs the first") {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::thread::id first;
  parallel_for(1'000'000, 3, [&](std::size_t begin, std::size_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    if (begin == 0) first = std::this_thread::get_id();
  });
  CHECK(threads.size() == 3);
  CHECK(first == std::this_thread::get_id());
}

TEST_CASE("little work starts no thread") {
  int parts = 0;
  parallel_for(20'000, 8, [&](std::size_t, std::size_t) { ++parts; });
  CHECK(parts == 1);
}

TEST_CASE("an exception of any part is thrown after all parts have ended") {
  constexpr std::size_t kSize = 4 * kLargestStep;  // each part is one step
  for (std::size_t part = 0; part < 4; ++part) {
    std::atomic<int> ended = 0;
    const auto work = [&](std::size_t begin, std::size_t) {
      ++ended;
      if (begin == kSize / 4 * part) throw std::runtime_error("part " + std::to_string(part));
    };
    const std::string message = "part " + std::to_string(part);
    CHECK_THROWS_WITH_AS(parallel_for(kSize, 4, work), message.c_str(), std::runtime_error);
    CHECK(ended == 4);
  }
}

TEST_CASE("results are taken in order, one at a time") {
  for (const std::size_t size : {0, 1, 2, 7, 500}) {
    for (const int threads : {-1, 1, 2, 5}) {
      std::atomic<int> takers = 0;
      std::vector<std::size_t> taken;
      parallel_in_order(
          size, threads,
          [](std::size_t i) {
            if (i % 3 == 0) std::this_thread::yield();
            return i * i;
          },
          [&](std::size_t i, std::size_t result) {
            REQUIRE(++takers == 1);
            REQUIRE(result == i * i);
            taken.push_back(i);
            --takers;
          });
      REQUIRE(taken.size() == size);
      REQUIRE(std::ranges::is_sorted(taken));
    }
  }
}

TEST_CASE("an exception ends the making and the taking in order") {
  for (const bool fails_in_take : {false, true}) {
    std::atomic<std::size_t> made = 0;
    const auto make = [&](std::size_t i) {
      ++made;
      if (!fails_in_take && i == 40) throw std::runtime_error("in make");
      return i;
    };
    const auto take = [&](std::size_t i, std::size_t) {
      if (fails_in_take && i == 40) throw std::runtime_error("in take");
    };
    CHECK_THROWS_WITH_AS(parallel_in_order(1'000, 4, make, take),
                         fails_in_take ? "in take" : "in make", std::runtime_error);
    CHECK(made < 100);
  }
}

TEST_CASE("a large part is done in steps, in order") {
  std::size_t done = 0;
  parallel_for(3 * kLargestStep + 5, 1, [&](std::size_t begin, std::size_t end) {
    CHECK(begin == done);
    CHECK(end - begin <= kLargestStep);
    done = end;
  });
  CHECK(done == 3 * kLargestStep + 5);
}

TEST_CASE("all threads stop when their caller says so") {
  struct Caller {
    std::thread::id asked_on;
    int left = 3;
  } caller;
  const auto is_asked = [](void* given) {
    auto& seen = *static_cast<Caller*>(given);
    seen.asked_on = std::this_thread::get_id();
    return --seen.left == 0;
  };
  const auto endless = [](std::size_t, std::size_t) {
    while (true) check_stop();
  };
  const auto waits = [](std::size_t begin, std::size_t) {
    while (begin > 0) check_stop();  // the caller's own part is done at once
  };
  for (const int threads : {1, 2, 4}) {
    caller.left = 3;
    const StopScope scope(is_asked, &caller);
    CHECK_THROWS_AS(parallel_for(4 * kLargestStep, threads, endless), Stopped);
    CHECK(caller.asked_on == std::this_thread::get_id());
  }
  caller.left = 3;
  const StopScope scope(is_asked, &caller);
  CHECK_THROWS_AS(parallel_for(4 * kLargestStep, 4, waits), Stopped);
}

TEST_CASE("work without a caller that may stop it, and work that must not be stopped") {
  check_stop();
  const StopScope scope([](void*) { return true; }, nullptr);
  const auto end = std::chrono::steady_clock::now() + 3 * StopScope::kInterval;
  const auto wait = [end] {
    while (std::chrono::steady_clock::now() < end) check_stop();
  };
  {
    const WithStopScope unstoppable(nullptr);
    wait();
  }
  CHECK_THROWS_AS(check_stop(), Stopped);
}

}  // namespace nb101
