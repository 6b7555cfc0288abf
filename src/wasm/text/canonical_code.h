// The code of a module written again with the shortest LEB128s and with adjacent groups of locals
// of one type merged: what the text format can say. For tests.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "wasm/binary/writer.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/walk.h"

namespace nacre::wasm {

class CodeRewriter {
 public:
  explicit CodeRewriter(ByteWriter& out) : out_(out) {}
#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  void name(const imm::imm_& i) {                               \
    out_.opcode(Op::name);                                      \
    write(i);                                                   \
  }
#include "wasm/ops.def"
#undef OP

 private:
  void write(const imm::none&) {}
  void write(const imm::fence&) { out_.u8(0); }
  void write(const imm::block_type& i) { out_.block_type(i.type); }
  void write(const imm::label& i) { out_.u32(i.depth); }
  void write(const imm::br_table& i) {
    out_.u64(i.depths.size());
    for (uint32_t depth : i.depths) out_.u32(depth);
    out_.u32(i.default_depth);
  }
  void write(const imm::func& i) { out_.u32(i.index); }
  void write(const imm::call_indirect& i) {
    out_.index(i.type);
    out_.u32(i.table);
  }
  void write(const imm::type& i) { out_.index(i.index); }
  void write(const imm::tag& i) { out_.u32(i.index); }
  void write(const imm::local& i) { out_.u32(i.index); }
  void write(const imm::global& i) { out_.u32(i.index); }
  void write(const imm::table& i) { out_.u32(i.index); }
  void write(const imm::memory& i) { out_.u32(i.index); }
  void write(const imm::elem& i) { out_.u32(i.index); }
  void write(const imm::data& i) { out_.u32(i.index); }
  void write(const imm::select_types& i) {
    out_.u64(i.types.size());
    for (ValType type : i.types) out_.val_type(type);
  }
  void write(const imm::try_table& i) {
    out_.block_type(i.type);
    out_.u64(i.catches.size());
    for (const Catch& clause : i.catches) {
      out_.u8(clause.kind);
      if (clause.kind == Catch::kCatch || clause.kind == Catch::kCatchRef) out_.u32(clause.tag);
      out_.u32(clause.label);
    }
  }
  void write(const imm::memarg& i) { out_.memarg(i); }
  void write(const imm::memarg_lane& i) {
    out_.memarg(i.arg);
    out_.u8(i.lane);
  }
  void write(const imm::lane& i) { out_.u8(i.index); }
  void write(const imm::shuffle& i) { out_.raw(i.lanes); }
  void write(const imm::i32& i) { out_.s32(i.value); }
  void write(const imm::i64& i) { out_.s64(i.value); }
  void write(const imm::f32& i) { out_.fixed(i.bits); }
  void write(const imm::f64& i) { out_.fixed(i.bits); }
  void write(const imm::v128& i) { out_.raw(i.bytes); }
  void write(const imm::heap_type& i) { out_.heap_type(i.type); }
  void write(const imm::struct_field& i) {
    out_.index(i.type);
    out_.u32(i.field);
  }
  void write(const imm::array_fixed& i) {
    out_.index(i.type);
    out_.u32(i.length);
  }
  void write(const imm::type_data& i) {
    out_.index(i.type);
    out_.u32(i.data);
  }
  void write(const imm::type_elem& i) {
    out_.index(i.type);
    out_.u32(i.elem);
  }
  void write(const imm::type_type& i) {
    out_.index(i.to);
    out_.index(i.from);
  }
  void write(const imm::br_on_cast& i) {
    out_.u8(static_cast<uint8_t>((i.from.nullable() ? 1 : 0) | (i.to.nullable() ? 2 : 0)));
    out_.u32(i.depth);
    out_.heap_type(i.from.heap());
    out_.heap_type(i.to.heap());
  }
  void write(const imm::memory_init& i) {
    out_.u32(i.data);
    out_.u32(i.memory);
  }
  void write(const imm::memory_copy& i) {
    out_.u32(i.to);
    out_.u32(i.from);
  }
  void write(const imm::table_init& i) {
    out_.u32(i.elem);
    out_.u32(i.table);
  }
  void write(const imm::table_copy& i) {
    out_.u32(i.to);
    out_.u32(i.from);
  }

  ByteWriter& out_;
};

// Nothing if the code is malformed.
inline std::optional<std::vector<uint8_t>> canonical_code(Bytes code, bool has_locals) {
  BodyReader reader(code, 0, Features::all_built());
  ByteWriter out;
  if (has_locals) {
    std::vector<std::pair<uint32_t, ValType>> runs;
    uint32_t groups = reader.count(kMaxLocals, 2);
    for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
      uint32_t count = reader.u32();
      ValType type = reader.val_type();
      if (count == 0) continue;
      if (!runs.empty() && runs.back().second == type) {
        runs.back().first += count;
      } else {
        runs.emplace_back(count, type);
      }
    }
    out.u64(runs.size());
    for (auto [count, type] : runs) {
      out.u32(count);
      out.val_type(type);
    }
  }
  Trusted checker;
  CodeRewriter rewriter(out);
  walk(reader, checker, rewriter);
  if (!reader.ok()) return std::nullopt;
  return std::move(out).take();
}

// Replaces all code of the module by its canonical form. False if some is malformed.
inline bool make_code_canonical(Module& module) {
  bool ok = true;
  auto rewrite = [&](Bytes& code, bool has_locals) {
    if (code.empty()) return;
    std::optional<std::vector<uint8_t>> canonical = canonical_code(code, has_locals);
    ok &= canonical.has_value();
    if (canonical) code = module.owned.emplace_back(*std::move(canonical));
  };
  for (Bytes& body : module.bodies) rewrite(body, true);
  for (Global& global : module.globals) rewrite(global.init.code, false);
  for (Table& table : module.tables) {
    if (table.init) rewrite(table.init->code, false);
  }
  for (ElementSegment& segment : module.elements) {
    rewrite(segment.offset.code, false);
    for (ConstExpr& expr : segment.exprs) rewrite(expr.code, false);
  }
  for (DataSegment& segment : module.data) rewrite(segment.offset.code, false);
  return ok;
}

}  // namespace nacre::wasm
