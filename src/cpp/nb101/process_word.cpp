#include "nb101/process_word.hpp"

#include <atomic>
#include <ctime>

#ifndef _WIN32  // which has no fork
#include <pthread.h>
#include <unistd.h>
#endif

#include "nb101/random.hpp"

namespace nb101 {
namespace {

std::atomic<std::uint64_t> word{0};

#ifndef _WIN32
// Runs in the child after a fork, where only functions are allowed that a signal handler may call.
// Children that live at the same time differ in their process id. Others differ in the time.
void take_new_word() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const auto nanoseconds = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                           static_cast<std::uint64_t>(now.tv_nsec);
  word.store(random_word(nanoseconds, static_cast<std::uint64_t>(getpid())),
             std::memory_order_relaxed);
}

[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, take_new_word);
#endif

}  // namespace

std::uint64_t process_word() noexcept { return word.load(std::memory_order_relaxed); }

}  // namespace nb101
