#include "nb101/regular_file.hpp"

#include <cerrno>
#include <system_error>

#include "nb101/error.hpp"

namespace nb101 {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as in Linux

}  // namespace

fs::path path_of(const std::string& name) {
#ifdef _WIN32
  return std::u8string(name.begin(), name.end());
#else
  return name;
#endif
}

std::string name_of(const fs::path& path) {
#ifdef _WIN32
  const std::u8string name = path.u8string();
  return {name.begin(), name.end()};
#else
  return path.string();
#endif
}

void check_regular(const std::string& name, bool follows_links) {
  const fs::path path = path_of(name);
  std::error_code ignored;  // It will be reported when the file is opened.
  switch ((follows_links ? fs::status(path, ignored) : fs::symlink_status(path, ignored)).type()) {
    case fs::file_type::directory:
      throw std::system_error(EISDIR, std::generic_category(), name);
    case fs::file_type::fifo:
      throw NotRegularError(name, "a pipe");
    case fs::file_type::socket:
      throw NotRegularError(name, "a socket");
    case fs::file_type::block:
    case fs::file_type::character:
      throw NotRegularError(name, "a device");
    default:
      return;
  }
}

std::string end_of_links(const std::string& name) {
  std::string end = name;
  std::error_code ignored;  // It will be reported when the file is opened.
  for (int links = 0; fs::is_symlink(path_of(end), ignored); ++links) {
    if (links == kMostLinks) throw std::system_error(ELOOP, std::generic_category(), name);
    const fs::path link = path_of(end);
    end = name_of(link.parent_path() / fs::read_symlink(link));
  }
  return end;
}

}  // namespace nb101
