// Machine code of functions, to be looked at.

#include <charconv>
#include <deque>

#include "abi/code_listing.h"
#include "api/handles.h"
#include "os/cpu.h"
#include "wasm/body_reader.h"
#include "wasm/names.h"
#include "wasm/text/printer.h"

namespace nacre::api {
namespace {

using Piece = abi::CodePiece;

static_assert(static_cast<int>(Piece::Kind::entry) == NACRE_CODE_ENTRY &&
              static_cast<int>(Piece::Kind::instruction) == NACRE_CODE_INSTRUCTION &&
              static_cast<int>(Piece::Kind::trap) == NACRE_CODE_TRAP &&
              static_cast<int>(Piece::Kind::trap_number) == NACRE_CODE_TRAP_NUMBER &&
              static_cast<int>(Piece::Kind::slow_path) == NACRE_CODE_SLOW_PATH &&
              static_cast<int>(Piece::Kind::constant) == NACRE_CODE_CONSTANT &&
              static_cast<int>(Piece::Kind::jump_table) == NACRE_CODE_JUMP_TABLE);

// What a nacre_code_t points into. The base comes first: nacre_code_delete() gets its address.
struct Listing : nacre_code_t {
  std::vector<uint8_t> code;
  std::deque<std::string> strings;
  std::vector<nacre_code_local_t> local_rows;
  std::vector<nacre_code_piece_t> piece_rows;
  std::vector<nacre_code_name_t> name_rows;

  const char* keep(std::string text) { return strings.emplace_back(std::move(text)).c_str(); }
};

// Locals of a valid body and the parameters before them.
Result<std::vector<wasm::ValType>> local_types(const wasm::Module& module, wasm::Features features,
                                               uint32_t function) {
  std::vector<wasm::ValType> types =
      module.types[wasm::index_of(module.functions[function])].func.params;
  wasm::BodyReader reader(module.body_of(function), 0, features);
  uint32_t groups = reader.u32();
  for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
    uint32_t count = reader.u32();
    wasm::ValType type = reader.val_type();
    if (count > wasm::kMaxLocals) break;
    types.insert(types.end(), count, type);
  }
  if (!reader.ok()) return std::unexpected(reader.error());
  return types;
}

Result<void> add_locals(Listing& listing, const runtime::Module& module, uint32_t function,
                        const abi::CodeListing& made) {
  auto types = TRY(local_types(module.wasm(), module.engine().features(), function));
  for (size_t i = 0; i < types.size() && i < made.locals.size(); ++i) {
    listing.local_rows.push_back(
        {listing.keep(wasm::to_string(types[i])), listing.keep(made.locals[i])});
  }
  return {};
}

// Each instruction's text stands at the first of its pieces.
void add_pieces(Listing& listing, const wasm::FunctionText& text, uint64_t body_offset,
                const abi::CodeListing& made) {
  auto next = text.instructions.begin();
  for (size_t i = 0; i < made.pieces.size(); ++i) {
    const Piece& piece = made.pieces[i];
    bool is_last = i + 1 == made.pieces.size();
    const char* words = "";
    if (piece.kind == Piece::Kind::instruction) {
      if (next != text.instructions.end() && next->body_offset == piece.body_offset)
        words = listing.keep((next++)->text);
    } else if (piece.kind == Piece::Kind::trap || piece.kind == Piece::Kind::trap_number) {
      words = listing.keep(std::string(abi::trap_text(piece.trap)));
    }
    listing.piece_rows.push_back(
        {.kind = static_cast<nacre_code_kind_t>(piece.kind),
         .begin = piece.begin,
         .end = is_last ? static_cast<uint32_t>(made.code.size()) : made.pieces[i + 1].begin,
         .wasm_offset = body_offset + piece.body_offset,
         .text = words});
  }
}

void add_names(Listing& listing, const runtime::Module& module, const abi::CodeListing& made) {
  const char* code_register = listing.keep(made.context_register);
  for (const abi::CodeListing::Field& field : made.fields)
    listing.name_rows.push_back({code_register, field.offset, listing.keep(field.name)});
  for (const abi::CodeListing::Slot& slot : made.slots) {
    listing.name_rows.push_back(
        {nullptr, slot.offset, listing.keep(module.function_name(slot.function))});
  }
}

Result<std::unique_ptr<Listing>> list(const runtime::Module& module, uint32_t function,
                                      const char* cpu) {
  const wasm::Module& wasm = module.wasm();
  if (function >= wasm.functions.size())
    return fail(ErrorCode::usage, "there is no function " + std::to_string(function));
  if (function < wasm.imported_functions) {
    return fail(ErrorCode::usage,
                module.function_name(function) + " is imported: the module has no code for it");
  }
  os::CpuFeatures features = TRY(os::parse_cpu_features(cpu == nullptr ? "" : cpu));
  abi::CodeListing made = TRY(module.code().list(function, features));
  wasm::FunctionText text = TRY(wasm::print_function(wasm, module.engine().features(), function));
  auto listing = std::make_unique<Listing>();
  TRY(add_locals(*listing, module, function, made));
  add_pieces(*listing, text, wasm.offset_of(wasm.body_of(function).data()), made);
  add_names(*listing, module, made);
  listing->code = std::move(made.code);
  listing->head = listing->keep(text.head);
  listing->processor = listing->keep(made.processor);
  listing->bytes = listing->code.data();
  listing->size = listing->code.size();
  listing->frame_bytes = made.frame_bytes;
  listing->locals = listing->local_rows.data();
  listing->local_count = listing->local_rows.size();
  listing->pieces = listing->piece_rows.data();
  listing->piece_count = listing->piece_rows.size();
  listing->names = listing->name_rows.data();
  listing->name_count = listing->name_rows.size();
  return listing;
}

std::optional<uint32_t> find_function(const wasm::Module& module, std::string_view name) {
  for (const wasm::NameAssoc& item : wasm::module_names(module).functions) {
    if (item.name == name && item.index < module.functions.size()) return item.index;
  }
  for (const wasm::Export& item : module.exports) {
    if (item.kind == wasm::ExternKind::func && item.name == name) return item.index;
  }
  uint32_t index = 0;
  const char* begin = name.data();
  const char* end = begin + name.size();
  auto [stop, error] = std::from_chars(begin, end, index);
  if (error == std::errc() && stop == end && index < module.functions.size()) return index;
  return std::nullopt;
}

}  // namespace
}  // namespace nacre::api

using namespace nacre;

nacre_error_t* nacre_module_find_func(const nacre_module_t* module, const char* name,
                                      uint32_t* index) {
  const wasm::Module& wasm = module->module->wasm();
  std::optional<uint32_t> found = api::find_function(wasm, name);
  if (!found) {
    return api::make_error(NACRE_ERROR_USAGE,
                           "wrong use: there is no function \"" + std::string(name) +
                               "\": name an export, a name of the name section, or a number "
                               "below " +
                               std::to_string(wasm.functions.size()));
  }
  *index = *found;
  return nullptr;
}

nacre_error_t* nacre_module_code(const nacre_module_t* module, uint32_t index, const char* cpu,
                                 const nacre_code_t** out) {
  *out = API_TRY(api::list(*module->module, index, cpu)).release();
  return nullptr;
}

void nacre_code_delete(const nacre_code_t* code) { delete static_cast<const api::Listing*>(code); }
