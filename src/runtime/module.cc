#include "runtime/module.h"

#include <utility>

#include "base/utf8.h"
#include "wasm/binary/decoder.h"
#include "wasm/validate/module_context.h"

namespace nacre::runtime {

Module::Module(std::shared_ptr<Engine> engine, wasm::Module module)
    : engine_(std::move(engine)), wasm_(std::move(module)), function_names_(wasm_) {}

Result<ModulePtr> Module::create(std::shared_ptr<Engine> engine, Bytes bytes,
                                 std::shared_ptr<const void> backing, ModuleOptions options) {
  wasm::Module module = TRY(wasm::decode(bytes, std::move(backing), engine->features()));
  return create(std::move(engine), std::move(module), options);
}

Result<ModulePtr> Module::create(std::shared_ptr<Engine> engine, std::vector<uint8_t> bytes,
                                 ModuleOptions options) {
  wasm::Module module = TRY(wasm::decode(std::move(bytes), engine->features()));
  return create(std::move(engine), std::move(module), options);
}

Result<ModulePtr> Module::create(std::shared_ptr<Engine> engine, wasm::Module decoded,
                                 ModuleOptions options) {
  std::shared_ptr<Module> module(new Module(std::move(engine), std::move(decoded)));
  Engine& owner = *module->engine_;
  wasm::ValidateOptions validate{
      .bodies = options.validate == ModuleOptions::Validate::eager,
      .threads = owner.options().validation_threads,
  };
  module->info_ =
      TRY(wasm::validate_module(module->wasm_, owner.features(), owner.types(), validate));
  module->name_ = printable(wasm::module_names(module->wasm_).module.value_or(""));
  module->code_ = TRY(owner.executor().prepare({.info = *module->info_,
                                                .registry = owner.types(),
                                                .bodies_valid = validate.bodies,
                                                .stacks = &owner.guest_stacks()}));
  if (module->code_ == nullptr)
    return fail(ErrorCode::internal, "the tier made no code of the module");
  return module;
}

const wasm::FuncType* Module::imported_func_type(const wasm::Import& import) const {
  if (import.type.kind != wasm::ExternKind::func) return nullptr;
  return &engine_->types().at(type_id(import.type.func)).type.func;
}

Result<void> Module::check_runs() const {
  const std::optional<wasm::NotRun>& not_run = info_->context().not_run;
  if (not_run) return std::unexpected(not_run->error());
  return {};
}

std::string Module::function_name(uint32_t function) const {
  return function_names_.show(function);
}

}  // namespace nacre::runtime
