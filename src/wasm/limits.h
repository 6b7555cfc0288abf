// How large a module may be (specification 3.0, appendix A.1, lets an implementation choose). The
// figures are those that browsers agreed on in the JavaScript API's limits, so that what runs there
// runs here; each bounds an allocation or a loop.
#pragma once

#include <cstdint>

namespace nacre::wasm {

inline constexpr uint64_t kMaxModuleBytes = 1u << 30;
inline constexpr uint32_t kMaxTypes = 1'000'000;
inline constexpr uint32_t kMaxRecGroups = 1'000'000;
inline constexpr uint32_t kMaxFunctions = 1'000'000;
inline constexpr uint32_t kMaxImports = 1'000'000;
inline constexpr uint32_t kMaxExports = 1'000'000;
inline constexpr uint32_t kMaxGlobals = 1'000'000;
inline constexpr uint32_t kMaxTags = 1'000'000;
inline constexpr uint32_t kMaxTables = 100'000;
inline constexpr uint32_t kMaxMemories = 100;
inline constexpr uint32_t kMaxDataSegments = 100'000;
inline constexpr uint32_t kMaxElementSegments = 10'000'000;
inline constexpr uint32_t kMaxElements = 10'000'000;  // of one segment
inline constexpr uint32_t kMaxParams = 1'000;
inline constexpr uint32_t kMaxResults = 1'000;
inline constexpr uint32_t kMaxFields = 10'000;
inline constexpr uint32_t kMaxLocals = 50'000;
inline constexpr uint32_t kMaxBodyBytes = 7'654'321;
inline constexpr uint32_t kMaxSubtypeDepth = 63;
inline constexpr uint32_t kMaxOperands = 1u << 20;  // height of one function's operand stack
inline constexpr uint32_t kMaxNesting = 1u << 20;   // open blocks at one point (no recursion there)
inline constexpr uint32_t kMaxTextNesting = 10'000;  // folded expressions in the text format
// Of a table that no budget counts; those of a store have what its limit of tables leaves them.
inline constexpr uint64_t kMaxTableElements = 10'000'000;

// How much work the validator does for bodies of this many bytes besides reading them once:
// operands that are moved or compared for block types, calls and branches, one by one.
constexpr uint64_t max_validation_work(uint64_t body_bytes) {
  return (uint64_t{1} << 26) + 64 * body_bytes;
}

// The text of a module may be so much longer than its bytes, and is never longer than
// kMaxModuleBytes: a few bytes can stand for thousands of locals, which text writes one by one.
inline constexpr uint64_t kMaxTextPerByte = 256;
inline constexpr uint64_t kTextForAll = 16u << 20;  // any module's text may be so long

}  // namespace nacre::wasm
