// Lets the caller of long work stop it, for example because a person pressed Ctrl-C.
#pragma once

#include <atomic>
#include <chrono>

namespace nb101 {

// Is thrown by check_stop(). It is no std::exception, so that nothing takes it for an error.
struct Stopped {};

// While a StopScope exists, the work of its thread can be stopped. The work calls check_stop() many
// times a second. About ten times a second, this asks the caller whether to stop.
class StopScope {
 public:
  // `is_asked` is called only on the thread that made the scope.
  StopScope(bool (*is_asked)(void* caller), void* caller) noexcept
      : is_asked_(is_asked), caller_(caller), outer_(current()) {
    current() = {this, true};
  }
  ~StopScope() { current() = outer_; }
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;

  // What a thread knows of its scope. Only the thread that made the scope asks the caller.
  struct Seen {
    StopScope* scope = nullptr;
    bool asks = false;
  };
  static Seen& current() noexcept {
    thread_local Seen seen;
    return seen;
  }

  void check(bool asks) {
    if (!stop_.load(std::memory_order_relaxed)) {
      if (!asks) return;
      const auto now = std::chrono::steady_clock::now();
      if (now < next_) return;
      next_ = now + kInterval;
      if (!is_asked_(caller_)) return;
      stop_.store(true, std::memory_order_relaxed);
    }
    throw Stopped();  // NOLINT(bugprone-std-exception-baseclass)
  }

  static constexpr std::chrono::milliseconds kInterval{100};

 private:
  bool (*is_asked_)(void* caller);
  void* caller_;
  Seen outer_;
  std::atomic<bool> stop_{false};
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + kInterval;
};

// Throws Stopped if the work of this thread is to stop. Takes about 30 ns.
inline void check_stop() {
  const StopScope::Seen seen = StopScope::current();
  if (seen.scope) seen.scope->check(seen.asks);
}

// While an object of this class exists, its thread has this scope: that of the thread that started
// this one, or none for work that must not be stopped.
class WithStopScope {
 public:
  explicit WithStopScope(StopScope* scope) noexcept : outer_(StopScope::current()) {
    StopScope::current() = {scope, false};
  }
  ~WithStopScope() { StopScope::current() = outer_; }
  WithStopScope(const WithStopScope&) = delete;
  WithStopScope& operator=(const WithStopScope&) = delete;

 private:
  StopScope::Seen outer_;
};

}  // namespace nb101
