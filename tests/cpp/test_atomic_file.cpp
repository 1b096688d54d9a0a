#include <doctest.h>

#include <system_error>

#include "nb101/atomic_file.hpp"
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

TEST_CASE("an error names the target") {
  const TemporaryFolder folder;
  const std::string path = folder.file("no/such/folder");
  const std::string message = path + ": No such file or directory";
  CHECK_THROWS_WITH_AS(AtomicFile{path}, message.c_str(), std::system_error);
}

}  // namespace nb101
