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

// Each thing behind all it refers to, and otherwise in the order given. If things refer to each
// other in a circle: a reference of that circle.
std::expected<std::vector<size_t>, Reference> order_by_references(
    const std::vector<std::vector<Reference>>& references);

}  // namespace nacre::component::wit
