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
    out_.write(i);                                              \
  }
#include "wasm/ops.def"
#undef OP

 private:
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
