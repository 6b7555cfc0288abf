// Every form of fused.def against the same instructions one by one: functions that use v128 have no
// forms. On stacks of 0, 1 and 2 values, as a form has a handler for each.
#include "interp/steps.h"

#include <string>

#include "interp/guest_for_test.h"

namespace nacre::interp {
namespace {

using wasm::ImmKind;
using wasm::Op;

std::string text_of(char type) {
  switch (type) {
    case 'i':
    case 'a':
      return "i32";
    case 'l':
      return "i64";
    case 'f':
      return "f32";
    default:
      return "f64";
  }
}

// The types a form's op takes and gives, as signatures of ops.def have them.
struct Types {
  std::string params;
  char result;  // 0: none
};
Types types_of(const Form& form) {
  bool decides = form.use == Use::br_if || form.use == Use::if_ || form.use == Use::br_table ||
                 form.use == Use::tee_br_if;
  switch (form.op) {
    case Op::nop:
      if (form.operands == Operands::locals) return {"ll", 'l'};
      return {decides ? "i" : "l", decides ? 'i' : 'l'};
    case Op::i32_const:
    case Op::i64_const: {
      char type = form.op == Op::i32_const ? 'i' : 'l';
      return {
          form.operands == Operands::local_constant ? std::string{'l', type} : std::string{type},
          type};
    }
    default: {
      std::string_view signature = wasm::op_info(form.op).signature;
      size_t colon = signature.find(':');
      std::string params(signature.substr(0, colon));
      if (params == "a" && form.operands == Operands::locals) params = "la";
      return {params, colon + 1 < signature.size() ? signature[colon + 1] : char{0}};
    }
  }
}
bool is_move(const Form& form) {
  return form.op == Op::nop || form.op == Op::i32_const || form.op == Op::i64_const;
}

size_t count_pushed(Operands operands) {
  switch (operands) {
    case Operands::stack:
      return 0;
    case Operands::local:
    case Operands::constant:
    case Operands::constant2:
    case Operands::noted:
      return 1;
    default:
      return 2;
  }
}

// The constant that is the last operand, if one is.
std::string constant_of(Operands operands) {
  switch (operands) {
    case Operands::constant:
    case Operands::local_constant:
      return "-3";
    case Operands::constant2:
    case Operands::local_constant2:
      return "1000";
    case Operands::noted:
    case Operands::local_noted:
      return "-70000";
    default:
      return "";
  }
}

// A function that runs the form on `depth` values. Nops keep its instructions from others. Local 2
// is where the result ends.
std::string function_with(const Form& form, int depth, const std::string& name, bool vectors) {
  Types types = types_of(form);
  size_t count = types.params.size();
  std::string param_types;
  for (char type : types.params) param_types += " " + text_of(type);
  if (count == 1) param_types += " i64";
  std::string result_type = types.result == 0 ? "i64" : text_of(types.result);
  std::string text = "(func (export \"" + name + "\") (param" + param_types + ") (result";
  for (int i = 0; i < depth; ++i) text += " i64";
  text += " " + result_type + ") (local " + result_type + ")";
  text += vectors ? " (local v128)\n" : "\n";
  for (int i = 0; i < depth; ++i) text += "i64.const " + std::to_string(1000 + i) + " nop\n";

  bool in_block = form.use == Use::br_if || form.use == Use::set_br || form.use == Use::tee_br_if ||
                  form.use == Use::br_unless;
  if (in_block) text += "block nop\n";
  if (form.use == Use::br_table) text += "block block block nop\n";
  size_t from_stack = count - count_pushed(form.operands);
  for (size_t i = 0; i < from_stack; ++i) text += "local.get " + std::to_string(i) + " nop\n";
  // From here on the form.
  for (size_t i = from_stack; i < count; ++i) {
    bool last = i + 1 == count;
    std::string type = text_of(types.params[i]);
    std::string constant;
    if (last) constant = constant_of(form.operands);
    if (!constant.empty()) {
      text += type + ".const " + constant + " ";
    } else {
      text += "local.get " + std::to_string(i) + " ";
    }
  }
  if (!is_move(form)) {
    text += wasm::op_info(form.op).text;
    if (wasm::op_info(form.op).imm == ImmKind::memarg) text += " offset=5";
    text += " ";
  }
  switch (form.use) {
    case Use::none:
      text += "nop i32.const 0 i64.load offset=8 local.set 2\n";
      break;
    case Use::push:
      text += "nop local.set 2\n";
      break;
    case Use::set:
      text += "local.set 2\n";
      break;
    case Use::tee:
      text += "local.tee 2 nop local.set 2\n";
      break;
    case Use::br_if:
      text += "br_if 0 nop " + result_type + ".const 7 nop local.set 2 end\n";
      break;
    case Use::br_table:
      text += "br_table 0 1 2 end nop i32.const 11 local.set 2 br 1 end nop ";
      text += "i32.const 12 local.set 2 br 0 end nop\n";
      break;
    case Use::set_br:
      text += "local.set 2 br 0 nop " + result_type + ".const 7 nop local.set 2 end\n";
      break;
    case Use::tee_br_if:
      text += "local.tee 2 br_if 0 nop " + result_type + ".const 7 nop local.set 2 end\n";
      break;
    case Use::br_unless:
      text += "i32.eqz br_if 0 nop " + result_type + ".const 7 nop local.set 2 end\n";
      break;
    case Use::mask:
      text += "i32.const 21 i32.and nop local.set 2\n";
      break;
    case Use::mask2:
      text += "i32.const 1000 i32.and nop local.set 2\n";
      break;
    case Use::if_:
      text += "if nop " + result_type + ".const 7 nop local.set 2 end\n";
      break;
  }
  // Where only the second of two locals is used, the first lies below.
  if (count == 2 && (is_move(form) || types.params == "la")) text += "drop\n";
  return text + "nop local.get 2)\n";
}

std::vector<uint64_t> values_of(char type) {
  switch (type) {
    case 'i':
      return {0, 1, 4, 37, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFD, 1000, 0xFFFEEE90};
    case 'l':
      return {0, 1, 37, ~uint64_t{0} >> 1, uint64_t{1} << 63, ~uint64_t{2}, uint64_t{1} << 32};
    case 'a':
      return {0, 3, 65528, 0xFFFFFFFF};
    case 'f':
      return {0, 0x3FC00000, 0xC0000000, 0x7F800000};
    default:
      return {0, 0x3FF8000000000000, 0xC000000000000000, 0x7FF0000000000000};
  }
}

// What a call gives: all results, or the trap.
std::vector<uint64_t> outcome_of(Guest& guest, const std::string& name,
                                 const std::vector<abi::Value>& arguments, size_t results) {
  std::vector<abi::Value> values = arguments;
  abi::Outcome outcome = guest.call(name, values);
  if (outcome.is_trapped()) {
    uint8_t opcode = guest.module().bytes[outcome.trap().frames[0].offset];
    return {Guest::kTrapBase + static_cast<uint64_t>(outcome.trap().kind), opcode};
  }
  std::vector<uint64_t> found;
  for (size_t i = 0; i < results; ++i) found.push_back(values[i].i64);
  return found;
}

// Whether a body holds a place whose step is the form's.
bool is_planned(const wasm::Module& module, uint32_t function, Step step) {
  Bytes body = module.body_of(function);
  size_t begin = 1 + size_t{body[0]} * 2;  // behind locals, whose counts and types have one byte
  Bytes code(body.data() + begin, body.size() - begin);
  std::vector<Step> steps(code.size());
  std::vector<wasm::BranchEntry> branches(8);
  plan_steps(code, wasm::FunctionShape{}, wasm::Features::all_built(), Branching::shortened,
             branches, steps.data());
  return std::find(steps.begin(), steps.end(), step) != steps.end();
}

TEST(Steps, FormsDoWhatTheirInstructionsDo) {
  World world;
  for (size_t i = 0; i < std::size(kForms); ++i) {
    const Form& form = kForms[i];
    std::string text = "(memory 1)\n";
    for (int depth = 0; depth < 3; ++depth) {
      text += function_with(form, depth, "fused" + std::to_string(depth), false);
      text += function_with(form, depth, "plain" + std::to_string(depth), true);
    }
    SCOPED_TRACE(text);
    Guest guest(world, text);
    ASSERT_FALSE(::testing::Test::HasFailure());
    EXPECT_TRUE(is_planned(guest.module(), 0, static_cast<Step>(kFirstForm + i)));
    std::string params = types_of(form).params;
    if (params.size() == 1) params += 'l';
    for (uint64_t a : values_of(params[0])) {
      for (uint64_t b : values_of(params[1])) {
        for (int depth = 0; depth < 3; ++depth) {
          std::vector<abi::Value> arguments{v64(a), v64(b)};
          size_t results = static_cast<size_t>(depth) + 1;
          std::string number = std::to_string(depth);
          std::memset(guest.memory().base, 0x91, Guest::kPage);
          auto plain = outcome_of(guest, "plain" + number, arguments, results);
          std::memset(guest.memory().base, 0x91, Guest::kPage);
          auto fused = outcome_of(guest, "fused" + number, arguments, results);
          ASSERT_EQ(plain, fused) << a << " " << b;
        }
      }
    }
  }
}

TEST(Steps, BranchesMayLandInForms) {
  World world;
  // The loop begins between the two operands of the addition.
  Guest guest(world, R"(
    (func (export "f") (param i32) (result i32) (local i32)
      local.get 0
      (loop (param i32) (result i32)
        local.get 0
        i32.add
        local.tee 1
        (br_if 0 (i32.lt_s (local.get 1) (i32.const 60))))))");
  EXPECT_EQ(guest.run("f", {v32(7)}), 63u);
}

// What does nothing is gone over at once, whatever its length.
TEST(Steps, BlocksAndNopsAreSkipped) {
  std::string blocks;
  std::string ends;
  for (int i = 0; i < 200; ++i) blocks += "block ", ends += "end ";
  std::string nops;
  for (int i = 0; i < 70000; ++i) nops += "nop ";  // more than a step can say
  for (const std::string& between : {std::string(), std::string("nop "), blocks + ends, nops}) {
    World world;
    Guest guest(world, R"(
      (func (export "if") (param i32) (result i32) (local i32)
        block )" + between +
                           R"( end
        local.get 0
        if )" + between + R"(
          i32.const 1 local.set 1
        else )" + between + R"(
          i32.const 2 local.set 1
        end )" + between + R"(
        block
          local.get 0 br_if 0 )" +
                           between + R"(
          local.get 1 i32.const 10 i32.add local.set 1
        end )" + between + R"(
        local.get 1))");
    EXPECT_EQ(guest.run("if", {v32(0)}), 12u);
    EXPECT_EQ(guest.run("if", {v32(1)}), 1u);
  }
}

TEST(Steps, BranchesToBranchesGoToTheirEnd) {
  World world;
  Guest guest(world, R"(
    (func (export "through") (param i32) (result i32)
      block $out
        block $far
          block $near
            (br_if $near (local.get 0))
            (return (i32.const 1))
          end
          br $far
        end
        br $out
      end
      i32.const 2)
    (func (export "dropping") (param i32) (result i32)
      (block $out (result i32)
        i32.const 5
        block $near
          (br_if $near (local.get 0))
          (return (i32.const 1))
        end
        i32.const 7
        br $out))
    (func (export "forever") (param i32) (result i32)
      (if (local.get 0) (then (loop $l (br $l))))
      i32.const 3))");
  EXPECT_EQ(guest.run("through", {v32(0)}), 1u);
  EXPECT_EQ(guest.run("through", {v32(1)}), 2u);
  EXPECT_EQ(guest.run("dropping", {v32(0)}), 1u);
  EXPECT_EQ(guest.run("dropping", {v32(1)}), 7u);
  EXPECT_EQ(guest.run("forever", {v32(0)}), 3u);
}

}  // namespace
}  // namespace nacre::interp
