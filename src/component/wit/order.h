// The order in which things that refer to each other are made.
#pragma once

#include <cstddef>
#include <expected>
#include <vector>

namespace nacre::component::wit {

// What a thing refers to; the place is where, for errors.
struct Reference {
  size_t to;
  size_t offset;
};

// Sorts so that each thing comes after all it refers to, and otherwise in the order given. If there
// is a cycle: one of its references.
std::expected<std::vector<size_t>, Reference> order_by_references(
    const std::vector<std::vector<Reference>>& references);

}  // namespace nacre::component::wit
