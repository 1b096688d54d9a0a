// The label of an own column: its name, its unit, and a line that describes it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace nb101 {

// Each text is followed by zeros up to the end of its field.
struct Label {
  std::array<char, 64> name{};
  std::array<char, 32> unit{};
  std::array<char, 160> description{};

  bool operator==(const Label&) const = default;
};
static_assert(sizeof(Label) == 256);

inline constexpr std::string_view kLabelRule =
    "a name of 1 to 64 letters, digits and underscores of ASCII, which does not begin with a digit "
    "or with start_, halfway_ or final_, and is not reserved; and a unit of at most 32 bytes and a "
    "description of at most 160 bytes in UTF-8 without control characters";

// Returns the text of a field without the zeros after it.
template <std::size_t kSize>
constexpr std::string_view text_of(const std::array<char, kSize>& field) noexcept {
  const std::string_view whole(field.data(), kSize);
  return whole.substr(0, whole.find('\0'));
}

// Throws std::invalid_argument if a text is not allowed.
Label make_label(std::string_view name, std::string_view unit, std::string_view description);

// Returns a sentence about what is wrong with a label. It is empty if nothing is.
std::string fault_of(const Label& label);

}  // namespace nb101
