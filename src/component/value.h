// A value of a component, as a tree: for values from text, and for hosts that do not know the types
// when they are compiled. Its meaning depends on its type, which is not stored in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nacre::component {

struct Value {
  // bool, char, unsigned integers: the number. Signed integers: sign-extended. f32, f64: the bits.
  // variant, enum, option, result: the number of the case (option: 1 is some; result: 1 is err).
  // flags: bit i is flag i. own, borrow, stream, future, error-context: what a handle stands for, as
  // the implementation of Handles numbers it (canonical/boundary.h).
  // string: 1 if it was lifted from UTF-16 in a memory whose strings may be Latin-1 as well, which
  // shows where it is lowered.
  uint64_t bits = 0;
  std::string text;  // string, UTF-8
  // list, fixed list, tuple: elements. record: fields in the order of the type. map: key, value,
  // key, value... variant, option, result: the payload, if the case has one.
  std::vector<Value> parts;

  friend bool operator==(const Value&, const Value&) = default;
};

}  // namespace nacre::component
