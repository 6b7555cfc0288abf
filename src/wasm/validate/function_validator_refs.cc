// Calls, tables, bulk memory, references and garbage-collected objects.
#include "wasm/validate/function_validator.h"

namespace nacre::wasm {
namespace {

const ValType kI32(ValType::kI32);

ValType ref_to(HeapType heap) { return ValType::ref(heap, false); }
ValType null_ref_to(HeapType heap) { return ValType::ref(heap, true); }
ValType ref_to(const TypeDef& def) { return ref_to(HeapType::concrete(TypeIdx{def.canonical})); }
ValType null_ref_to(const TypeDef& def) { return ref_to(def).as_nullable(); }

// What an operand of a field's type is on the stack.
ValType unpacked(const FieldType& field) {
  return field.type.is_packed() ? ValType(ValType::kI32) : field.type;
}

bool is_bytes(const FieldType& field) {
  return field.type.is_packed() || field.type.is_number() || field.type.is_vector();
}

// The address type of a copy's length: the smaller of both.
ValType smaller(ValType a, ValType b) { return a == b ? a : kI32; }

}  // namespace

// ---- look-ups

const TypeDef* FunctionValidator::func_type(TypeIdx index) {
  if (index_of(index) >= context_.type_count()) {
    fail("unknown type " + std::to_string(index_of(index)));
    return nullptr;
  }
  const TypeDef* def = context_.find_func_type(index);
  if (def == nullptr) fail("type " + std::to_string(index_of(index)) + " is not a function type");
  return def;
}

const TypeDef* FunctionValidator::struct_type(TypeIdx index) {
  if (index_of(index) >= context_.type_count()) {
    fail("unknown type " + std::to_string(index_of(index)));
    return nullptr;
  }
  const TypeDef* def = context_.find_type(index, SubType::Kind::structure);
  if (def == nullptr) fail("type " + std::to_string(index_of(index)) + " is not a structure type");
  return def;
}

const TypeDef* FunctionValidator::array_type(TypeIdx index) {
  if (index_of(index) >= context_.type_count()) {
    fail("unknown type " + std::to_string(index_of(index)));
    return nullptr;
  }
  const TypeDef* def = context_.find_type(index, SubType::Kind::array);
  if (def == nullptr) fail("type " + std::to_string(index_of(index)) + " is not an array type");
  return def;
}

const FieldType* FunctionValidator::struct_field(const imm::struct_field& i, const TypeDef*& def) {
  def = struct_type(i.type);
  if (def == nullptr) return nullptr;
  if (i.field >= def->fields.size()) {
    fail("unknown field " + std::to_string(i.field));
    return nullptr;
  }
  return &def->fields[i.field];
}

const TypeDef* FunctionValidator::tag_type(uint32_t index) {
  if (index >= context_.tags.size()) {
    fail("unknown tag " + std::to_string(index));
    return nullptr;
  }
  return context_.tags[index];
}

const ModuleContext::TableInfo* FunctionValidator::table_info(uint32_t index) {
  if (index >= context_.tables.size()) {
    fail("unknown table " + std::to_string(index));
    return nullptr;
  }
  return &context_.tables[index];
}

std::optional<ValType> FunctionValidator::memory_address(uint32_t index) {
  if (index < context_.memories.size()) return context_.memories[index];
  fail("unknown memory " + std::to_string(index));
  return std::nullopt;
}

std::optional<ValType> FunctionValidator::element_type(uint32_t index) {
  if (index < context_.elements.size()) return context_.elements[index];
  fail("unknown elem segment " + std::to_string(index));
  return std::nullopt;
}

bool FunctionValidator::check_data(uint32_t index) {
  if (context_.data_count_missing) {
    return fail("data count section required", ErrorCode::malformed);
  }
  if (index < context_.data_count) return true;
  return fail("unknown data segment " + std::to_string(index));
}

std::optional<HeapType> FunctionValidator::heap_type(HeapType type) {
  std::optional<HeapType> canonical = context_.canonical(type);
  if (!canonical) fail("unknown type " + std::to_string(index_of(type.index())));
  return canonical;
}

// ---- calls

bool FunctionValidator::tail_call_type(const TypeDef& type) {
  if (!match_lists(type.results, frames_.front().results(), "results of a tail call") ||
      !pop_all(type.params)) {
    return false;
  }
  set_unreachable();
  return true;
}

const TypeDef* FunctionValidator::indirect_type(const imm::call_indirect& i) {
  const ModuleContext::TableInfo* table = table_info(i.table);
  if (table == nullptr) return nullptr;
  const TypeDef* def = func_type(i.type);
  if (def == nullptr) return nullptr;
  if (!context_.matches(table->element, ValType::funcref())) {
    mismatch(ValType::funcref(), table->element);
    return nullptr;
  }
  return pop(table->address) ? def : nullptr;
}

const TypeDef* FunctionValidator::reference_type(TypeIdx index) {
  const TypeDef* def = func_type(index);
  return def != nullptr && pop(null_ref_to(*def)) ? def : nullptr;
}

bool FunctionValidator::return_call(const imm::func& i) {
  if (i.index >= context_.functions.size()) {
    return fail("unknown function " + std::to_string(i.index));
  }
  return tail_call_type(*context_.functions[i.index]);
}

bool FunctionValidator::call_indirect(const imm::call_indirect& i) {
  const TypeDef* def = indirect_type(i);
  return def != nullptr && call_type(*def);
}

bool FunctionValidator::return_call_indirect(const imm::call_indirect& i) {
  const TypeDef* def = indirect_type(i);
  return def != nullptr && tail_call_type(*def);
}

bool FunctionValidator::call_ref(const imm::type& i) {
  const TypeDef* def = reference_type(i.index);
  return def != nullptr && call_type(*def);
}

bool FunctionValidator::return_call_ref(const imm::type& i) {
  const TypeDef* def = reference_type(i.index);
  return def != nullptr && tail_call_type(*def);
}

// ---- tables

bool FunctionValidator::table_get(const imm::table& i) {
  const auto* table = table_info(i.index);
  return table != nullptr && replace(table->address, table->element);
}

bool FunctionValidator::table_set(const imm::table& i) {
  const auto* table = table_info(i.index);
  return table != nullptr && pop(table->element) && pop(table->address);
}

bool FunctionValidator::table_size(const imm::table& i) {
  const auto* table = table_info(i.index);
  return table != nullptr && push(table->address);
}

bool FunctionValidator::table_grow(const imm::table& i) {
  const auto* table = table_info(i.index);
  return table != nullptr && pop(table->address) && replace(table->element, table->address);
}

bool FunctionValidator::table_fill(const imm::table& i) {
  const auto* table = table_info(i.index);
  return table != nullptr && pop(table->address) && pop(table->element) && pop(table->address);
}

bool FunctionValidator::table_copy(const imm::table_copy& i) {
  const auto* to = table_info(i.to);
  const auto* from = to == nullptr ? nullptr : table_info(i.from);
  if (from == nullptr) return false;
  if (!context_.matches(from->element, to->element)) return mismatch(to->element, from->element);
  return pop(smaller(to->address, from->address)) && pop(from->address) && pop(to->address);
}

bool FunctionValidator::table_init(const imm::table_init& i) {
  const auto* table = table_info(i.table);
  if (table == nullptr) return false;
  std::optional<ValType> element = element_type(i.elem);
  if (!element) return false;
  if (!context_.matches(*element, table->element)) return mismatch(table->element, *element);
  return pop(kI32) && pop(kI32) && pop(table->address);
}

bool FunctionValidator::elem_drop(const imm::elem& i) { return element_type(i.index).has_value(); }

// ---- bulk memory

bool FunctionValidator::memory_init(const imm::memory_init& i) {
  std::optional<ValType> address = memory_address(i.memory);
  return address && check_data(i.data) && pop(kI32) && pop(kI32) && pop(*address);
}

bool FunctionValidator::data_drop(const imm::data& i) { return check_data(i.index); }

bool FunctionValidator::memory_copy(const imm::memory_copy& i) {
  std::optional<ValType> to = memory_address(i.to);
  if (!to) return false;
  std::optional<ValType> from = memory_address(i.from);
  return from && pop(smaller(*to, *from)) && pop(*from) && pop(*to);
}

bool FunctionValidator::memory_fill(const imm::memory& i) {
  std::optional<ValType> address = memory_address(i.index);
  return address && pop(*address) && pop(kI32) && pop(*address);
}

bool FunctionValidator::atomic_fence(const imm::fence&) { return true; }

// ---- references

bool FunctionValidator::ref_null(const imm::heap_type& i) {
  std::optional<HeapType> heap = heap_type(i.type);
  return heap && push(null_ref_to(*heap));
}

bool FunctionValidator::ref_is_null(const imm::none&) {
  ValType type;
  return pop_ref(type) && push(kI32);
}

bool FunctionValidator::ref_func(const imm::func& i) {
  if (i.index >= context_.functions.size()) {
    return fail("unknown function " + std::to_string(i.index));
  }
  if (!context_.declared_functions[i.index]) {
    return fail("undeclared function reference: function " + std::to_string(i.index) +
                " occurs in no export, element segment, global or table");
  }
  return push(ref_to(*context_.functions[i.index]));
}

bool FunctionValidator::ref_eq(const imm::none&) {
  ValType eq = null_ref_to(HeapType(HeapType::kEq));
  return pop(eq) && replace(eq, kI32);
}

bool FunctionValidator::ref_as_non_null(const imm::none&) {
  ValType type;
  return pop_ref(type) && push(type.as_non_null());
}

bool FunctionValidator::br_on_null(const imm::label& i) {
  ValType type;
  ControlFrame* target = label(i.depth);
  if (target == nullptr || !pop_ref(type)) return false;
  return pass_top(target->label()) && push(type.as_non_null());
}

bool FunctionValidator::br_on_non_null(const imm::label& i) {
  ControlFrame* target = label(i.depth);
  if (target == nullptr) return false;
  ValTypes types = target->label();
  if (types.empty() || !types.back().is_ref()) {
    return fail("type mismatch: the label of br_on_non_null must end in a reference");
  }
  return pop(types.back().as_nullable()) && pass_top(types.first(types.size() - 1));
}

// The operand of a test or cast: any reference of the target's hierarchy.
bool FunctionValidator::cast_operand(HeapType target) {
  return pop(null_ref_to(context_.top_of(target)));
}

bool FunctionValidator::ref_test(const imm::heap_type& i) {
  std::optional<HeapType> heap = heap_type(i.type);
  return heap && cast_operand(*heap) && push(kI32);
}

bool FunctionValidator::ref_test_null(const imm::heap_type& i) { return ref_test(i); }

bool FunctionValidator::ref_cast(const imm::heap_type& i) {
  std::optional<HeapType> heap = heap_type(i.type);
  return heap && cast_operand(*heap) && push(ref_to(*heap));
}

bool FunctionValidator::ref_cast_null(const imm::heap_type& i) {
  std::optional<HeapType> heap = heap_type(i.type);
  return heap && cast_operand(*heap) && push(null_ref_to(*heap));
}

bool FunctionValidator::check_cast(const imm::br_on_cast& i, ValType& from, ValType& to) {
  std::optional<ValType> source = context_.canonical(i.from);
  std::optional<ValType> target = context_.canonical(i.to);
  if (!source || !target) return fail("unknown type in a cast");
  if (!context_.matches(*target, *source)) return mismatch(*source, *target);
  from = *source;
  to = *target;
  return true;
}

// What is left of `from` when it is not a `to`: null belongs to `to` if that takes it.
static ValType difference(ValType from, ValType to) {
  return to.nullable() ? from.as_non_null() : from;
}

bool FunctionValidator::br_on_cast(const imm::br_on_cast& i) {
  ValType from;
  ValType to;
  ControlFrame* target = label(i.depth);
  if (target == nullptr || !check_cast(i, from, to)) return false;
  ValTypes types = target->label();
  if (types.empty()) return fail("type mismatch: the label of br_on_cast takes no value");
  if (!context_.matches(to, types.back())) return mismatch(types.back(), to);
  return pop(from) && pass_top(types.first(types.size() - 1)) && push(difference(from, to));
}

bool FunctionValidator::br_on_cast_fail(const imm::br_on_cast& i) {
  ValType from;
  ValType to;
  ControlFrame* target = label(i.depth);
  if (target == nullptr || !check_cast(i, from, to)) return false;
  ValTypes types = target->label();
  if (types.empty()) return fail("type mismatch: the label of br_on_cast_fail takes no value");
  ValType rest = difference(from, to);
  if (!context_.matches(rest, types.back())) return mismatch(types.back(), rest);
  return pop(from) && pass_top(types.first(types.size() - 1)) && push(to);
}

bool FunctionValidator::any_convert_extern(const imm::none&) {
  ValType type;
  if (!pop_ref(type)) return false;
  if (!context_.matches(type, ValType::externref())) return mismatch(ValType::externref(), type);
  return push(ValType::ref(HeapType::kAny, type.nullable()));
}

bool FunctionValidator::extern_convert_any(const imm::none&) {
  ValType type;
  if (!pop_ref(type)) return false;
  ValType any = null_ref_to(HeapType(HeapType::kAny));
  if (!context_.matches(type, any)) return mismatch(any, type);
  return push(ValType::ref(HeapType::kExtern, type.nullable()));
}

bool FunctionValidator::ref_i31(const imm::none&) {
  return replace(kI32, ref_to(HeapType(HeapType::kI31)));
}

bool FunctionValidator::i31_get_s(const imm::none&) {
  return replace(null_ref_to(HeapType(HeapType::kI31)), kI32);
}

bool FunctionValidator::i31_get_u(const imm::none& i) { return i31_get_s(i); }

// ---- structures

bool FunctionValidator::struct_new(const imm::type& i) {
  const TypeDef* def = struct_type(i.index);
  if (def == nullptr) return false;
  for (size_t k = def->fields.size(); k-- > 0;) {
    // In unreachable code the rest is there without being counted out.
    if (top_ == base_ && frames_.back().unreachable) break;
    if (!pop(unpacked(def->fields[k]))) return false;
  }
  return push(ref_to(*def));
}

bool FunctionValidator::struct_new_default(const imm::type& i) {
  const TypeDef* def = struct_type(i.index);
  if (def == nullptr) return false;
  if (def->without_default != nullptr) {
    return fail("field type " + to_string(def->without_default->type) + " is not defaultable");
  }
  return push(ref_to(*def));
}

bool FunctionValidator::get_field(const imm::struct_field& i, bool packed) {
  const TypeDef* def = nullptr;
  const FieldType* field = struct_field(i, def);
  if (field == nullptr) return false;
  if (field->type.is_packed() != packed) {
    return fail(packed ? "field is not packed: use struct.get"
                       : "field is packed: use struct.get_s or struct.get_u");
  }
  return replace(null_ref_to(*def), unpacked(*field));
}

bool FunctionValidator::struct_get(const imm::struct_field& i) { return get_field(i, false); }
bool FunctionValidator::struct_get_s(const imm::struct_field& i) { return get_field(i, true); }
bool FunctionValidator::struct_get_u(const imm::struct_field& i) { return get_field(i, true); }

bool FunctionValidator::struct_set(const imm::struct_field& i) {
  const TypeDef* def = nullptr;
  const FieldType* field = struct_field(i, def);
  if (field == nullptr) return false;
  if (!field->is_mutable) return fail("immutable field " + std::to_string(i.field));
  return pop(unpacked(*field)) && pop(null_ref_to(*def));
}

// ---- arrays

bool FunctionValidator::array_new(const imm::type& i) {
  const TypeDef* def = array_type(i.index);
  return def != nullptr && pop(kI32) && replace(unpacked(def->fields[0]), ref_to(*def));
}

bool FunctionValidator::array_new_default(const imm::type& i) {
  const TypeDef* def = array_type(i.index);
  if (def == nullptr) return false;
  if (!def->fields[0].type.is_defaultable()) {
    return fail("element type " + to_string(def->fields[0].type) + " is not defaultable");
  }
  return replace(kI32, ref_to(*def));
}

bool FunctionValidator::array_new_fixed(const imm::array_fixed& i) {
  const TypeDef* def = array_type(i.type);
  if (def == nullptr) return false;
  ValType element = unpacked(def->fields[0]);
  for (uint32_t left = i.length; left > 0; --left) {
    // In unreachable code the rest is there without being counted out.
    bool last = top_ == base_;
    if (!pop(element)) return false;
    if (last) break;
  }
  return push(ref_to(*def));
}

bool FunctionValidator::array_new_data(const imm::type_data& i) {
  const TypeDef* def = array_type(i.type);
  if (def == nullptr || !check_data(i.data)) return false;
  if (!is_bytes(def->fields[0])) return fail("array type is not numeric or vector");
  return pop(kI32) && replace(kI32, ref_to(*def));
}

bool FunctionValidator::array_new_elem(const imm::type_elem& i) {
  const TypeDef* def = array_type(i.type);
  if (def == nullptr) return false;
  std::optional<ValType> element = element_type(i.elem);
  if (!element) return false;
  if (!context_.matches(*element, def->fields[0].type)) {
    return mismatch(def->fields[0].type, *element);
  }
  return pop(kI32) && replace(kI32, ref_to(*def));
}

bool FunctionValidator::get_element(const imm::type& i, bool packed) {
  const TypeDef* def = array_type(i.index);
  if (def == nullptr) return false;
  if (def->fields[0].type.is_packed() != packed) {
    return fail(packed ? "array is not packed: use array.get"
                       : "array is packed: use array.get_s or array.get_u");
  }
  return pop(kI32) && replace(null_ref_to(*def), unpacked(def->fields[0]));
}

bool FunctionValidator::array_get(const imm::type& i) { return get_element(i, false); }
bool FunctionValidator::array_get_s(const imm::type& i) { return get_element(i, true); }
bool FunctionValidator::array_get_u(const imm::type& i) { return get_element(i, true); }

// The element of an array type that may be written.
const FieldType* FunctionValidator::writable_element(TypeIdx index) {
  const TypeDef* def = array_type(index);
  if (def == nullptr) return nullptr;
  if (!def->fields[0].is_mutable) {
    fail("immutable array: type " + std::to_string(index_of(index)));
    return nullptr;
  }
  return &def->fields[0];
}

bool FunctionValidator::array_set(const imm::type& i) {
  const FieldType* element = writable_element(i.index);
  return element != nullptr && pop(unpacked(*element)) && pop(kI32) &&
         pop(null_ref_to(*array_type(i.index)));
}

bool FunctionValidator::array_len(const imm::none&) {
  return replace(null_ref_to(HeapType(HeapType::kArray)), kI32);
}

bool FunctionValidator::array_fill(const imm::type& i) {
  const FieldType* element = writable_element(i.index);
  return element != nullptr && pop(kI32) && pop(unpacked(*element)) && pop(kI32) &&
         pop(null_ref_to(*array_type(i.index)));
}

bool FunctionValidator::array_copy(const imm::type_type& i) {
  const FieldType* to = writable_element(i.to);
  const TypeDef* from = to == nullptr ? nullptr : array_type(i.from);
  if (from == nullptr) return false;
  if (!context_.matches(from->fields[0].type, to->type)) {
    return fail("array types do not match: " + to_string(from->fields[0].type) +
                " cannot be stored as " + to_string(to->type));
  }
  return pop(kI32) && pop(kI32) && pop(null_ref_to(*from)) && pop(kI32) &&
         pop(null_ref_to(*array_type(i.to)));
}

bool FunctionValidator::array_init_data(const imm::type_data& i) {
  const FieldType* element = writable_element(i.type);
  if (element == nullptr || !check_data(i.data)) return false;
  if (!is_bytes(*element)) return fail("array type is not numeric or vector");
  return pop(kI32) && pop(kI32) && pop(kI32) && pop(null_ref_to(*array_type(i.type)));
}

bool FunctionValidator::array_init_elem(const imm::type_elem& i) {
  const FieldType* element = writable_element(i.type);
  if (element == nullptr) return false;
  std::optional<ValType> segment = element_type(i.elem);
  if (!segment) return false;
  if (!context_.matches(*segment, element->type)) return mismatch(element->type, *segment);
  return pop(kI32) && pop(kI32) && pop(kI32) && pop(null_ref_to(*array_type(i.type)));
}

}  // namespace nacre::wasm
