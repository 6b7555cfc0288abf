// SHA-256 (FIPS 180-4): how modules are named by what they are.
#pragma once

#include <array>
#include <string>

#include "base/bytes.h"

namespace nacre {

std::array<uint8_t, 32> sha256(Bytes bytes);
// "sha256:" and 64 hexadecimal digits, as registries write it.
std::string digest_text(Bytes bytes);

}  // namespace nacre
