#include "wasm/foreign.h"

#include <string_view>

#include "wasm/binary/decoder.h"

namespace nacre::wasm {
namespace {

struct Foreign {
  std::string_view begin;
  std::string_view what;
  std::string_view advice;
};

constexpr Foreign kForeign[] = {
#define FOREIGN(begin, what, advice) {{begin, sizeof(begin) - 1}, what, advice},
#include "wasm/foreign.def"
#undef FOREIGN
};

constexpr size_t kLookedAt = 512;

std::string sentence(std::string_view what, std::string_view advice) {
  return "this is " + std::string(what) + ", not WebAssembly: " + std::string(advice);
}

bool is_tar(std::string_view text) {
  constexpr size_t kMagicAt = 257;
  return text.size() > kMagicAt && text.substr(kMagicAt).starts_with("ustar");
}

// The module of a Python program begins with a version number and these two.
bool is_pyc(std::string_view text) { return text.size() >= 4 && text.substr(2, 2) == "\r\n"; }

}  // namespace

std::string describe_foreign(Bytes bytes) {
  if (bytes.empty() || looks_binary(bytes)) return {};
  std::string_view start = as_text(bytes).substr(0, kLookedAt);
  for (const Foreign& row : kForeign) {
    if (start.starts_with(row.begin)) return sentence(row.what, row.advice);
  }
  if (looks_text(bytes)) return {};
  if (start.find_first_not_of('\0') == std::string_view::npos && start.size() >= 8) {
    return sentence("nothing but zeros", "it was not written to its end; get it again");
  }
  if (is_tar(start)) return sentence("a tar archive", "unpack it first (tar xf)");
  if (is_pyc(start)) return sentence("compiled Python", "run it with an interpreter");
  // Source code may begin with empty lines.
  size_t first = start.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && first != 0) {
    for (const Foreign& row : kForeign) {
      if (start.substr(first).starts_with(row.begin)) return sentence(row.what, row.advice);
    }
  }
  return {};
}

Result<void> refuse_foreign(Bytes bytes) {
  std::string words = describe_foreign(bytes);
  if (words.empty()) return {};
  return fail(ErrorCode::malformed, std::move(words));
}

}  // namespace nacre::wasm
