// SHA-256 (FIPS 180-4), by which modules are identified. Uses the processor's instructions for it
// where it has them.
#pragma once

#include <array>
#include <string>

#include "base/bytes.h"
#include "os/cpu.h"

namespace nacre::os {

std::array<uint8_t, 32> sha256(Bytes bytes);
// Computed as on a processor with these features, which this one must have.
std::array<uint8_t, 32> sha256(Bytes bytes, const CpuFeatures& cpu);
// "sha256:" and 64 hexadecimal digits, as registries write it.
std::string digest_text(Bytes bytes);

}  // namespace nacre::os
