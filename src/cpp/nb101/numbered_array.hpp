// An array whose elements are numbered by int, as vertices, edges and labels are.
#pragma once

#include <array>
#include <cstddef>

namespace nb101 {

template <class T, std::size_t kSize>
struct NumberedArray : std::array<T, kSize> {
  constexpr T& operator[](int number) noexcept { return this->data()[number]; }
  constexpr const T& operator[](int number) const noexcept { return this->data()[number]; }
};

}  // namespace nb101
