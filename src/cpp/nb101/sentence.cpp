#include "nb101/sentence.hpp"

namespace nb101 {

void SentencePart::append_to(std::string& sentence) const {
  if (const auto* text = std::get_if<std::string_view>(&value_)) {
    sentence += *text;
  } else if (const auto* character = std::get_if<char>(&value_)) {
    sentence += *character;
  } else if (const auto* number = std::get_if<double>(&value_)) {
    sentence += std::to_string(*number);
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
