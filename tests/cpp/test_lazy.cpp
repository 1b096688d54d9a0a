#include <doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "nb101/lazy.hpp"

namespace nb101 {

TEST_CASE("a value is made once, when it is first asked for, by whichever thread comes first") {
  static Lazy<std::vector<int>> lazy;
  CHECK(lazy.if_made() == nullptr);
  std::atomic<int> made = 0;
  std::vector<const std::vector<int>*> seen(8);
  std::vector<std::thread> threads;
  for (auto& place : seen) {
    threads.emplace_back([&] {
      place = &lazy.get([&] {
        ++made;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return std::vector<int>{1, 2, 3};
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
  for (const auto* place : seen) CHECK(place == lazy.if_made());
  CHECK(lazy.if_made()->size() == 3);
}

TEST_CASE("if the making fails, the next call tries again") {
  static Lazy<int> lazy;
  CHECK_THROWS_AS(lazy.get([]() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK(lazy.if_made() == nullptr);
  CHECK(lazy.get([] { return 5; }) == 5);
  CHECK(lazy.get([] { return 6; }) == 5);
}

}  // namespace nb101
