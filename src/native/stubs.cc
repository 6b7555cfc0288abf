#include "native/stubs.h"

#include "native/x64/stub_emitter.h"

namespace nacre::native {
namespace {

constexpr size_t kMemoryBytes = size_t{16} << 20;  // address space

}  // namespace

Result<std::unique_ptr<Stubs>> Stubs::create(const Options& options) {
  std::unique_ptr<Stubs> stubs(new Stubs(options));
  stubs->memory_ = TRY(os::CodeMemory::create(kMemoryBytes, options.debug));
  x64::StubEmitter emitter(stubs->options_, stubs->memory_, 0, stubs->common_);
  emitter.emit_common();
  stubs->used_ = emitter.finish();
  return stubs;
}

Stubs::~Stubs() {
  const uint8_t* begin = memory_.executable();
  if (options_.listener != nullptr && begin != nullptr)
    options_.listener->code_freed(begin, begin + memory_.size_bytes());
}

Result<const void*> Stubs::stub_of(Kind kind, wasm::CanonTypeId id, const wasm::FuncType& type) {
  std::lock_guard lock(mutex_);
  const void*& stub = by_type_[static_cast<size_t>(kind)][static_cast<uint32_t>(id)];
  if (stub != nullptr) return stub;
  if (memory_.size_bytes() - used_ < x64::signature_stub_bytes(type)) {
    return fail(ErrorCode::out_of_memory, kind == Kind::host_entry
                                              ? "too many types of functions are called by the host"
                                              : "too many types of host functions");
  }
  x64::StubEmitter emitter(options_, memory_, used_, common_);
  switch (kind) {
    case Kind::host_entry:
      stub = emitter.host_entry(type);
      break;
    case Kind::host_function:
      stub = emitter.host_function(type);
      break;
    case Kind::direct_host_function:
    case Kind::count:
      stub = emitter.direct_host_function(type);
      break;
  }
  used_ = emitter.finish();
  return stub;
}

Result<HostEntry> Stubs::host_entry(wasm::CanonTypeId id, const wasm::FuncType& type) {
  const void* stub = TRY(stub_of(Kind::host_entry, id, type));
  return reinterpret_cast<HostEntry>(const_cast<void*>(stub));
}

Result<const void*> Stubs::host_function(wasm::CanonTypeId id, const wasm::FuncType& type) {
  return stub_of(Kind::host_function, id, type);
}

Result<const void*> Stubs::direct_host_function(wasm::CanonTypeId id, const wasm::FuncType& type) {
  return stub_of(Kind::direct_host_function, id, type);
}

}  // namespace nacre::native
