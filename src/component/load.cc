#include "component/load.h"

#include "component/binary/decoder.h"
#include "component/binary/encoder.h"
#include "component/text/parser.h"
#include "component/text/printer.h"
#include "wasm/binary/decoder.h"
#include "wasm/text/lexer.h"

namespace nacre::component {

bool is_component(Bytes input) {
  return looks_like_component(input) || looks_like_component_text(as_text(input));
}

Result<Component> load(Bytes input, const Features& features) {
  if (wasm::looks_binary(input)) return component::decode(input, nullptr, features.core);
  return parse_component(as_text(input), features.core);
}

Result<std::vector<uint8_t>> text_to_binary(std::string_view text, const Features& features) {
  return component::encode(TRY(parse_component(text, features.core)));
}

Result<std::string> binary_to_text(Bytes binary, const Features& features) {
  return print_component(TRY(component::decode(binary, nullptr, features.core)), features.core);
}

Result<void> validate(Bytes input, const Features& features) {
  Component component = TRY(load(input, features));
  wasm::TypeRegistry registry;
  Result<ValidComponent> valid = validate_component(component, features, registry);
  if (valid) return {};
  Error error = std::move(valid).error();
  bool is_text = !wasm::looks_binary(input);
  if (!is_text || !error.where() || error.where()->line != 0)
    return std::unexpected(std::move(error));
  return fail(error.code(), error.message(),
              wasm::text::locate(as_text(input), error.where()->offset));
}

}  // namespace nacre::component
