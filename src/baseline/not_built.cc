// Instructions that this tier does not have: objects of the garbage-collected heap and exceptions.
// Modules that contain one are refused where they would run (wasm/not_run.h); elsewhere, as in
// the specification's scripts, they trap when they are reached. What follows in their block is not
// compiled. Here are those that begin or end blocks; the walk asks no method for the others.
#include "baseline/function_compiler.h"

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

void FunctionCompiler::try_(const wasm::imm::block_type& i) { enter_not_built(i.type); }
void FunctionCompiler::try_table(const wasm::imm::try_table& i) { enter_not_built(i.type); }
void FunctionCompiler::catch_(const wasm::imm::tag&) {}
void FunctionCompiler::catch_all(const wasm::imm::none&) {}
void FunctionCompiler::delegate(const wasm::imm::label&) { controls_.pop_back(); }

}  // namespace nacre::baseline
