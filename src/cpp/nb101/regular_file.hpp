// What is read and what is replaced must be a regular file. A pipe gives its bytes only once and
// may never give any, and a write in place of a device or socket would destroy it.
#pragma once

#include <filesystem>
#include <string>

namespace nb101 {

// The bytes of a name are UTF-8 on Windows, and whatever they are elsewhere.
std::filesystem::path path_of(const std::string& name);
std::string name_of(const std::filesystem::path& path);

// Throws NotRegularError if a device, pipe or socket has this name, and std::system_error if a
// folder has it. A name that nothing has is allowed. So is a symbolic link that is not followed.
void check_regular(const std::string& name, bool follows_links = true);

// Returns the name at which symbolic links end, even if nothing has it. Throws std::system_error if
// they go in a circle.
std::string end_of_links(const std::string& name);

}  // namespace nb101
