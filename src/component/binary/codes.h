// Facts of the components' binary format that decoder and encoder share.
#pragma once

#include <cstdint>
#include <optional>

#include "component/component.h"

namespace nacre::component::binary {

enum class SectionId : uint8_t {
  custom = 0,
  core_module = 1,
  core_instance = 2,
  core_type = 3,
  component = 4,
  instance = 5,
  alias = 6,
  type = 7,
  canon = 8,
  start = 9,
  import = 10,
  export_ = 11,
  value = 12,
};

inline constexpr uint8_t kCoreSort = 0x00;  // before the code of a core sort
inline constexpr uint8_t kCoreInstanceSort = 0x12;
inline constexpr uint8_t kCoreTypeSort = 0x10;
inline constexpr uint8_t kCoreModuleSort = 0x11;

inline constexpr uint8_t kCoreModuleTypeCode = 0x50;
inline constexpr uint8_t kCoreSubTypePrefix =
    0x00;  // before a type whose code would be the one above

// Codes of types that are not primitives.
inline constexpr uint8_t kRecordCode = 0x72;
inline constexpr uint8_t kVariantCode = 0x71;
inline constexpr uint8_t kListCode = 0x70;
inline constexpr uint8_t kTupleCode = 0x6F;
inline constexpr uint8_t kFlagsCode = 0x6E;
inline constexpr uint8_t kEnumCode = 0x6D;
inline constexpr uint8_t kOptionCode = 0x6B;
inline constexpr uint8_t kResultCode = 0x6A;
inline constexpr uint8_t kOwnCode = 0x69;
inline constexpr uint8_t kBorrowCode = 0x68;
inline constexpr uint8_t kFixedListCode = 0x67;
inline constexpr uint8_t kStreamCode = 0x66;
inline constexpr uint8_t kFutureCode = 0x65;
inline constexpr uint8_t kMapCode = 0x63;
inline constexpr uint8_t kFuncCode = 0x40;
inline constexpr uint8_t kComponentCode = 0x41;
inline constexpr uint8_t kInstanceCode = 0x42;
inline constexpr uint8_t kAsyncFuncCode = 0x43;
inline constexpr uint8_t kResourceCode = 0x3F;
inline constexpr uint8_t kRepI32 = 0x7F;

// Declarations of component types and instance types, and of core module types.
inline constexpr uint8_t kCoreTypeDeclaration = 0x00;
inline constexpr uint8_t kTypeDeclaration = 0x01;
inline constexpr uint8_t kAliasDeclaration = 0x02;
inline constexpr uint8_t kImportDeclaration = 0x03;
inline constexpr uint8_t kExportDeclaration = 0x04;
inline constexpr uint8_t kModuleImportDeclaration = 0x00;
inline constexpr uint8_t kModuleTypeDeclaration = 0x01;
inline constexpr uint8_t kModuleAliasDeclaration = 0x02;
inline constexpr uint8_t kModuleExportDeclaration = 0x03;
inline constexpr uint8_t kModuleOuterTarget = 0x01;

// Before a name, and before each of its attributes.
inline constexpr uint8_t kPlainName = 0x00;
inline constexpr uint8_t kPlainInterfaceName = 0x01;  // as earlier drafts wrote interfaces
inline constexpr uint8_t kNameWithAttributes = 0x02;
inline constexpr uint8_t kImplementsAttribute = 0x00;
inline constexpr uint8_t kExternalIdAttribute = 0x02;

// The codes of sorts.def; 0x00NN for core sorts.
uint16_t sort_code(Sort sort);
std::optional<Sort> find_core_sort(uint8_t code);
std::optional<Sort> find_sort(uint8_t code);

}  // namespace nacre::component::binary
