#include <doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "nb101/sentence.hpp"

TEST_CASE("a sentence consists of texts, characters and numbers") {
  const std::string text = "cell";
  CHECK(nb101::sentence(text, ' ', 5, std::string_view(" of "), std::size_t{7}) == "cell 5 of 7");
  CHECK(nb101::sentence() == "");
}

TEST_CASE("a sentence writes every number as std::to_string does") {
  const auto least = std::numeric_limits<std::int64_t>::min();
  const auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(nb101::sentence(least, most) == std::to_string(least) + std::to_string(most));
  CHECK(nb101::sentence(std::uint8_t{65}) == "65");
  CHECK(nb101::sentence(0.5f, " ", -1e-9) == "0.500000 -0.000000");
}
