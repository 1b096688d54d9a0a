// A growing column of doubles that keeps every value exactly in little memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nb101/exact.hpp"
#include "nb101/metrics.hpp"

namespace nb101 {

// Numbers the distinct values of a column in the order of their first appearance. Values are
// distinct if their bits differ, as those of 0 and -0 do.
class ValueDictionary {
 public:
  // Returns the number of the value, which may be new. Returns nothing if the value is new and all
  // numbers of 16 bits are taken.
  std::optional<std::uint16_t> number_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    if (bits != last_bits_ || values_.empty()) {  // neighbouring runs often have equal values
      const auto number = find_or_add(bits);
      if (!number) return std::nullopt;
      last_bits_ = bits;
      last_number_ = *number;
    }
    return last_number_;
  }

  const std::vector<double>& values() const noexcept { return values_; }  // by number

 private:
  static constexpr std::uint16_t kEmpty = 0xffff;

  std::optional<std::uint16_t> find_or_add(std::uint64_t bits);
  std::size_t slot_of(std::uint64_t bits) const noexcept;
  void grow();

  std::uint64_t last_bits_ = 0;
  std::uint16_t last_number_ = 0;
  std::vector<double> values_;          // by number
  std::vector<std::uint16_t> numbers_;  // an open-addressed hash table; its size is a power of two
};

// Stores its values in the first of these forms that holds them all:
// - counts of the official denominator, 2 bytes each, as for the accuracies of the official files;
// - numbers of a dictionary, 2 bytes each, as for epochs, parameters and other accuracies;
// - float32;
// - double.
class ExactColumn {
 public:
  std::size_t size() const noexcept { return size_; }
  void reserve(std::size_t size);  // the system gives the memory only when it is first written
  double operator[](std::size_t i) const noexcept;

  // Appends value(0) .. value(count - 1).
  template <class Value>
  void append(std::size_t count, Value value) {
    for (std::size_t done = 0; done < count; widen()) {
      const auto next = [&](auto& elements, auto narrowed) {
        for (; done < count; ++done) {
          const auto element = narrowed(value(done));
          if (!element) return;
          elements.push_back(*element);
        }
      };
      switch (form_) {
        case Form::counts:
          next(words_, [](double v) { return count_of(v, kOfficialDenominator); });
          break;
        case Form::numbers:
          next(words_, [this](double v) { return dictionary_.number_of(v); });
          break;
        case Form::floats:
          next(floats_, [](double v) {
            return holds<float>(v) ? std::optional(static_cast<float>(v)) : std::nullopt;
          });
          break;
        case Form::doubles:
          next(doubles_, [](double v) { return std::optional(v); });
      }
      if (done == count) break;
    }
    size_ += count;
  }

  // Calls read(values), where values(i) is the i-th value. Loops over many values should use it
  // because the form of the column is chosen once and not for each value.
  template <class Read>
  void visit(Read read) const {
    switch (form_) {
      case Form::counts:
        return read([from = words_.data()](std::size_t i) {
          return double{static_cast<float>(from[i]) / static_cast<float>(kOfficialDenominator)};
        });
      case Form::numbers:
        return read([known = dictionary_.values().data(), from = words_.data()](std::size_t i) {
          return known[from[i]];
        });
      case Form::floats:
        return read([from = floats_.data()](std::size_t i) { return double{from[i]}; });
      case Form::doubles:
        return read([from = doubles_.data()](std::size_t i) { return from[i]; });
    }
  }

  // Return the elements of a column of that form, and nothing of another.
  std::span<const std::uint16_t> counts() const noexcept {
    return form_ == Form::counts ? std::span<const std::uint16_t>(words_)
                                 : std::span<const std::uint16_t>();
  }
  std::span<const float> floats() const noexcept { return floats_; }

 private:
  enum class Form { counts, numbers, floats, doubles };

  void widen();

  Form form_ = Form::counts;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
  ValueDictionary dictionary_;
  std::vector<std::uint16_t> words_;  // counts, or numbers of the dictionary
  std::vector<float> floats_;
  std::vector<double> doubles_;
};

}  // namespace nb101
