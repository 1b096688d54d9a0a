// A value that is made when it is first asked for and lives until the process ends.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "nb101/process_word.hpp"
#include "nb101/stop.hpp"

namespace nb101 {

// Use it for tables in static storage, in place of a static object, for two reasons. Threads may
// still read a table while the process exits, so the value is never destroyed. And a child may be
// forked while another thread makes the value; that thread does not exist in the child, so the
// child makes the value anew. A static object would leave the child waiting for ever.
template <class T>
class Lazy {
 public:
  // Returns the value, or null if nobody has asked for it yet.
  const T* if_made() const noexcept { return value_.load(std::memory_order_acquire); }

  // Returns the value. The first call makes it with `make`; calls from other threads wait. If
  // `make` throws, the next call tries again. `make` must not ask for the same value. It
  // can't be stopped, because other threads may wait for the value while they hold the GIL.
  template <class Make>
  const T& get(Make make) {
    if (const T* const made = if_made()) [[likely]]
      return *made;
    return make_or_wait(make);
  }

 private:
  static constexpr std::uint64_t kNobody = 0;

  template <class Make>
  const T& make_or_wait(Make make) {
    const std::uint64_t own = process_word() + 1;
    for (;;) {
      std::uint64_t maker = kNobody;
      if (!maker_.compare_exchange_strong(maker, own) &&
          (maker == own || !maker_.compare_exchange_strong(maker, own))) {
        if (const T* const made = if_made()) return *made;
        std::this_thread::sleep_for(std::chrono::microseconds(100));
        continue;
      }
      const Release release{maker_};
      const WithStopScope unstoppable(nullptr);
      if (!if_made()) value_.store(new T(make()), std::memory_order_release);
      return *if_made();
    }
  }

  struct Release {
    std::atomic<std::uint64_t>& maker;
    ~Release() { maker.store(kNobody); }
  };

  std::atomic<const T*> value_{nullptr};
  std::atomic<std::uint64_t> maker_{kNobody};  // the process of the thread that makes the value
};

}  // namespace nb101
