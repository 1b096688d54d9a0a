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

TEST_CASE("a sentence writes each number so that it can be read back") {
  const auto least = std::numeric_limits<std::int64_t>::min();
  const auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(nb101::sentence(least, most) == std::to_string(least) + std::to_string(most));
  CHECK(nb101::sentence(std::uint8_t{65}) == "65");
  CHECK(nb101::sentence(0.5f, " ", -1e-9, " ", 0.1, " ", 1e300) == "0.5 -1e-09 0.1 1e+300");
  for (const double number : {1.0 / 3, 0.1 + 0.2, 1e-300, -1234567.875, 93.1}) {
    CHECK(std::stod(nb101::sentence(number)) == number);
  }
  CHECK(nb101::sentence(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(nb101::sentence(-std::numeric_limits<double>::infinity()) == "-inf");
}
