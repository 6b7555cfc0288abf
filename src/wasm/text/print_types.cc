#include "wasm/text/print_context.h"

namespace nacre::wasm::text {

void PrintContext::heap_type(HeapType type) {
  if (type.is_concrete()) return refer(types, index_of(type.index()));
  out += ' ';
  out += to_string(type);
}

void PrintContext::val_type(ValType type) {
  if (!type.is_ref() || !type.heap().is_concrete()) {
    out += ' ';
    out += to_string(type);
    return;
  }
  out += type.nullable() ? " (ref null" : " (ref";
  heap_type(type.heap());
  out += ')';
}

void PrintContext::field_type(const FieldType& field) {
  if (!field.is_mutable) return val_type(field.type);
  out += " (mut";
  val_type(field.type);
  out += ')';
}

void PrintContext::signature(const FuncType& type, const IdSpace* locals) {
  if (is_too_long()) return;
  bool in_list = false;  // an open list of parameters without names
  for (uint32_t i = 0; i < type.params.size(); ++i) {
    bool named = locals != nullptr && locals->has_name(i);
    if (named && in_list) out += ')';
    if (named || !in_list) out += " (param";
    if (named) names_written += locals->append_definition(out, i, names_from_ids);
    val_type(type.params[i]);
    if (named) out += ')';
    in_list = !named;
  }
  if (in_list) out += ')';
  if (type.results.empty()) return;
  out += " (result";
  for (ValType result : type.results) val_type(result);
  out += ')';
}

const FuncType* PrintContext::find_func_type(TypeIdx type) const {
  if (index_of(type) >= module.types.size()) return nullptr;
  const SubType& found = module.types[index_of(type)];
  return found.kind == SubType::Kind::func ? &found.func : nullptr;
}

void PrintContext::type_use(TypeIdx type, const IdSpace* locals) {
  out += " (type";
  refer(types, index_of(type));
  out += ')';
  const FuncType* found = find_func_type(type);
  if (found == nullptr) return;
  // A long signature is not repeated at each use, where the index says all; but names of parameters
  // need the parameters.
  constexpr size_t kRepeated = 16;  // values, and as many for each name
  auto params = static_cast<uint32_t>(found->params.size());
  size_t named = locals == nullptr ? 0 : locals->count_names(params);
  if (params + found->results.size() <= kRepeated * (1 + named)) signature(*found, locals);
}

std::unexpected<Error> PrintContext::too_long(const std::string& why) const {
  return fail(ErrorCode::limit,
              "the module's text would be longer than " + std::to_string(max_text) +
                  " bytes, as much as Nacre prints of a module of this size" + why);
}

}  // namespace nacre::wasm::text
