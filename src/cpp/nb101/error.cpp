#include "nb101/error.hpp"

#include "nb101/sentence.hpp"

namespace nb101 {

FormatError::FormatError(const std::string& source, std::uint64_t offset, const std::string& what)
    : std::runtime_error(sentence(source, ": byte ", offset, ": ", what)) {}

NotRegularError::NotRegularError(const std::string& name, const std::string& kind)
    : std::runtime_error(sentence(name, " is ", kind, "; use a regular file")) {}

}  // namespace nb101
