// Puts sentences together from texts and numbers, for the messages of errors. All work is done by
// one function that is never inlined, because messages are many and seldom needed.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace nb101 {

// A text, a character or a number, converted from what a caller has.
class SentencePart {
 public:
  SentencePart(const char* text) noexcept : value_(std::string_view(text)) {}
  SentencePart(std::string_view text) noexcept : value_(text) {}
  SentencePart(const std::string& text) noexcept : value_(std::string_view(text)) {}
  SentencePart(char character) noexcept : value_(character) {}
  SentencePart(double number) noexcept : value_(number) {}
  SentencePart(std::signed_integral auto number) noexcept : value_(std::int64_t{number}) {}
  SentencePart(std::unsigned_integral auto number) noexcept : value_(std::uint64_t{number}) {}

  void append_to(std::string& sentence) const;

 private:
  std::variant<std::string_view, char, double, std::int64_t, std::uint64_t> value_;
};

std::string sentence_of(std::initializer_list<SentencePart> parts);

// A floating-point number has as many digits as it takes to read the same number back.
template <class... Parts>
std::string sentence(const Parts&... parts) {
  return sentence_of({parts...});
}

}  // namespace nb101
