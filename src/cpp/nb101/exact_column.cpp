#include "nb101/exact_column.hpp"

#include <algorithm>
#include <utility>

namespace nb101 {

// Returns the slot that holds the value's number, or else the empty slot where it belongs.
std::size_t ValueDictionary::slot_of(std::uint64_t bits) const noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, rounded down
  const std::size_t mask = numbers_.size() - 1;
  // The upper bits of the product depend on all bits of the value.
  std::size_t slot = bits * kOdd >> (64 - std::bit_width(mask));
  while (numbers_[slot] != kEmpty &&
         std::bit_cast<std::uint64_t>(values_[numbers_[slot]]) != bits) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::optional<std::uint16_t> ValueDictionary::find_or_add(std::uint64_t bits) {
  if (2 * values_.size() >= numbers_.size()) grow();  // at least half of the slots stay empty
  const std::size_t slot = slot_of(bits);
  if (numbers_[slot] != kEmpty) return numbers_[slot];
  if (values_.size() == kEmpty) return std::nullopt;
  numbers_[slot] = static_cast<std::uint16_t>(values_.size());
  values_.push_back(std::bit_cast<double>(bits));
  return numbers_[slot];
}

void ValueDictionary::grow() {
  constexpr std::size_t kFirstSlots = 64;
  numbers_.assign(std::max(kFirstSlots, 2 * numbers_.size()), kEmpty);
  for (std::size_t number = 0; number < values_.size(); ++number) {
    numbers_[slot_of(std::bit_cast<std::uint64_t>(values_[number]))] =
        static_cast<std::uint16_t>(number);
  }
}

void ExactColumn::reserve(std::size_t size) {
  reserved_ = size;
  words_.reserve(size);
}

// Changes to the next form that holds all values of the present one.
void ExactColumn::widen() {
  ExactColumn wider;
  wider.form_ = static_cast<Form>(static_cast<int>(form_) + 1);
  wider.reserved_ = reserved_;
  if (wider.form_ == Form::numbers) wider.words_.reserve(reserved_);
  if (wider.form_ == Form::floats) wider.floats_.reserve(reserved_);
  if (wider.form_ == Form::doubles) wider.doubles_.reserve(reserved_);
  visit([&](auto values) { wider.append(std::max({words_.size(), floats_.size()}), values); });
  wider.size_ = size_;
  *this = std::move(wider);
}

double ExactColumn::operator[](std::size_t i) const noexcept {
  double value = 0;
  visit([&](auto values) { value = values(i); });
  return value;
}

}  // namespace nb101
