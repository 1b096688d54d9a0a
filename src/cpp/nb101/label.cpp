#include "nb101/label.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "nb101/metrics.hpp"
#include "nb101/sentence.hpp"

namespace nb101 {
namespace {

// The names that the queries and the tables of an index have for something else, beside those of
// the metrics.
constexpr std::string_view kReservedNames[] = {
    "parameters", "flops",   "macs",       "depth",  "width",   "num_vertices",
    "num_edges",  "epochs",  "stage",      "repeat", "seed",    "matrix",
    "operations", "ops",     "hash",       "id",     "cell_id", "code",
    "synthetic",  "dataset", "placements", "ranks"};
// In the tables of runs, each begins the name of a column, such as final_test_accuracy.
constexpr std::string_view kReservedStarts[] = {"start_", "halfway_", "final_"};

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= sizeof(Label::name) && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_reserved(std::string_view text) noexcept {
  return std::ranges::find(kMetricNames, text) != kMetricNames.end() ||
         std::ranges::find(kReservedNames, text) != std::end(kReservedNames) ||
         std::ranges::any_of(kReservedStarts, [&](auto start) { return text.starts_with(start); });
}

// Returns how many bytes the first character of the text has, or 0 if it is not UTF-8.
std::size_t utf8_size(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const std::uint8_t second = byte(1);
  const bool is_too_long = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_surrogate = first == 0xed && second > 0x9f;
  const bool is_too_large = first == 0xf4 && second > 0x8f;
  return is_too_long || is_surrogate || is_too_large ? 0 : size;
}

bool is_line(std::string_view text, std::size_t most) noexcept {
  if (text.size() > most) return false;
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    const auto first = static_cast<std::uint8_t>(text.front());
    // U+0080 to U+009F, which are control characters too, are c2 80 to c2 9f.
    const bool is_second_set = first == 0xc2 && static_cast<std::uint8_t>(text[1]) < 0xa0;
    if (size == 0 || first < 0x20 || first == 0x7f || is_second_set) return false;
    text.remove_prefix(size);
  }
  return true;
}

template <std::size_t kSize>
bool has_zeros_after_text(const std::array<char, kSize>& field) noexcept {
  return std::all_of(field.begin() + static_cast<std::ptrdiff_t>(text_of(field).size()),
                     field.end(), [](char c) { return c == '\0'; });
}

// Returns the text in quotes, with each byte as an escape that is not a printable one of ASCII.
std::string quoted(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result = "'";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result + "'";
}

std::string fault_of_line(std::string_view text, const char* what, std::size_t most) {
  if (is_line(text, most)) return {};
  return sentence(what, " ", quoted(text), " is not allowed; use at most ", most,
                  " bytes of UTF-8 without control characters");
}

std::string fault_of_texts(std::string_view name, std::string_view unit,
                           std::string_view description) {
  if (!is_name(name)) {
    return sentence(
        "the name ", quoted(name),
        " is not allowed; use 1 to 64 letters, digits and underscores, and begin with no digit");
  }
  if (is_reserved(name)) {
    return sentence("the name ", quoted(name),
                    " is not allowed, because it means something else, as all names do that begin "
                    "with start_, halfway_ or final_; use another one");
  }
  std::string fault = fault_of_line(unit, "the unit", sizeof(Label::unit));
  if (!fault.empty()) return fault;
  return fault_of_line(description, "the description", sizeof(Label::description));
}

}  // namespace

Label make_label(std::string_view name, std::string_view unit, std::string_view description) {
  if (const std::string fault = fault_of_texts(name, unit, description); !fault.empty()) {
    throw std::invalid_argument(fault);
  }
  Label label;
  std::ranges::copy(name, label.name.begin());
  std::ranges::copy(unit, label.unit.begin());
  std::ranges::copy(description, label.description.begin());
  return label;
}

std::string fault_of(const Label& label) {
  if (!has_zeros_after_text(label.name) || !has_zeros_after_text(label.unit) ||
      !has_zeros_after_text(label.description)) {
    return "the bytes after a text must be 0";
  }
  return fault_of_texts(text_of(label.name), text_of(label.unit), text_of(label.description));
}

}  // namespace nb101
