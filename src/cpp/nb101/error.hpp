// The core's errors: thrown on cold paths, each explaining itself with the offending value.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace nb101 {

// A graph that is no cell of the space.
class OutOfDomainError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Bytes that are not what a format promises: in which source, at which byte, what is wrong.
class FormatError : public std::runtime_error {
 public:
  FormatError(const std::string& source, std::uint64_t offset, const std::string& what)
      : std::runtime_error(source + ": byte " + std::to_string(offset) + ": " + what) {}
};

}  // namespace nb101
