// What packages become is held against wasm-tools in tests/wit; here, that it is valid and what it
// looks like.
#include "component/wit/to_component.h"

#include <gtest/gtest.h>

#include "component/binary/encoder.h"
#include "component/features.h"
#include "component/load.h"
#include "component/text/printer.h"
#include "component/wit/resolve.h"

namespace nacre::component::wit {
namespace {

Resolve resolve_text(std::string text) {
  std::vector<PackageSource> sources = {{"a.wit", {{"a.wit", std::move(text)}}}};
  Result<Resolve> resolved = resolve(sources, {.all = true});
  EXPECT_TRUE(resolved) << resolved.error().to_string();
  return resolved ? std::move(*resolved) : Resolve();
}

void expect_valid(const std::string& text) {
  Resolve resolve = resolve_text(text);
  for (PackageId id = 0; id < resolve.packages.size(); ++id) {
    Result<Component> component = to_component(resolve, id);
    ASSERT_TRUE(component) << component.error().to_string();
    Result<void> valid = validate(encode(*component), Features::all());
    EXPECT_TRUE(valid) << valid.error().to_string() << "\n" << text;
  }
}

TEST(ToComponent, MakesValidComponents) {
  expect_valid("package a:b;");
  expect_valid("package a:b; interface i {} world w {} world v { import i; export i; }");
  expect_valid(R"(package a:b@1.0.0;
interface types {
  record r { a: u8 } resource res { constructor(a: list<u8>); m: func(x: r) -> option<r>;
    s: static async func(); c: func() -> res; }
  variant v { a, b(borrow<res>) } enum e { x } flags f { p } type al = r; type also = res;
  type lists = tuple<list<r>, list<u8, 4>, map<string, al>, result<_, e>, stream<f>, future>;
  type prim = u8; type err = error-context;
  fn: func(a: lists, b: also, c: borrow<also>) -> prim;
}
interface user { use types.{r, res as q}; g: func(a: r, b: borrow<q>) -> q; }
interface chain { use user.{q as z}; h: func(a: z); }
world w {
  use types.{r}; use chain.{z};
  import types; import k: func(a: r, b: z); type loc = list<r>;
  resource wr { constructor() -> result<wr>; m: func(o: borrow<wr>, l: loc); }
  import inl: interface { use types.{res}; h: func(a: res); }
  export chain; export user; export types; import named: user; export named: chain;
  @external-id("x y") export l: func(a: loc, b: wr);
}
world x { include w; export more: interface { use user.{q}; f: func() -> q; } })");
}

TEST(ToComponent, LooksLikeThis) {
  Resolve resolve = resolve_text(R"(package a:b@1.0.0;
interface t { type u = list<u8>; }
world w { use t.{u}; export f: func(a: u); })");
  Component component = *to_component(resolve, 0);
  EXPECT_EQ(*print_component(component, wasm::Features()), R"((component
  (type (;0;) (component
    (type (;0;) (instance
      (type (;0;) (list u8))
      (export "u" (type (;1;) (eq 0)))
    ))
    (export "a:b/t@1.0.0" (instance (;0;) (type 0)))
  ))
  (export (;1;) "t" (type 0))
  (type (;2;) (component
    (type (;0;) (component
      (type (;0;) (instance
        (type (;0;) (list u8))
        (export "u" (type (;1;) (eq 0)))
      ))
      (import "a:b/t@1.0.0" (instance (;0;) (type 0)))
      (alias export 0 "u" (type (;1;)))
      (import "u" (type (;2;) (eq 1)))
      (type (;3;) (func (param "a" 2)))
      (export "f" (func (;0;) (type 3)))
    ))
    (export "a:b/w@1.0.0" (component (;0;) (type 0)))
  ))
  (export (;3;) "w" (type 2))
)
)");
}

TEST(ToComponent, IsBounded) {
  std::string text = "package a:b; interface i { type t0 = u8;";
  for (int i = 1; i < 2000; ++i) text += "type t" + std::to_string(i) + " = list<u8>;";
  text += "}";
  for (int i = 0; i < 2000; ++i) text += "world w" + std::to_string(i) + " { import i; }";
  Result<Component> component = to_component(resolve_text(text), 0);
  ASSERT_FALSE(component);
  EXPECT_EQ(component.error().code(), ErrorCode::limit);
}

}  // namespace
}  // namespace nacre::component::wit
