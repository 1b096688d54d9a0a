#include <doctest.h>

#ifndef _WIN32
#include <sys/stat.h>
#endif

#include <filesystem>
#include <system_error>

#include "nb101/atomic_file.hpp"
#include "nb101/error.hpp"
#include "sample_runs.hpp"

namespace nb101 {

TEST_CASE("the old file stays until the new one is complete") {
  const TemporaryFolder folder;
  const std::string path = folder.file("f");
  write_file(path, as_bytes("old"));
  {
    AtomicFile file(path);
    file.write(as_bytes("new"));
    CHECK(as_text(read_file(path)) == "old");
  }
  CHECK(as_text(read_file(path)) == "old");
  CHECK(folder.num_files() == 1);
  AtomicFile file(path);
  file.write(as_bytes("a new file"));
  file.seek(2);
  file.write(as_bytes("NEW"));
  file.commit();
  CHECK(as_text(read_file(path)) == "a NEW file");
  CHECK(folder.num_files() == 1);
}

TEST_CASE("temporary files of ended writers are removed, and those of living writers stay") {
  const TemporaryFolder folder;
  write_file(folder.file(".nb101fast.1.tmp"), as_bytes("abandoned"));
  AtomicFile alive(folder.file("f"));
  CHECK(folder.num_files() == 1);
  AtomicFile other(folder.file("f"));
  CHECK(folder.num_files() == 2);
  other.commit();
  alive.commit();
  CHECK(folder.num_files() == 1);
}

#ifndef _WIN32

TEST_CASE("a pipe that is named like a temporary file stays, and nobody waits for it") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo(folder.file(".nb101fast.1.tmp").c_str(), 0600) == 0);
  AtomicFile(folder.file("f")).commit();
  CHECK(folder.num_files() == 2);
}

TEST_CASE("a pipe is not replaced") {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const bool follows_links : {true, false}) {
    CHECK_THROWS_AS(AtomicFile(pipe, follows_links), NotRegularError);
  }
  CHECK(folder.num_files() == 1);
}

TEST_CASE("a link stays if it is followed, and is replaced if it is not") {
  const TemporaryFolder folder;
  const std::string link = folder.file("link");
  std::filesystem::create_directory(folder.file("far"));
  std::filesystem::create_symlink("far/f", link);
  const auto write = [&](std::string_view text, bool follows_links) {
    AtomicFile file(link, follows_links);
    file.write(as_bytes(text));
    file.commit();
  };
  for (const char* text : {"made", "replaced"}) {
    write(text, true);
    CHECK(std::filesystem::is_symlink(link));
    CHECK(as_text(read_file(folder.file("far/f"))) == text);
  }
  write("beside", false);
  CHECK_FALSE(std::filesystem::is_symlink(link));
  CHECK(as_text(read_file(link)) == "beside");
  CHECK(as_text(read_file(folder.file("far/f"))) == "replaced");
}

#endif

TEST_CASE("an error names the target") {
  const TemporaryFolder folder;
  const std::string path = folder.file("no/such/folder");
  const std::string message = path + ": No such file or directory";
  CHECK_THROWS_WITH_AS(AtomicFile{path}, message.c_str(), std::system_error);
}

}  // namespace nb101
