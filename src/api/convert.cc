// Text to binary and back.

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "api/bytes.h"
#include "api/error.h"
#include "component/binary/decoder.h"
#include "component/load.h"
#include "wasm/binary/decoder.h"
#include "wasm/features.h"
#include "wasm/foreign.h"
#include "wasm/text/parser.h"
#include "wasm/text/printer.h"

namespace nacre::api {
namespace {

Result<component::Features> features_from(const char* changes) {
  component::Features features;
  if (changes != nullptr) TRY(features.apply(changes));
  return features;
}

}  // namespace

nacre_error_t* give_bytes(Bytes bytes, nacre_bytes_t* out) {
  size_t size = bytes.size();
  auto* data = size <= PTRDIFF_MAX ? static_cast<uint8_t*>(std::malloc(size + 1)) : nullptr;
  if (data == nullptr) return make_error(NACRE_ERROR_OUT_OF_MEMORY, "no memory for the result");
  if (size != 0) std::memcpy(data, bytes.data(), size);
  *out = {data, size};
  return nullptr;
}

}  // namespace nacre::api

using namespace nacre;

const char* nacre_version(void) { return NACRE_VERSION; }

void nacre_bytes_delete(nacre_bytes_t* bytes) {
  if (bytes == nullptr) return;
  std::free(bytes->data);
  *bytes = {nullptr, 0};
}

nacre_error_t* nacre_text_to_binary(const char* text, size_t size, const char* features,
                                    nacre_bytes_t* out) {
  component::Features on = API_TRY(api::features_from(features));
  std::string_view source(text, size);
  bool is_component = component::is_component(as_bytes(source));
  std::vector<uint8_t> bytes = API_TRY(is_component ? component::text_to_binary(source, on)
                                                    : wasm::text_to_binary(source, on.core));
  return api::give_bytes(bytes, out);
}

nacre_error_t* nacre_binary_to_text(const void* bytes, size_t size, const char* features,
                                    nacre_bytes_t* out) {
  component::Features all = API_TRY(api::features_from(features));
  wasm::Features on = all.core;
  Bytes view(static_cast<const uint8_t*>(bytes), size);
  if (component::looks_like_component(view)) {
    std::string text = API_TRY(component::binary_to_text(view, all));
    return api::give_bytes(as_bytes(text), out);
  }
  std::optional<std::vector<uint8_t>> unwrapped;
  API_TRY(wasm::refuse_foreign(view));
  if (wasm::looks_text(view)) {
    unwrapped = API_TRY(wasm::unwrap_binary(as_text(view)));
    if (unwrapped) view = *unwrapped;
  }
  wasm::Module module = API_TRY(wasm::decode(view, nullptr, on));
  std::string text = API_TRY(wasm::print_module(module, on));
  return api::give_bytes(as_bytes(text), out);
}

bool nacre_is_component(const void* bytes, size_t size) {
  return component::is_component({static_cast<const uint8_t*>(bytes), size});
}

nacre_error_t* nacre_component_validate(const void* bytes, size_t size, const char* features) {
  component::Features on = API_TRY(api::features_from(features));
  API_TRY(component::validate({static_cast<const uint8_t*>(bytes), size}, on));
  return nullptr;
}
