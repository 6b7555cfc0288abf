// What the compiler says of a function's code when it is asked to.
#include <cstddef>
#include <string>

#include "baseline/function_compiler.h"
#include "baseline/module_compiler.h"
#include "native/code_space.h"

namespace nacre::baseline {
namespace {

using Piece = abi::CodePiece;

std::string name_of(const Local& local) {
  return in_fpr(local.type) ? register_name(local.fpr()) : register_name(local.gpr());
}

constexpr uint64_t kMaxListedGlobals = 10'000;

std::vector<abi::CodeListing::Field> context_fields(const wasm::Module& module) {
  std::vector<abi::CodeListing::Field> fields;
#define FIELD(name) fields.push_back({offsetof(abi::VmCtx, name), #name});
  FIELD(memory0_base)
  FIELD(memory0)
  FIELD(table0)
  FIELD(stack_limit)
  FIELD(area)
  FIELD(exec)
  FIELD(trap_entry)
  FIELD(native_call_entry)
  FIELD(entries)
  FIELD(memories)
  FIELD(tables)
  FIELD(globals)
  FIELD(functions)
  FIELD(types)
  FIELD(builtins)
#undef FIELD
  uint64_t own = module.globals.size() - module.imported_globals;
  for (uint32_t i = 0; i < own && i < kMaxListedGlobals; ++i) {
    fields.push_back({static_cast<int64_t>(abi::own_global_offset(i)),
                      "global[" + std::to_string(module.imported_globals + i) + "]"});
  }
  return fields;
}

}  // namespace

void FunctionCode::add_piece(Piece::Kind kind, abi::TrapKind trap) {
  if (kind == Piece::Kind::entry) listing_->pieces.clear();  // it begins anew
  listing_->pieces.push_back(
      {.kind = kind, .trap = trap, .begin = masm_.offset(), .body_offset = body_position_});
}

void FunctionCompiler::complete_listing() {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < listing_->pieces.size(); ++i) {
    const Piece& piece = listing_->pieces[i];
    pieces.push_back(piece);
    if (piece.kind != Piece::Kind::trap_number) continue;
    // Behind the byte the piece that it stands in goes on.
    uint32_t next =
        i + 1 < listing_->pieces.size() ? listing_->pieces[i + 1].begin : masm_.offset();
    if (next == piece.begin + 1) continue;
    Piece rest = pieces[pieces.size() - 2];
    rest.begin = piece.begin + 1;
    pieces.push_back(rest);
  }
  listing_->pieces = std::move(pieces);
  listing_->frame_bytes = static_cast<uint32_t>((-frame_end_ + 15) & ~15);
  listing_->locals.clear();
  for (const Local& local : locals_) {
    std::string place = local.in_register() ? name_of(local) : frame_place_name(local.slot);
    if (local.in_register() && local.caller_saved && use_counts_.has_calls)
      place += ", in " + frame_place_name(local.slot) + " during calls";
    listing_->locals.push_back(std::move(place));
  }
}

std::string ModuleCompiler::identity() const {
  std::string text = std::string("baseline ") + kProcessor;
#define CPU_FEATURE(name, called) \
  if (options_.cpu.name) text += " " called;
#include "os/cpu.def"
#undef CPU_FEATURE
  if (options_.guarded_memories) text += " guarded";
  if (options_.poison_upper_bits) text += " poison";
  if (options_.count_fuel) text += " fuel";
  return text;
}

Result<void> ModuleCompiler::compile(uint32_t function, uint64_t max_bytes,
                                     native::CodeImage& image) {
  if (functions_ == nullptr) functions_ = std::make_unique<FunctionCompiler>(info_, options_);
  return functions_->compile(function, max_bytes, image);
}

Result<abi::CodeListing> ModuleCompiler::list(uint32_t function, bool guarded_memories,
                                              const os::CpuFeatures& cpu,
                                              native::CodeImage& image) const {
  if (!is_enough(cpu)) return fail(ErrorCode::unsupported, kNotEnough);
  Options options = options_;
  options.guarded_memories = options.guarded_memories && guarded_memories;
  options.cpu = cpu;
  abi::CodeListing listing;
  FunctionCompiler compiler(info_, options);
  compiler.describe(&listing);
  uint64_t body_bytes = info_.module().body_of(function).size();
  TRY(compiler.compile(function, native::CodeSpace::code_bytes_for(1, body_bytes), image));
  listing.processor = kProcessor;
  listing.context_register = register_name(kVmCtx);
  listing.fields = context_fields(info_.module());
  return listing;
}

}  // namespace nacre::baseline
