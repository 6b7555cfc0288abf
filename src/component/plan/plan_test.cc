// Plans: what steps components become, and that each step has what it needs.
#include "component/plan/plan.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "component/suite_for_test.h"
#include "component/text/parser.h"

namespace nacre::component {
namespace {

Result<Resolved> resolve(const std::string& text, wasm::TypeRegistry& registry) {
  return resolve_component(TRY(parse_component(text, wasm::Features())), Features(), registry);
}

std::string plan_of(const std::string& text) {
  wasm::TypeRegistry registry;
  Result<Resolved> resolved = resolve(text, registry);
  return resolved ? print_plan(*resolved) : resolved.error().to_string();
}

TEST(Plan, LowersInstantiatesAndLifts) {
  EXPECT_EQ(plan_of(R"((component
    (import "log" (func $log (param "s" string)))
    (core module $libc
      (memory (export "mem") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
    (core module $main
      (import "" "log" (func (param i32 i32)))
      (import "" "mem" (memory 1))
      (func (export "run") (param i32 i32) (result i32) (i32.const 0))
      (func (export "post") (param i32)))
    (core instance $libc (instantiate $libc))
    (core func $log' (canon lower (func $log) string-encoding=utf16
      (memory (core memory $libc "mem"))))
    (core instance $main (instantiate $main (with "" (instance
      (export "mem" (memory $libc "mem"))
      (export "log" (func $log'))))))
    (func (export "run") (param "a" string) (result (tuple u8 u8))
      (canon lift (core func $main "run") (memory (core memory $libc "mem"))
        (realloc (core func $libc "realloc")) (post-return (core func $main "post"))))
  ))"),
            R"(component 0 (the whole)
  import "log" func %0
  %1 = module 0
  %2 = module 1
  core-instance 0 = instantiate %1
  $0 = memory "mem" of core-instance 0
  $1 = lower %0 func(s: string) utf16 memory=$0
  core-instance 1 = instantiate %2 ""."log"=$1 ""."mem"=$0
  $2 = func "run" of core-instance 1
  $3 = func "realloc" of core-instance 0
  $4 = func "post" of core-instance 1
  %3 = lift $2 func(a: string) -> tuple<u8, u8> memory=$0 realloc=$3 post-return=$4
  export "run" func %3
)");
}

TEST(Plan, ResourcesAreNumberedWhereTheyComeFrom) {
  EXPECT_EQ(plan_of(R"((component
    (import "host" (instance $host
      (export "r" (type (sub resource)))
      (export "deep" (instance (export "q" (type (sub resource)))))))
    (alias export $host "r" (type $r))
    (core module $m (func (export "drop") (param i32)))
    (core instance $i (instantiate $m))
    (type $own (resource (rep i32) (dtor (core func $i "drop"))))
    (core func (canon resource.new $own))
    (core func (canon resource.drop $r))
    (export $mine "mine" (type $own))
    (core func (canon resource.rep $own))
    (core func (canon resource.drop $mine))
  ))"),
            R"(component 0 (the whole)
  import "host" instance %0
  resource 0 = "r" of %0
  %1 = instance "deep" of %0
  resource 1 = "q" of %1
  %2 = module 0
  core-instance 0 = instantiate %2
  $0 = func "drop" of core-instance 0
  resource 2 = new destructor=$0
  $1 = resource.new resource 2
  $2 = resource.drop resource 0
  $3 = resource.rep resource 2
  $4 = resource.drop resource 2
  export "mine" type resource 2
)");
}

// Each instance of a component has resources of its own; types around it are in terms of these.
TEST(Plan, InstancesHaveResourcesOfTheirOwn) {
  EXPECT_EQ(plan_of(R"((component
    (component $c
      (import "in" (type $in (sub resource)))
      (type $t (resource (rep i32)))
      (export "t" (type $t)))
    (type $mine (resource (rep i32)))
    (instance $a (instantiate $c (with "in" (type $mine))))
    (alias export $a "t" (type $ta))
    (instance $b (instantiate $c (with "in" (type $ta))))
    (alias export $b "t" (type $tb))
    (core func (canon resource.drop $ta))
    (core func (canon resource.drop $tb))
  ))"),
            R"(component 0
  import "in" type resource 0
  resource 1 = new
  export "t" type resource 1
component 1 (the whole)
  %0 = component 0
  resource 0 = new
  %1 = instantiate %0 "in"=resource 0
  resource 1 = "t" of %1
  %2 = instantiate %0 "in"=resource 1
  resource 2 = "t" of %2
  $0 = resource.drop resource 1
  $1 = resource.drop resource 2
)");
}

TEST(Plan, NestedComponentsCaptureWhatTheyUse) {
  EXPECT_EQ(plan_of(R"((component $outer
    (import "m" (core module $m))
    (component $unused)
    (component $middle
      (core module $own)
      (component $inner
        (alias outer $outer $m (core module $m))
        (alias outer $outer $m (core module $again))
        (alias outer $middle $own (core module $own))
        (core instance (instantiate $m))
        (core instance (instantiate $again))
        (core instance (instantiate $own)))
      (instance (instantiate $inner)))
    (instance (instantiate $middle))
  ))"),
            R"(component 0
component 1
  %0 = captured
  %1 = captured
  core-instance 0 = instantiate %0
  core-instance 1 = instantiate %0
  core-instance 2 = instantiate %1
component 2
  %1 = captured
  %0 = module 0
  %2 = component 1 %1 %0
  %3 = instantiate %2
component 3 (the whole)
  import "m" core module %0
  %1 = component 0
  %2 = component 2 %0
  %3 = instantiate %2
)");
}

TEST(Plan, WhatWasPutTogetherIsLookedThrough) {
  EXPECT_EQ(plan_of(R"((component
    (import "a" (func $a))
    (import "i" (instance $i (export "f" (func))))
    (instance $bag (export "x" (func $a)) (export "i" (instance $i)))
    (export "x" (func $bag "x"))
    (alias export $bag "i" (instance $same))
    (export "f" (func $same "f"))
    (export "g" (func $i "f"))
    (type $t (tuple u8 string))
    (export "t" (type $t))
    (export "bag" (instance $bag))
  ))"),
            R"(component 0 (the whole)
  import "a" func %0
  import "i" instance %1
  %2 = instance "x"=%0 "i"=%1
  %3 = func "f" of %1
  export "x" func %0
  export "f" func %3
  export "g" func %3
  export "t" type
  export "bag" instance %2
)");
}

TEST(Plan, EqualModulesAreOne) {
  wasm::TypeRegistry registry;
  Result<Resolved> resolved = resolve(R"((component
    (component (core module (func (export "f"))))
    (core module (func (export "f")))
    (core module (func (export "g")))
  ))",
                                      registry);
  ASSERT_TRUE(resolved) << resolved.error().to_string();
  EXPECT_EQ(resolved->modules.size(), 2u);
}

TEST(Plan, EqualFunctionTypesHaveOneLayout) {
  wasm::TypeRegistry registry;
  Result<Resolved> resolved = resolve(R"((component
    (import "a" (func $a (param "x" u32)))
    (import "b" (func $b (param "x" u32)))
    (import "c" (func $c (param "x" u64)))
    (core func (canon lower (func $a)))
    (core func (canon lower (func $b)))
    (core func (canon lower (func $c)))
  ))",
                                      registry);
  ASSERT_TRUE(resolved) << resolved.error().to_string();
  const Part& part = resolved->part(resolved->root);
  ASSERT_EQ(part.functions.size(), 2u);
  EXPECT_EQ(part.layouts.at(part.functions[1].params).size_bytes, 8u);
}

TEST(Plan, ImportsAndExportsKnowTheirTypes) {
  wasm::TypeRegistry registry;
  Result<Resolved> resolved = resolve(R"((component
    (import "a:b/c@1.0.0" (instance $i (export "f" (func (result string)))))
    (export "f" (func $i "f"))
  ))",
                                      registry);
  ASSERT_TRUE(resolved) << resolved.error().to_string();
  const Part& part = resolved->part(resolved->root);
  const TypeDef& imported = resolved->types->at(part.imports[0].entity.type);
  EXPECT_EQ(imported.exports[0].name, "f");
  const TypeDef& exported = resolved->types->at(part.exports[0].entity.type);
  EXPECT_EQ(resolved->types->at(exported.first).primitive, Primitive::string);
  EXPECT_EQ(resolved->types->at(part.type).exports.size(), 1u);
}

// A few bytes each, and thousands of arguments.
TEST(Plan, StepsHaveALimit) {
  std::string text = "(component (core module $a";
  for (int i = 0; i < 3000; ++i) text += "(func (export \"" + std::to_string(i) + "\"))";
  text += ") (core instance $a (instantiate $a)) (core module $b";
  for (int i = 0; i < 3000; ++i) text += "(import \"\" \"" + std::to_string(i) + "\" (func))";
  text += ")";
  for (int i = 0; i < 3000; ++i)
    text += "(core instance (instantiate $b (with \"\" (instance $a))))";
  auto start = std::chrono::steady_clock::now();
  EXPECT_NE(plan_of(text + ")").find("too many steps"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

// ---- every plan

// Follows a plan as an instantiation would, and notes what is there.
class Follower {
 public:
  explicit Follower(const Resolved& resolved, const Part& part) : resolved_(resolved), part_(part) {
    for (const Extern& import : part.imports) {
      if (import.item) define(*import.item);
    }
    for (Slot slot : part.captured) define(slot);
    for (const Step& step : part.steps) {
      std::visit([&](const auto& known) { follow(known); }, step);
    }
    for (const Extern& item : part.exports) {
      if (item.item) use(*item.item);
    }
    EXPECT_EQ(slots_.size(), part.slots);
    EXPECT_EQ(core_slots_.size(), part.core_slots);
    EXPECT_EQ(core_instances_.size(), part.core_instances);
    EXPECT_EQ(resources_.size(), part.resources.size());
  }

 private:
  void define(Slot slot) { EXPECT_TRUE(slots_.insert(slot).second); }
  void define(CoreSlot slot) { EXPECT_TRUE(core_slots_.insert(slot).second); }
  void define(CoreInstanceSlot slot) { EXPECT_TRUE(core_instances_.insert(slot).second); }
  void define(ResourceIndex resource) { EXPECT_TRUE(resources_.insert(resource).second); }
  void define(const Item& item) {
    if (item.sort == Sort::type) return define(item.resource);
    define(item.slot);
  }
  void use(Slot slot) { EXPECT_TRUE(slots_.contains(slot)); }
  void use(CoreSlot slot) { EXPECT_TRUE(core_slots_.contains(slot)); }
  void use(std::optional<CoreSlot> slot) {
    if (slot) use(*slot);
  }
  void use(CoreInstanceSlot slot) { EXPECT_TRUE(core_instances_.contains(slot)); }
  void use(ResourceIndex resource) { EXPECT_TRUE(resources_.contains(resource)); }
  void use(const Item& item) {
    if (item.sort == Sort::type) return use(item.resource);
    use(item.slot);
  }
  void use(const CanonOptions& options) {
    use(options.memory);
    use(options.realloc);
    use(options.post_return);
    use(options.callback);
  }
  // Every resource that values of this layout mention.
  void use(LayoutId id) {
    if (id == kNoLayout || !layouts_.insert(id).second) return;
    const Layout& layout = part_.layouts.at(id);
    bool is_handle = layout.kind == Type::Kind::own || layout.kind == Type::Kind::borrow;
    if (is_handle) use(layout.resource);
    use(layout.element);
    for (const Layout::Part& part : layout.parts) use(part.layout);
  }
  void use(FunctionIndex index) {
    ASSERT_LT(static_cast<size_t>(index), part_.functions.size());
    use(part_.functions[static_cast<size_t>(index)].params);
    use(part_.functions[static_cast<size_t>(index)].result);
  }

  void follow(const TakeModule& step) {
    EXPECT_LT(static_cast<size_t>(step.module), resolved_.modules.size());
    define(step.to);
  }
  void follow(const InstantiateModule& step) {
    use(step.module);
    for (const auto& argument : step.arguments) use(argument.item);
    define(step.to);
  }
  void follow(const ExtractCore& step) {
    use(step.from);
    define(step.to);
  }
  void follow(const TakeComponent& step) {
    ASSERT_LT(static_cast<size_t>(step.part), resolved_.parts.size());
    EXPECT_EQ(step.captured.size(), resolved_.part(step.part).captured.size());
    for (Slot slot : step.captured) use(slot);
    define(step.to);
  }
  void follow(const Instantiate& step) {
    use(step.component);
    for (const NamedItem& argument : step.arguments) use(argument.item);
    define(step.to);
  }
  void follow(const Gather& step) {
    for (const NamedItem& item : step.exports) use(item.item);
    define(step.to);
  }
  void follow(const Extract& step) {
    use(step.from);
    define(step.to);
  }
  void follow(const ExtractResource& step) {
    use(step.from);
    define(step.to);
  }
  void follow(const DefineResource& step) {
    use(step.destructor);
    define(step.to);
  }
  void follow(const LiftFunction& step) {
    use(step.callee);
    use(step.function);
    use(step.options);
    define(step.to);
  }
  void follow(const LowerFunction& step) {
    use(step.callee);
    use(step.function);
    use(step.options);
    define(step.to);
  }
  void follow(const MakeBuiltIn& step) {
    if (canon_info(step.kind).text.starts_with("resource.")) use(step.resource);
    use(step.layout);
    use(step.options);
    use(step.table);
    define(step.to);
  }

  const Resolved& resolved_;
  const Part& part_;
  std::set<Slot> slots_;
  std::set<CoreSlot> core_slots_;
  std::set<CoreInstanceSlot> core_instances_;
  std::set<ResourceIndex> resources_;
  std::set<LayoutId> layouts_;
};

TEST(Plan, OfEverySuiteComponentCanBeFollowed) {
  if (!std::filesystem::is_directory(suite_root())) {
    GTEST_SKIP() << "no component suite at " << suite_root() << ": set NACRE_SHARED";
  }
  size_t followed = 0;
  wasm::TypeRegistry registry;
  each_suite_component([&](const std::string& where, const wasm::Command&, Component component) {
    Result<Resolved> resolved = resolve_component(std::move(component), Features::all(), registry);
    if (!resolved) {
      EXPECT_NE(resolved.error().code(), ErrorCode::internal)
          << where << resolved.error().to_string();
      return;
    }
    SCOPED_TRACE(where);
    for (const Part& part : resolved->parts) Follower(*resolved, part);
    ++followed;
  });
  EXPECT_GT(followed, 280u);
}

}  // namespace
}  // namespace nacre::component
