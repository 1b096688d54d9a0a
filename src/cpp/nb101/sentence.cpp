#include "nb101/sentence.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace nb101 {
namespace {

// std::to_chars would do this, but the library of older versions of macOS lacks it.
std::string shortest(double number) {
  constexpr int kEnough = 17;  // digits, for every double
  std::array<char, 32> text;
  for (int digits = 15; digits <= kEnough; ++digits) {
    std::snprintf(text.data(), text.size(), "%.*g", digits, number);
    if (std::strtod(text.data(), nullptr) == number) break;
  }
  return text.data();
}

}  // namespace

void SentencePart::append_to(std::string& sentence) const {
  if (const auto* text = std::get_if<std::string_view>(&value_)) {
    sentence += *text;
  } else if (const auto* character = std::get_if<char>(&value_)) {
    sentence += *character;
  } else if (const auto* number = std::get_if<double>(&value_)) {
    sentence += shortest(*number);
  } else if (const auto* count = std::get_if<std::uint64_t>(&value_)) {
    sentence += std::to_string(*count);
  } else {
    sentence += std::to_string(std::get<std::int64_t>(value_));
  }
}

std::string sentence_of(std::initializer_list<SentencePart> parts) {
  std::string sentence;
  for (const SentencePart& part : parts) part.append_to(sentence);
  return sentence;
}

}  // namespace nb101
