// Lowering: values into a guest, by interpreting layouts (component model, "Canonical ABI": Storing,
// Flat Lowering, Lifting and Lowering Values). The counterpart of lift.h.
#pragma once

#include <optional>
#include <span>

#include "component/canonical/boundary.h"
#include "component/value.h"

namespace nacre::component {

class Lowerer {
 public:
  // `source` is the encoding of the strings of the guest that the values were lifted from: it
  // decides which calls of realloc are made. `memory` and `handles` may be null where no type asks
  // for them. All must outlive it.
  Lowerer(const Layouts& layouts, Memory* memory, StringEncoding encoding, Handles* handles,
          StringEncoding source = StringEncoding::utf8)
      : layouts_(layouts),
        memory_(memory),
        encoding_(encoding),
        handles_(handles),
        source_(source) {}

  // The core values to pass. What flattens to more than `max_flat` is stored, either at an address
  // that the guest gave, and nothing is passed, or in memory of its realloc, whose address is
  // passed. Parameters are one tuple. A value that is not of the type is a trap, too.
  OrTrap<FlatValues> lower(LayoutId type, const Value& value, uint32_t max_flat,
                           std::optional<uint64_t> address = {});

  // Puts a value at an address.
  OrTrap<void> store(LayoutId type, const Value& value, uint64_t address);
  // Puts values one behind the other, as into the buffer of a stream.
  OrTrap<void> store_list(LayoutId element, std::span<const Value> values, uint64_t address);

 private:
  struct Range {
    uint64_t address = 0;
    uint64_t length = 0;
  };

  OrTrap<void> flat(const Layout& type, const Value& value, FlatValues& to);
  OrTrap<void> flat_cases(const Layout& type, const Value& value, FlatValues& to);
  OrTrap<void> in_memory(const Layout& type, const Value& value, uint64_t address);
  OrTrap<void> elements(const Layout& element, std::span<const Value> values, uint64_t address);
  OrTrap<void> entries(const Layout& entry, std::span<const Value> parts, uint64_t address);
  OrTrap<Range> range(const Layout& type, const Value& value);
  OrTrap<Range> string(const Value& value);
  OrTrap<Range> list(const Layout& type, const Value& value);
  OrTrap<uint64_t> scalar(const Layout& type, const Value& value);
  OrTrap<void> write(uint64_t address, uint64_t bits, uint64_t bytes);

  const Layouts& layouts_;
  Memory* memory_;
  StringEncoding encoding_;
  Handles* handles_;
  StringEncoding source_;
};

}  // namespace nacre::component
