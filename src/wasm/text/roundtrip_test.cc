// Binary to text and back: print, parse and encode give the same bytes for every module of the
// specification suite that is encoded canonically.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/binary/writer.h"
#include "wasm/limits.h"
#include "wasm/text/parser.h"
#include "wasm/text/printer.h"
#include "wasm/text/script.h"
#include "wasm/walk.h"

namespace nacre::wasm {
namespace {

namespace fs = std::filesystem;

constexpr Features kAll = Features::all_built();

// Writes code again with the shortest LEB128s: what differs from the original was not canonical.
class Rewriter {
 public:
  explicit Rewriter(ByteWriter& out) : out_(out) {}
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

bool is_canonical(Bytes code, bool has_locals) {
  BodyReader reader(code, 0, kAll);
  ByteWriter out;
  if (has_locals) {
    uint32_t groups = reader.count(kMaxLocals, 2);
    out.u32(groups);
    ValType previous;
    for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
      uint32_t count = reader.u32();
      ValType type = reader.val_type();
      if (count == 0 || type == previous) return false;  // text has no such groups
      previous = type;
      out.u32(count);
      out.val_type(type);
    }
  }
  Trusted checker;
  Rewriter rewriter(out);
  walk(reader, checker, rewriter);
  return reader.ok() && std::ranges::equal(out.bytes(), code);
}

bool is_canonical(const Module& module) {
  for (Bytes body : module.bodies) {
    if (!is_canonical(body, true)) return false;
  }
  for (const Table& table : module.tables) {
    if (table.init && !is_canonical(table.init->code, false)) return false;
  }
  for (size_t i = module.imported_globals; i < module.globals.size(); ++i) {
    if (!is_canonical(module.globals[i].init.code, false)) return false;
  }
  for (const ElementSegment& segment : module.elements) {
    if (!segment.offset.code.empty() && !is_canonical(segment.offset.code, false)) return false;
    for (const ConstExpr& expr : segment.exprs) {
      if (!is_canonical(expr.code, false)) return false;
    }
  }
  for (const DataSegment& segment : module.data) {
    if (!segment.offset.code.empty() && !is_canonical(segment.offset.code, false)) return false;
  }
  return std::ranges::equal(encode(module), module.bytes);
}

struct Counts {
  size_t same = 0;
  size_t not_canonical = 0;
};

void check_round_trip(const std::string& where, const std::vector<uint8_t>& bytes, Counts& counts) {
  Result<Module> module = decode(bytes, nullptr, kAll);
  ASSERT_TRUE(module) << where << ": " << module.error().to_string();
  Result<std::string> text = print_module(*module, kAll);
  if (!text) return;  // a malformed body: the suite has them
  Result<Module> again = parse_module(*text, kAll);
  ASSERT_TRUE(again) << where << ": " << again.error().to_string() << "\n" << *text;
  if (!is_canonical(*module)) {
    ++counts.not_canonical;
    return;
  }
  ++counts.same;
  std::vector<uint8_t> encoded = encode(*again);
  ASSERT_TRUE(encoded == bytes) << where << "\n" << *text;
}

void check_commands(const std::string& file, const std::vector<Command>& commands, Counts& counts) {
  using Kind = Command::Kind;
  for (const Command& command : commands) {
    std::string where = file + ":" + std::to_string(command.line);
    check_commands(file, command.commands, counts);
    bool has_module = command.kind == Kind::module || command.kind == Kind::assert_module_trap ||
                      command.kind == Kind::assert_invalid ||
                      command.kind == Kind::assert_unlinkable;
    if (!has_module) continue;
    Result<Module> module = load_module(command.module, kAll);
    if (!module) continue;  // suite_test.cc is about these
    std::vector<uint8_t> bytes = encode(*module);
    check_round_trip(where, bytes, counts);
    if (command.module.form == ScriptModule::Form::binary) {
      check_round_trip(where, {module->bytes.begin(), module->bytes.end()}, counts);
    }
  }
}

fs::path suite_root() {
  if (const char* shared = std::getenv("NACRE_SHARED")) return fs::path(shared) / "spec-testsuite";
  fs::path folder = fs::path(__FILE__).parent_path();
  return folder.parent_path().parent_path().parent_path().parent_path() / "shared" /
         "spec-testsuite";
}

TEST(TextRoundTrip, Suite) {
  if (!fs::exists(suite_root())) {
    GTEST_SKIP() << "no specification suite at " << suite_root() << ": set NACRE_SHARED";
  }
  Counts counts;
  for (const auto& entry : fs::recursive_directory_iterator(suite_root())) {
    if (entry.path().extension() != ".wast") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string source{std::istreambuf_iterator<char>(file), {}};
    Result<std::vector<Command>> commands = parse_script(source);
    ASSERT_TRUE(commands) << entry.path() << ": " << commands.error().to_string();
    check_commands(entry.path().filename().string(), *commands, counts);
  }
  EXPECT_GT(counts.same, 4000u);
  RecordProperty("same", static_cast<int>(counts.same));
  RecordProperty("not_canonical", static_cast<int>(counts.not_canonical));
}

}  // namespace
}  // namespace nacre::wasm
