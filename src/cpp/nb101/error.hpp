// The errors that the core throws. Each message names the offending value.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace nb101 {

// A graph is not a cell of the search space.
class OutOfDomainError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Bytes do not follow their format. The message names the source, the byte and what is wrong.
class FormatError : public std::runtime_error {
 public:
  FormatError(const std::string& source, std::uint64_t offset, const std::string& what);
};

// A device, a pipe or a socket has the name of a file. The message names it and says what it is.
class NotRegularError : public std::runtime_error {
 public:
  NotRegularError(const std::string& name, const std::string& kind);
};

}  // namespace nb101
