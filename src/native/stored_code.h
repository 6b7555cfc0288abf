// The images of a module's functions as bytes, for another process or a later one.
//
// Stored code is trusted as much as its compiler, since it is run as it is. Reading checks that it
// was made for this module by the same compiler with the same settings, and that it is complete; it
// cannot check that the code does what the module says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "native/code_image.h"
#include "wasm/module.h"

namespace nacre::native {

class StoredCodeWriter {
 public:
  // `compiler` says what made the images and with which settings (ModuleCompiler::identity).
  StoredCodeWriter(const wasm::Module& module, std::string_view compiler);
  // Adds functions by rising index; some may be left out.
  void add(uint32_t function, const CodeImage& image);
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

class StoredCodeReader {
 public:
  // `bytes` and `module` outlive it. Errors: malformed; unsupported, if they were made of another
  // module or in another way.
  static Result<StoredCodeReader> open(Bytes bytes, const wasm::Module& module,
                                       std::string_view compiler);
  bool at_end() const { return rest_.empty(); }
  // The next function's image into `image`; which function it is. Errors: malformed; out_of_memory.
  Result<uint32_t> next(CodeImage& image);

 private:
  StoredCodeReader(Bytes rest, const wasm::Module& module) : rest_(rest), module_(module) {}
  Result<Bytes> take(uint64_t bytes);

  Bytes rest_;
  const wasm::Module& module_;
  uint64_t next_function_ = 0;  // the least that may follow
};

}  // namespace nacre::native
