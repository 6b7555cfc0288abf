// The parser of WIT (component model, WIT.md): text to syntax, one file at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "component/wit/syntax.h"

namespace nacre::component::wit {

struct SourceFile {
  std::string path;  // as errors name it
  std::string text;
};

// "deps/io.wit:3:14: MESSAGE", as malformed or invalid.
std::unexpected<Error> fail_at(const SourceFile& file, size_t offset, ErrorCode code,
                               const std::string& message);

// The syntax views `file.text`. Fails: malformed, limit.
Result<syntax::File> parse(const SourceFile& file);

}  // namespace nacre::component::wit
