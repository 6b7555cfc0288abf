// A Component back to the binary format.
//
// Canonical: neighbours of one kind share a section, all LEB128s are of the shortest form, and names
// have attributes only where there are any. May be called from any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "component/component.h"

namespace nacre::component {

std::vector<uint8_t> encode(const Component& component);

}  // namespace nacre::component
