#include <doctest.h>

#include <stdexcept>

#include "nb101/label.hpp"

namespace nb101 {

TEST_CASE("a label keeps its texts") {
  const Label label = make_label("latency_ms", "\xc2\xb5s", "one image");
  CHECK(text_of(label.name) == "latency_ms");
  CHECK(text_of(label.unit) == "\xc2\xb5s");
  CHECK(text_of(label.description) == "one image");
  CHECK(fault_of(label).empty());
  const std::string longest(64, 'x');
  CHECK(text_of(make_label(longest, std::string(32, 'u'), std::string(160, 'd')).name) == longest);
}

TEST_CASE("a name that has a wrong form or another meaning is refused") {
  for (const char* name : {"", "3d", "a b", "a-b", "\xc3\xa4", "test_accuracy", "graph", "flops",
                           "cell_id", "final_x", "start_x"}) {
    CHECK_THROWS_AS(make_label(name, "", ""), std::invalid_argument);
  }
  CHECK_THROWS_AS(make_label(std::string(65, 'x'), "", ""), std::invalid_argument);
  CHECK_THROWS_WITH(make_label("a\x1b[2J", "", ""),
                    "the name 'a\\x1b[2J' is not allowed; use 1 to 64 letters, digits and "
                    "underscores, and begin with no digit");
}

TEST_CASE("a unit or a description that is no line of UTF-8 is refused") {
  for (const char* text :
       {"\n", "\x7f", "\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\x80", "\xc2\x80", "a\xc2\x9b", "\xc2\x9f"}) {
    CHECK_THROWS_AS(make_label("x", text, ""), std::invalid_argument);
    CHECK_THROWS_AS(make_label("x", "", text), std::invalid_argument);
  }
  for (const char* text :
       {"", "\xc2\xa0", "\xc2\xb5s", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    CHECK(fault_of(make_label("x", text, text)).empty());
  }
  CHECK_THROWS_AS(make_label("x", std::string(33, 'u'), ""), std::invalid_argument);
  CHECK_THROWS_AS(make_label("x", "", std::string(161, 'd')), std::invalid_argument);
}

TEST_CASE("a byte after a text is a fault of a label from a file") {
  Label label = make_label("x", "ms", "");
  label.unit.back() = '!';
  CHECK_FALSE(fault_of(label).empty());
}

}  // namespace nb101
