// Instructions that this tier does not have: objects of the garbage-collected heap and exceptions.
// Modules that contain one are refused where they would run (wasm/not_run.def); elsewhere, as in
// the specification's scripts, they trap when they are reached. What follows in their block is not
// compiled.
#include "baseline/function_compiler.h"
#include "wasm/not_run.h"

namespace nacre::baseline {

void FunctionCompiler::not_built() {
  trap_now(abi::TrapKind::not_built);
  go_dead();
}

// A block that is never entered alive.
void FunctionCompiler::enter_not_built(const wasm::BlockType& type) {
  if (!dead_) not_built();
  enter(Control::Kind::block, type);
}

#define NOT_BUILT(name, imm_)             \
  static_assert(!is_run(wasm::Op::name)); \
  void FunctionCompiler::name(const wasm::imm::imm_&) { not_built(); }
NOT_BUILT(ref_eq, none)
NOT_BUILT(struct_new, type)
NOT_BUILT(struct_new_default, type)
NOT_BUILT(struct_get, struct_field)
NOT_BUILT(struct_get_s, struct_field)
NOT_BUILT(struct_get_u, struct_field)
NOT_BUILT(struct_set, struct_field)
NOT_BUILT(array_new, type)
NOT_BUILT(array_new_default, type)
NOT_BUILT(array_new_fixed, array_fixed)
NOT_BUILT(array_new_data, type_data)
NOT_BUILT(array_new_elem, type_elem)
NOT_BUILT(array_get, type)
NOT_BUILT(array_get_s, type)
NOT_BUILT(array_get_u, type)
NOT_BUILT(array_set, type)
NOT_BUILT(array_len, none)
NOT_BUILT(array_fill, type)
NOT_BUILT(array_copy, type_type)
NOT_BUILT(array_init_data, type_data)
NOT_BUILT(array_init_elem, type_elem)
NOT_BUILT(ref_test, heap_type)
NOT_BUILT(ref_test_null, heap_type)
NOT_BUILT(ref_cast, heap_type)
NOT_BUILT(ref_cast_null, heap_type)
NOT_BUILT(br_on_cast, br_on_cast)
NOT_BUILT(br_on_cast_fail, br_on_cast)
NOT_BUILT(any_convert_extern, none)
NOT_BUILT(extern_convert_any, none)
NOT_BUILT(ref_i31, none)
NOT_BUILT(i31_get_s, none)
NOT_BUILT(i31_get_u, none)
NOT_BUILT(throw_, tag)
NOT_BUILT(rethrow, label)
NOT_BUILT(throw_ref, none)
#undef NOT_BUILT

void FunctionCompiler::try_(const wasm::imm::block_type& i) { enter_not_built(i.type); }
void FunctionCompiler::try_table(const wasm::imm::try_table& i) { enter_not_built(i.type); }
void FunctionCompiler::catch_(const wasm::imm::tag&) {}
void FunctionCompiler::catch_all(const wasm::imm::none&) {}
void FunctionCompiler::delegate(const wasm::imm::label&) { controls_.pop_back(); }

}  // namespace nacre::baseline
