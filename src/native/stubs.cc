#include "native/stubs.h"

#include "native/x64/stub_emitter.h"

namespace nacre::native {
namespace {

constexpr uint64_t kSpaceBytes = uint64_t{16} << 20;  // address space
constexpr uint32_t kCommonBytes = 16 << 10;           // more than the common stubs take
constexpr uint32_t kPageBytes = 4096;
constexpr uint32_t kNoFunction = ~uint32_t{0};

}  // namespace

Result<std::unique_ptr<Stubs>> Stubs::create(const Options& options) {
  std::unique_ptr<Stubs> stubs(new Stubs(options));
  stubs->space_ = TRY(CodeSpace::create({.code_bytes = kSpaceBytes,
                                         .least_code_bytes = kSpaceBytes,
                                         .for_debuggers = options.debug}));
  CodeImage image;
  x64::StubEmitter emitter(stubs->options_, stubs->common_, image);
  TRY(emitter.start(kCommonBytes));
  emitter.emit_common();
  TRY(stubs->publish(image, emitter.finish()));
  for (size_t i = 0; i < std::size(stubs->entries_); ++i)
    stubs->entries_[i] = stubs->space_->begin() + stubs->common_.entries[i];
  return stubs;
}

Stubs::~Stubs() {
  if (options_.listener != nullptr && space_ != nullptr)
    options_.listener->code_freed(space_->begin(), space_->end());
}

Result<const void*> Stubs::publish(const CodeImage& image, std::span<const StubPiece> pieces) {
  Bytes code = TRY(space_->publish(image, kNoFunction));
  // Where there may be breakpoints, pages that were begun are left alone (os/code_memory.h).
  if (options_.debug) space_->align(kPageBytes);
  if (options_.listener == nullptr) return code.data();
  std::vector<os::NewCode> made;
  for (const StubPiece& piece : pieces)
    made.push_back({code.data() + piece.begin, piece.size, piece.name, piece.unwind});
  options_.listener->code_made(made);
  return code.data();
}

Result<const void*> Stubs::stub_of(Kind kind, wasm::CanonTypeId id, const wasm::FuncType& type) {
  std::lock_guard lock(mutex_);
  const void*& stub = stubs_of(kind)[static_cast<uint32_t>(id)];
  if (stub != nullptr) return stub;
  CodeImage image;
  x64::StubEmitter emitter(options_, common_, image);
  TRY(emitter.start(x64::signature_stub_bytes(type)));
  switch (kind) {
    case Kind::host_entry:
      emitter.host_entry(type);
      break;
    case Kind::host_function:
      emitter.host_function(type);
      break;
    case Kind::elsewhere:
      emitter.elsewhere(type);
      break;
    case Kind::direct_host_function:
      emitter.direct_host_function(type);
      break;
    case Kind::direct_may_block:
    case Kind::count:
      emitter.direct_may_block(type,
                               offset_of(stubs_of(Kind::host_function)[static_cast<uint32_t>(id)]));
      break;
  }
  auto code = publish(image, emitter.finish());
  if (!code) {
    return fail(ErrorCode::out_of_memory,
                kind == Kind::host_entry ? "too many types of functions are called by the host: "
                                           "a new engine has room for more"
                                         : "too many types of host functions: a new engine "
                                           "has room for more");
  }
  return stub = *code;
}

Result<HostEntry> Stubs::host_entry(wasm::CanonTypeId id, const wasm::FuncType& type) {
  const void* stub = TRY(stub_of(Kind::host_entry, id, type));
  return reinterpret_cast<HostEntry>(const_cast<void*>(stub));
}

Result<const void*> Stubs::host_function(wasm::CanonTypeId id, const wasm::FuncType& type) {
  return stub_of(Kind::host_function, id, type);
}

Result<const void*> Stubs::elsewhere(wasm::CanonTypeId id, const wasm::FuncType& type) {
  return stub_of(Kind::elsewhere, id, type);
}

Result<const void*> Stubs::direct_host_function(wasm::CanonTypeId id, const wasm::FuncType& type,
                                                bool may_block) {
  if (!may_block) return stub_of(Kind::direct_host_function, id, type);
  TRY(host_function(id, type));  // where the other leads if the guest can be parked
  return stub_of(Kind::direct_may_block, id, type);
}

}  // namespace nacre::native
