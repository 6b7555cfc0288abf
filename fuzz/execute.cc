#include "execute.h"

#include <cmath>
#include <cstdio>

#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/module.h"
#include "runtime/store.h"

namespace nacre::fuzz {

uint64_t fnv1a(Bytes bytes) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3u;
  return hash;
}

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(value));
  return text;
}

namespace {

using wasm::ValType;

std::string global_text(const runtime::Global& global) {
  switch (global.type.type.code()) {
    case ValType::kI32:
      return hex(global.value.i32);
    case ValType::kI64:
      return hex(global.value.i64);
    case ValType::kF32:
      return std::isnan(global.value.f32) ? "nan" : hex(global.value.i32);
    case ValType::kF64:
      return std::isnan(global.value.f64) ? "nan" : hex(global.value.i64);
    default:
      return "?";
  }
}

Error as_error(const runtime::Failure& failure) {
  return failure.is_trap() ? Error(ErrorCode::invalid, failure.to_string())
                           : Error(failure.error().code(), failure.error().message());
}

}  // namespace

Result<std::string> observe(std::shared_ptr<runtime::Engine> engine, Bytes bytes) {
  auto module = TRY(runtime::Module::create(engine, bytes, nullptr));
  auto store = TRY(runtime::Store::create(engine));
  runtime::Linker linker(*store);
  auto instance = linker.instantiate(module);
  if (!instance) return std::unexpected(as_error(instance.error()));

  std::string text;
  runtime::Instance& made = **instance;
  for (size_t i = 0; i < made.export_count(); ++i) {
    runtime::Extern item = made.export_at(i);
    if (item.func() == nullptr) continue;
    const wasm::FuncType& type = store->type_of(*item.func());
    if (!type.params.empty()) continue;
    std::vector<abi::Value> results(type.results.size());
    auto done = runtime::call(*store, item, {}, results);
    text += std::string(made.export_name(i)) + (done ? " returns\n" : " traps\n");
  }
  for (size_t i = 0; i < made.export_count(); ++i) {
    runtime::Extern item = made.export_at(i);
    std::string name(made.export_name(i));
    if (runtime::Memory* memory = item.memory()) {
      Bytes contents(memory->base(), memory->size_bytes());
      text += name + " " + std::to_string(memory->size_pages()) + " " + hex(fnv1a(contents)) + "\n";
    } else if (runtime::Global* global = item.global()) {
      text += name + " " + global_text(*global) + "\n";
    }
  }
  return text;
}

}  // namespace nacre::fuzz
