#include <doctest.h>

#ifndef _WIN32

#include <sys/stat.h>

#include <string>
#include <system_error>

#include "nb101/error.hpp"
#include "nb101/mapped_file.hpp"
#include "nb101/regular_file.hpp"
#include "sample_runs.hpp"

namespace nb101 {

TEST_CASE("an error says what has the name of a file") {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto check_refused = [](const std::string& name, const std::string& kind) {
    const std::string message = name + " is " + kind + "; use a regular file";
    CHECK_THROWS_WITH_AS(check_regular(name), message.c_str(), NotRegularError);
    CHECK_THROWS_WITH_AS(MappedFile{name}, message.c_str(), NotRegularError);
  };
  check_refused(pipe, "a pipe");
  check_refused("/dev/null", "a device");
  CHECK_THROWS_AS(check_regular(folder.file("")), std::system_error);
}

TEST_CASE("files, missing files and links to them are allowed") {
  const TemporaryFolder folder;
  write_file(folder.file("f"), as_bytes("f"));
  std::filesystem::create_symlink("f", folder.file("to file"));
  std::filesystem::create_symlink("g", folder.file("to nothing"));
  std::filesystem::create_symlink("/dev/null", folder.file("to device"));
  for (const char* name : {"f", "g", "to file", "to nothing"}) {
    CHECK_NOTHROW(check_regular(folder.file(name)));
    CHECK_NOTHROW(check_regular(folder.file(name), false));
  }
  CHECK_THROWS_AS(check_regular(folder.file("to device")), NotRegularError);
  CHECK_NOTHROW(check_regular(folder.file("to device"), false));
}

TEST_CASE("links are followed to their end, unless they go in a circle") {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("b", folder.file("a"));
  std::filesystem::create_symlink(folder.file("c"), folder.file("b"));
  CHECK(end_of_links(folder.file("a")) == folder.file("c"));
  std::filesystem::create_symlink("a", folder.file("c"));
  CHECK_THROWS_AS(end_of_links(folder.file("a")), std::system_error);
}

}  // namespace nb101

#endif
