// Loads and stores: which operation each is. Addresses are made below (x64/memory.cc).
#include <cstddef>

#include "abi/vmctx.h"
#include "baseline/function_compiler.h"

namespace nacre::baseline {

using abi::MemoryRecord;

#define LOAD(name, type, bytes, is_signed)                  \
  void FunctionCompiler::name(const wasm::imm::memarg& i) { \
    load_int(i, Type::type, bytes, is_signed);              \
  }
LOAD(i32_load, i32, 4, false)
LOAD(i32_load8_s, i32, 1, true)
LOAD(i32_load8_u, i32, 1, false)
LOAD(i32_load16_s, i32, 2, true)
LOAD(i32_load16_u, i32, 2, false)
LOAD(i64_load, i64, 8, false)
LOAD(i64_load8_s, i64, 1, true)
LOAD(i64_load8_u, i64, 1, false)
LOAD(i64_load16_s, i64, 2, true)
LOAD(i64_load16_u, i64, 2, false)
LOAD(i64_load32_s, i64, 4, true)
LOAD(i64_load32_u, i64, 4, false)
#undef LOAD
void FunctionCompiler::f32_load(const wasm::imm::memarg& i) { load_float(i, Type::f32); }
void FunctionCompiler::f64_load(const wasm::imm::memarg& i) { load_float(i, Type::f64); }

void FunctionCompiler::i32_store(const wasm::imm::memarg& i) { store_int(i, 4); }
void FunctionCompiler::i64_store(const wasm::imm::memarg& i) { store_int(i, 8); }
void FunctionCompiler::i32_store8(const wasm::imm::memarg& i) { store_int(i, 1); }
void FunctionCompiler::i32_store16(const wasm::imm::memarg& i) { store_int(i, 2); }
void FunctionCompiler::i64_store8(const wasm::imm::memarg& i) { store_int(i, 1); }
void FunctionCompiler::i64_store16(const wasm::imm::memarg& i) { store_int(i, 2); }
void FunctionCompiler::i64_store32(const wasm::imm::memarg& i) { store_int(i, 4); }
void FunctionCompiler::f32_store(const wasm::imm::memarg& i) { store_float(i, Type::f32); }
void FunctionCompiler::f64_store(const wasm::imm::memarg& i) { store_float(i, Type::f64); }

void FunctionCompiler::memory_size(const wasm::imm::memory& i) {
  Gpr to = result_gpr();
  memory_record(to, i.index);
  masm_.load(Width::w64, to, at(to, offsetof(MemoryRecord, size_bytes)));
  uint8_t page = module_.memories[i.index].page_size_log2;
  if (page != 0) masm_.shift_right(to, page);
  push_gpr(is_64(i.index) ? Type::i64 : Type::i32, to);
}

}  // namespace nacre::baseline
