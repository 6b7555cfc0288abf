// Facts of the binary format that decoder and encoder share (specification 3.0, chapter 5).
#pragma once

#include <array>
#include <cstdint>

#include "wasm/module.h"

namespace nacre::wasm::binary {

inline constexpr std::array<uint8_t, 4> kMagic = {0x00, 'a', 's', 'm'};
inline constexpr std::array<uint8_t, 4> kVersion = {0x01, 0x00, 0x00, 0x00};
inline constexpr std::array<uint8_t, 4> kComponentVersion = {0x0D, 0x00, 0x01, 0x00};

// The order in which non-custom sections stand in a module.
inline constexpr std::array kSectionOrder = {
    SectionId::type,   SectionId::import,  SectionId::function,   SectionId::table,
    SectionId::memory, SectionId::tag,     SectionId::global,     SectionId::export_,
    SectionId::start,  SectionId::element, SectionId::data_count, SectionId::code,
    SectionId::data,
};

inline constexpr uint8_t kRecCode = 0x4E;
inline constexpr uint8_t kSubFinalCode = 0x4F;
inline constexpr uint8_t kSubCode = 0x50;
inline constexpr uint8_t kArrayCode = 0x5E;
inline constexpr uint8_t kStructCode = 0x5F;
inline constexpr uint8_t kFuncCode = 0x60;

// Where an import's kind stands, after an empty name (compact import section).
inline constexpr uint8_t kSharedModuleCode = 0x7F;
inline constexpr uint8_t kSharedModuleAndTypeCode = 0x7E;

inline constexpr uint8_t kLimitsMax = 0x01;
inline constexpr uint8_t kLimitsShared = 0x02;
inline constexpr uint8_t kLimits64 = 0x04;
inline constexpr uint8_t kLimitsPageSize = 0x08;

inline constexpr uint8_t kTableWithInit = 0x40;

inline constexpr uint32_t kElementNotActive = 1;  // passive, or declarative with bit 1
inline constexpr uint32_t kElementExplicit = 2;   // active: table and type are written
inline constexpr uint32_t kElementExprs = 4;

inline constexpr uint32_t kDataActive = 0;
inline constexpr uint32_t kDataPassive = 1;
inline constexpr uint32_t kDataExplicit = 2;

}  // namespace nacre::wasm::binary
