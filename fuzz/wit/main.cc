// nacre-fuzz-wit: looks for WIT that Nacre reads wrongly. Built with sanitizers by ./dev fuzz.
//
//   nacre-fuzz-wit [--seed N] [--count N] [--seconds N]
//
// Each seed damages a package and resolves it with some features on. What is refused says where, in
// one line; what is not is printed, and that must print the same again, each of its worlds as well.
// Then it damages a value in WAVE, which is refused or prints as text that is the same value. A
// finding ends the run with 1.

#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "../budget.h"
#include "../random.h"
#include "component/wave.h"
#include "component/wit/printer.h"
#include "component/wit/resolve.h"
#include "component/wit/value_types.h"

namespace nacre::fuzz {
namespace {

namespace wit = component::wit;

constexpr std::string_view kMain = R"(/// docs
package a:main@1.0.0;
use dep:one/types as others;
interface i {
  use others.{t, handle as other-handle};
  /// of a record
  record r { /** of a field */ a: t, b: list<other-handle>, }
  variant v { one, two(r), %list(result<_, string>) }
  @since(version = 0.1.0) enum e { x, y }
  flags f { p, q }
  resource res {
    constructor(a: u32) -> result<res>;
    @unstable(feature = alpha) get: async func(x: borrow<res>) -> option<own<res>>;
    make: static func();
  }
  type m = map<string, tuple<s8, f64, stream<u8>, future>>;
  type fixed = list<u8, 4>;
  g: func(a: m, b: fixed) -> v;
}
@unstable(feature = beta) @deprecated(version = 0.9.0)
interface j { @unstable(feature = beta) use i.{res}; f: func(a: res); }
world w {
  import i;
  use i.{r};
  @external-id("x\u{e9}\n") import plain: interface { use i.{e}; h: func() -> e; }
  import same: i;
  export k: func(a: r);
  @unstable(feature = beta) export j;
  include small with { hook as start }
}
world small { type u = u8; import hook: func(a: u); import dep:one/types; export i; }
)";
constexpr std::string_view kDependency = R"(package dep:one;
interface types { type t = char; resource handle { m: func(); } }
interface more { use types.{handle}; }
package in:side@0.1.0-rc.2+b { interface z { use dep:one/more.{handle}; } }
)";

constexpr std::string_view kPieces[] = {"{",
                                        "}",
                                        "(",
                                        ")",
                                        "<",
                                        ">",
                                        ",",
                                        ";",
                                        ":",
                                        ".",
                                        "@",
                                        "%",
                                        "/",
                                        "//",
                                        "/*",
                                        "*/",
                                        "///",
                                        "->",
                                        "=",
                                        "_",
                                        "\"",
                                        "interface",
                                        "world",
                                        "use ",
                                        "include ",
                                        "import ",
                                        "export ",
                                        "package ",
                                        "type t = ",
                                        "list<",
                                        "option<",
                                        "result",
                                        "borrow<",
                                        "own<",
                                        "tuple<",
                                        "@since(version = 1.0.0) ",
                                        "@unstable(feature = alpha) ",
                                        "@deprecated(version = ",
                                        "i",
                                        "t",
                                        "u8",
                                        "w",
                                        "static ",
                                        "async ",
                                        "func()",
                                        "\xff",
                                        "\xe2\x80\xae",
                                        "\\u{",
                                        "99999999999",
                                        "a:b/c",
                                        "as x"};

void damage(std::string& text, Random& random, std::span<const std::string_view> pieces) {
  for (uint32_t edits = 1 + random.below(3); edits != 0; --edits) {
    size_t at = random.below(static_cast<uint32_t>(text.size() + 1));
    size_t length = std::min<size_t>(random.below(12), text.size() - at);
    switch (random.below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, random.pick(pieces));
        break;
      case 2:
        text.replace(at, length, random.pick(pieces));
        break;
      case 3:
        text.insert(at, text.substr(random.below(static_cast<uint32_t>(text.size() + 1)), 60));
        break;
      default:
        for (uint32_t times = random.below(200); times != 0; --times) {
          text.insert(at, random.pick(pieces));
        }
    }
  }
}

// Empty, or what is wrong with the way in which an error is told.
const char* check_error(const Error& error) {
  if (error.code() == ErrorCode::internal) return "an internal error";
  if (error.message().empty()) return "an error without words";
  if (error.message().contains('\n')) return "an error of several lines";
  return nullptr;
}

const char* check(Random& random) {
  std::vector<wit::PackageSource> sources = {{"main", {{"main.wit", std::string(kMain)}}},
                                             {"dep", {{"dep.wit", std::string(kDependency)}}}};
  wit::UnstableFeatures features;
  features.all = random.one_in(3);
  if (random.one_in(2)) features.names.insert("alpha");
  if (!random.one_in(20)) damage(sources[random.below(2)].files[0].text, random, kPieces);

  Result<wit::Resolve> resolve = wit::resolve(sources, features);
  if (!resolve) return check_error(resolve.error());
  auto prints_again = [&](const std::string& text) {
    std::vector<wit::PackageSource> again = {{"printed", {{"printed.wit", text}}}};
    Result<wit::Resolve> second = wit::resolve(again, features);
    return second && wit::print(*second) == text;
  };
  if (!prints_again(wit::print(*resolve))) return "what is printed does not print the same";
  for (const wit::Package& package : resolve->packages) {
    for (wit::WorldId world : package.worlds) {
      if (!prints_again(wit::print_world(*resolve, world))) {
        return "a world that is printed does not print the same";
      }
    }
  }
  return nullptr;
}

constexpr std::string_view kTypes = R"(package t:t; interface types {
  record r { a: option<u8>, b: list<v>, c: tuple<s64, f32, f64, char, bool>, d: m, e: rs, f: fl }
  variant v { none, some(string), three(option<option<u8>>), ok(list<s16, 2>) }
  flags fl { a, b, true } enum e { err, x } type m = map<string, e>;
  type rs = result<option<e>, tuple<string>>;
})";
constexpr std::string_view kValue =
    R"({a: 1, b: [%none, %some("x\u{e9}\n"), three(some(none)), %ok([1, -2])],
  c: (-9223372036854775808, 1e-5, nan, '\'', true), d: {"": %err, "y": x}, e: err(("q",)),
  f: {true, a}, } // end)";
constexpr std::string_view kValuePieces[] = {"{",      "}",
                                             "(",      ")",
                                             "[",      "]",
                                             ",",      ":",
                                             "'",      "\"",
                                             "\"\"\"", "\"\"\"\n",
                                             "%",      "-",
                                             "//",     "nan",
                                             "-inf",   "none",
                                             "some(",  "ok(",
                                             "err",    "true",
                                             "1e400",  "0.1",
                                             "a",      "x",
                                             "\\",     "\\u{",
                                             "\xff",   "\n",
                                             "{:}",    "'x'",
                                             "\"a\"",  "99999999999999999999"};

const char* check_value(Random& random) {
  std::vector<wit::PackageSource> sources = {{"t", {{"t.wit", std::string(kTypes)}}}};
  wit::Resolve resolve = *wit::resolve(sources, {});
  component::Types types(1'000'000);
  component::TypeId type = component::kNoType;
  for (wit::TypeDefId id : resolve.interfaces[0].types) {
    if (resolve.type_defs[id].name != "r") continue;
    type = *wit::ValueTypes(resolve, types).of({wit::TypeKind::named, id});
  }
  std::string text(kValue);
  if (!random.one_in(20)) damage(text, random, kValuePieces);
  Result<component::Value> value = component::parse_value(text, types, type);
  if (!value) return check_error(value.error());
  Result<component::Value> again =
      component::parse_value(component::print_value(*value, types, type), types, type);
  return again && *again == *value ? nullptr : "a value that is printed is another one";
}

}  // namespace
}  // namespace nacre::fuzz

int main(int argc, char** argv) {
  nacre::fuzz::Budget budget(argc, argv);
  uint64_t seed = budget.first_seed();
  uint64_t done = 0;
  const char* problem = nullptr;
  for (; problem == nullptr && !budget.is_spent(done); ++done) {
    nacre::fuzz::Random random(seed + done);
    problem = nacre::fuzz::check(random);
    if (problem == nullptr) problem = nacre::fuzz::check_value(random);
    if (problem != nullptr) {
      std::printf("seed %" PRIu64 ": %s\n", seed + done, problem);
    }
  }
  std::printf("wit: %" PRIu64 " from seed %" PRIu64 ", %d findings\n", done, seed,
              problem != nullptr ? 1 : 0);
  return problem != nullptr ? 1 : 0;
}
