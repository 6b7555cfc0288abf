// Functions and blocks with so many parameters and results that the compiler moves them by loops
// (baseline/many_values.cc): whatever blocks, branches and calls do with them, the values arrive,
// as they do in the interpreter.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "baseline/tier.h"
#include "interp/tier.h"
#include "os/cpu.h"
#include "runtime/engine.h"
#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

using Types = std::vector<std::string>;

std::string joined(const Types& types) {
  std::string text;
  for (const std::string& type : types) text += " " + type;
  return text;
}

// One module about one list of types. Each function "run*" takes a number that chooses the ways it
// goes, and returns a hash of all values that it saw.
class Writer {
 public:
  Writer(Types types, uint32_t seed) : types_(std::move(types)), random_(seed) {}

  std::string module() {
    text_ = "(module (type $l (func (param" + joined(types_) + ") (result" + joined(types_) +
            ")))\n(type $give (func (param i32) (result" + joined(types_) +
            ")))\n(type $eat (func (param" + joined(types_) + " i32) (result i64)))\n" +
            "(table funcref (elem $turn))\n";
    write_turn();
    write_eat();
    line("(func $give (type $give)");
    junk();
    values();
    line("local.get 0 i32.const 1 i32.and if local.get 0 return_call $other end");
    line("local.get 0 i32.const 2 i32.and if (type $l) call $turn return end return)");
    line("(func $other (type $give)");
    values();
    line("local.get 0 i32.const 2 i32.and");
    line("if (type $l) i32.const 0 return_call_indirect (type $l) end return_call $turn)");
    run([&] {  // a block; branches with nothing between, with all values once more between
      line("block (type $l)");
      choose(1, "br_if 0");
      values();
      choose(2, "br_if 0");
      line("call $turn");
      choose(4, "br_if 0");
      consume();
      line("end");
    });
    run([&] {  // an if
      choose(1, "if (type $l) call $turn else");
      values();
      choose(2, "br_if 0");
      consume();
      line("end");
      choose(4, "if (type $l) call $turn end");
    });
    run([&] {  // loops
      line("local.get $c local.set $m i32.const 5 local.set $n loop (type $l) call $turn");
      line("local.get $n i32.const 1 i32.sub local.tee $n br_if 0");
      values();
      line("i32.const 2 local.set $n local.get $m i32.const 1 i32.sub local.tee $m");
      line("i32.const 0 i32.gt_s br_if 0");
      consume();
      line("end");
    });
    run([&] {  // a table, with values below that are left behind
      consume();
      line("block (type $r) block (type $r) block (type $r)");
      junk();
      values();
      line("local.get $c br_table 0 1 2 1 end call $turn end call $turn end");
    });
    run([&] {  // calls of all kinds, also of what has one argument more than results
      line("i32.const 0 call_indirect (type $l)");
      line("ref.func $turn call_ref $l");
      consume();
      values();
      line("local.get $c call $eat");
      line("local.get $h i64.add local.set $h");
      line("local.get $c call $give");
    });
    run([&] {  // out of the function, over values that are left behind
      line("block (type $l) ref.null func local.get $c i32.const 1 i32.and");
      line("if (param funcref) (result funcref) drop ref.func $turn end br_on_null 0 drop");
      values();
      choose(2, "br_if 0");
      line("call $turn");
      consume();
      line("end");
    });
    return text_ + "(elem declare func $turn)(type $r (func (result" + joined(types_) + "))))";
  }

 private:
  void line(const std::string& text) { text_ += text + "\n"; }
  // If the bit of $c is set.
  void choose(int bit, const std::string& then) {
    line("local.get $c i32.const " + std::to_string(bit) + " i32.and " + then);
  }
  std::string constant(const std::string& type) {
    std::string value = std::to_string(random_() % 100000);
    if (type == "v128") return "v128.const i64x2 " + value + " " + std::to_string(random_() % 999);
    return type + ".const " + value;
  }
  void values() {
    for (const std::string& type : types_) line(constant(type));
  }
  void junk() {
    junk_ = {};
    for (uint32_t i = random_() % 5; i > 0; --i) {
      junk_.push_back(types_[random_() % types_.size()]);
      line(constant(junk_.back()));
    }
  }
  void consume_one(const std::string& type) {
    if (type == "i32") line("i64.extend_i32_u");
    if (type == "f32") line("i32.reinterpret_f32 i64.extend_i32_u");
    if (type == "f64") line("i64.reinterpret_f64");
    if (type == "v128") {
      line("local.tee $v i64x2.extract_lane 0 local.get $v i64x2.extract_lane 1 i64.sub");
    }
    line("local.get $h i64.const 31 i64.mul i64.add local.set $h");
  }
  void consume() {
    for (size_t i = types_.size(); i-- > 0;) consume_one(types_[i]);
  }
  static std::string locals() {
    return "(local $h i64) (local $n i32) (local $m i32) (local $v v128)\n";
  }
  template <class Body>
  void run(Body body) {
    line("(func (export \"run" + std::to_string(runs_++) + "\") (param $c i32) (result i64) " +
         locals());
    junk();
    Types below = junk_;
    values();
    body();
    consume();
    for (size_t i = below.size(); i-- > 0;) consume_one(below[i]);
    line("local.get $h)");
  }
  // Gives each value on to the next of its type, changed; some of its parameters live in registers.
  void write_turn() {
    line("(func $turn (type $l) (local $i i32)");
    line("i32.const 9 local.set $i loop");
    for (size_t i = 0; i < types_.size(); i += 1 + types_.size() / 12) {
      std::string at = std::to_string(i);
      if (types_[i] == "i32" || types_[i] == "i64") {
        line("local.get " + at + " " + types_[i] + ".const 7 " + types_[i] + ".add local.set " +
             at);
      } else if (types_[i] != "v128") {
        line("local.get " + at + " " + types_[i] + ".const 0.5 " + types_[i] + ".add local.set " +
             at);
      }
    }
    line("local.get $i i32.const 1 i32.sub local.tee $i br_if 0 end");
    for (size_t i = 0; i < types_.size(); ++i) {
      size_t from = (i + 1) % types_.size();
      while (types_[from] != types_[i]) from = (from + 1) % types_.size();
      line("local.get " + std::to_string(from));
    }
    line(")");
  }
  void write_eat() {
    line("(func $eat (type $eat) " + locals());
    for (size_t i = 0; i < types_.size(); ++i) {
      line("local.get " + std::to_string(i));
      consume_one(types_[i]);
    }
    line("local.get $h local.get " + std::to_string(types_.size()) + " i64.extend_i32_u i64.add)");
  }

  Types types_;
  std::minstd_rand random_;
  Types junk_;
  std::string text_;
  int runs_ = 0;
};

class Subject {
 public:
  explicit Subject(Result<std::unique_ptr<abi::Executor>> tier) {
    if (tier) engine_ = runtime::Engine::create(std::move(*tier), {}).value();
  }
  bool exists() const { return engine_ != nullptr; }

  std::vector<std::string> results(const std::string& text) {
    std::vector<std::string> all;
    auto binary = wasm::text_to_binary(text, engine_->features());
    if (!binary) return {binary.error().to_string()};
    auto module = runtime::Module::create(engine_, std::move(*binary));
    if (!module) return {module.error().to_string()};
    auto store = runtime::Store::create(engine_).value();
    auto instance = runtime::instantiate(*store, *module, {});
    if (!instance) return {instance.error().to_string()};
    for (size_t i = 0; i < (*instance)->export_count(); ++i) {
      for (uint32_t way = 0; way < 8; ++way) {
        abi::Value argument{}, result{};
        argument.i32 = way;
        auto done = runtime::call(*store, (*instance)->export_at(i), {&argument, 1}, {&result, 1});
        all.push_back(done ? std::to_string(result.i64) : done.error().to_string());
      }
    }
    return all;
  }

 private:
  std::shared_ptr<runtime::Engine> engine_;
};

Types list(size_t count, const Types& of, uint32_t seed) {
  std::minstd_rand random(seed);
  Types types;
  for (size_t i = 0; i < count; ++i) types.push_back(of[random() % of.size()]);
  return types;
}

void compare(const baseline::Options& options) {
  Subject subject(baseline::make_tier(options));
  if (!subject.exists()) GTEST_SKIP() << "no compiler for this processor";
  Subject reference(interp::make_tier());
  const Types kinds[] = {{"i64"},        {"i32"},
                         {"f32", "f64"}, {"i32", "i64", "f32", "f64"},
                         {"v128"},       {"i32", "f64", "v128"}};
  uint32_t seed = 1;
  for (size_t count : {15, 16, 17, 24, 61, 250, 999}) {
    for (const Types& kind : kinds) {
      if (count > 500 && kind.size() == 1 && seed % 2 == 0) continue;
      SCOPED_TRACE(std::to_string(count) + " of" + joined(kind));
      std::string text = Writer(list(count, kind, seed), seed).module();
      ++seed;
      std::vector<std::string> wanted = reference.results(text);
      ASSERT_EQ(wanted.size(), 48u) << wanted[0];
      EXPECT_NE(wanted[0], wanted[1]);
      EXPECT_EQ(subject.results(text), wanted);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(ManyValues, ArriveAsInTheInterpreter) { compare({.cpu = os::cpu_features()}); }

TEST(ManyValues, ArriveInACheckedBuild) {
  compare({.cpu = os::cpu_features(), .poison_upper_bits = true, .check_consistency = true});
}

TEST(ManyValues, ArriveWhereFuelIsCounted) {
  compare({.cpu = os::cpu_features(), .count_fuel = true});
}

}  // namespace
}  // namespace nacre::api
