// A number that distinguishes a process from the processes that are forked from it.
#pragma once

#include <cstdint>

namespace nb101 {

// Returns 0 in the process that loaded this library. A forked child has a different number, which
// neither its parent nor another child has. On Windows, which has no fork, it always returns 0.
std::uint64_t process_word() noexcept;

}  // namespace nb101
