#include "wasm/to_binary.h"

#include "wasm/binary/decoder.h"
#include "wasm/foreign.h"
#include "wasm/text/parser.h"

namespace nacre::wasm {

Result<std::optional<std::vector<uint8_t>>> to_binary(Bytes given, Features features) {
  if (given.empty()) return fail(ErrorCode::malformed, "the file is empty");
  if (looks_text(given)) return TRY(text_to_binary(as_text(given), features));
  TRY(refuse_foreign(given));
  return std::nullopt;
}

}  // namespace nacre::wasm
