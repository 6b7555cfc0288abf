// The immediates of instructions, one struct for each word in the imm column of ops.def.
// Values as decoded: indices are not checked against the module. Spans point into the walk's
// scratch space and are valid until its next instruction.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wasm/types.h"

namespace nacre::wasm {

struct BlockType {
  enum class Kind : uint8_t { empty, value, type };
  Kind kind = Kind::empty;
  ValType value;   // kind value: the one result
  TypeIdx type{};  // kind type: a function type
};

struct Catch {
  enum Kind : uint8_t {
    kCatch = 0,
    kCatchRef = 1,
    kCatchAll = 2,
    kCatchAllRef = 3
  };  // binary codes
  Kind kind = kCatch;
  uint32_t tag = 0;    // kCatch, kCatchRef
  uint32_t label = 0;  // counted from outside the try_table
};

namespace imm {

struct none {};
struct block_type {
  BlockType type;
};
struct label {
  uint32_t depth = 0;
};
struct br_table {
  std::span<const uint32_t> depths;
  uint32_t default_depth = 0;
};
struct func {
  uint32_t index = 0;
};
struct call_indirect {
  TypeIdx type{};
  uint32_t table = 0;
};
struct type {
  TypeIdx index{};
};
struct tag {
  uint32_t index = 0;
};
struct local {
  uint32_t index = 0;
};
struct global {
  uint32_t index = 0;
};
struct table {
  uint32_t index = 0;
};
struct memory {
  uint32_t index = 0;
};
struct elem {
  uint32_t index = 0;
};
struct data {
  uint32_t index = 0;
};
struct select_types {
  std::span<const ValType> types;
};
struct try_table {
  BlockType type;
  std::span<const Catch> catches;
};
struct memarg {
  uint32_t align_log2 = 0;
  uint32_t memory = 0;
  uint64_t offset = 0;
};
struct memarg_lane {
  memarg arg;
  uint8_t lane = 0;
};
struct lane {
  uint8_t index = 0;
};
struct shuffle {
  std::array<uint8_t, 16> lanes{};
};
struct i32 {
  int32_t value = 0;
};
struct i64 {
  int64_t value = 0;
};
struct f32 {
  uint32_t bits = 0;
};
struct f64 {
  uint64_t bits = 0;
};
struct v128 {
  std::array<uint8_t, 16> bytes{};
};
struct heap_type {
  HeapType type = HeapType::kBottom;
};
struct struct_field {
  TypeIdx type{};
  uint32_t field = 0;
};
struct array_fixed {
  TypeIdx type{};
  uint32_t length = 0;
};
struct type_data {
  TypeIdx type{};
  uint32_t data = 0;
};
struct type_elem {
  TypeIdx type{};
  uint32_t elem = 0;
};
struct type_type {
  TypeIdx to{};
  TypeIdx from{};
};
struct br_on_cast {
  uint32_t depth = 0;
  ValType from;
  ValType to;
};
struct memory_init {
  uint32_t data = 0;
  uint32_t memory = 0;
};
struct memory_copy {
  uint32_t to = 0;
  uint32_t from = 0;
};
struct table_init {
  uint32_t elem = 0;
  uint32_t table = 0;
};
struct table_copy {
  uint32_t to = 0;
  uint32_t from = 0;
};
struct fence {};

}  // namespace imm
}  // namespace nacre::wasm
