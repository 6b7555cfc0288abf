// Lifting: values out of a guest, by interpreting layouts (component model, "Canonical ABI":
// Loading, Flat Lifting, Lifting and Lowering Values). Slower than code made for a type, and what
// such code is compared with.
#pragma once

#include <span>

#include "component/canonical/boundary.h"
#include "component/value.h"

namespace nacre::component {

class Lifter {
 public:
  // `max_host_bytes` bounds what the values that are lifted take altogether: a guest's lists may
  // name the same memory many times. `memory` and `handles` may be null where no type asks for
  // them. All must outlive it.
  Lifter(const Layouts& layouts, Memory* memory, StringEncoding encoding, Handles* handles,
         uint64_t max_host_bytes)
      : layouts_(layouts),
        memory_(memory),
        encoding_(encoding),
        handles_(handles),
        bytes_left_(max_host_bytes) {}

  // What the core values stand for: the value itself if it flattens to no more than `max_flat`, or
  // else its address. Parameters are one tuple. There must be as many as the type flattens to.
  OrTrap<Value> lift(LayoutId type, std::span<const uint64_t> values, uint32_t max_flat);

  // The value at an address.
  OrTrap<Value> load(LayoutId type, uint64_t address);
  // `count` values one behind the other, as in a list or the buffer of a stream.
  OrTrap<std::vector<Value>> load_list(LayoutId element, uint64_t address, uint64_t count);

 private:
  struct Flat;  // the core values, and which is next

  OrTrap<Value> flat(const Layout& type, Flat& from);
  OrTrap<Value> flat_cases(const Layout& type, Flat& from);
  OrTrap<Value> in_memory(const Layout& type, uint64_t address);
  OrTrap<std::vector<Value>> elements(LayoutId element, uint64_t address, uint64_t count);
  OrTrap<Value> primitive(const Layout& type, uint64_t bits);
  OrTrap<Value> range(const Layout& type, uint64_t address, uint64_t length);
  OrTrap<Value> handle(const Layout& type, uint64_t bits);
  OrTrap<void> spend(uint64_t bytes);

  Bytes memory() const { return memory_ == nullptr ? Bytes() : Bytes(memory_->bytes()); }
  uint64_t read(uint64_t address, uint32_t bytes) const;

  const Layouts& layouts_;
  Memory* memory_;
  StringEncoding encoding_;
  Handles* handles_;
  uint64_t bytes_left_;
};

}  // namespace nacre::component
