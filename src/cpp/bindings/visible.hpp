// Text that came from outside, such as a file or a host, in a form that is safe to show.
#pragma once

#include <pybind11/pybind11.h>

namespace nb101::bindings {

// Returns the text with each character that is not printable as an escape, such as \x1b. A terminal
// obeys some of these characters, and others hide or reorder what stands beside them. Bytes of a
// file's name that are not UTF-8 stay as Python holds them, unless they are control characters.
pybind11::str visible(const pybind11::str& text);

}  // namespace nb101::bindings
