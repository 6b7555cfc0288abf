// Every instruction that computes or touches memory, in the compiler and in the interpreter: each
// row of ops.def with operands in registers, locals, slots of the frame and constants, with every
// lane and many shuffles, on processors with less and less. Results, memories and traps must be the
// same; a NaN that may be any must be one in both.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
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
#include "wasm/ops.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

using wasm::ImmKind;
using wasm::OpInfo;

// Memory 0 has the records of operands and the results; accesses of the rows go to the last page of
// this and of two more memories, the last of which has 64-bit addresses.
constexpr uint32_t kRecords = 160;
constexpr uint32_t kRecordBytes = 64;  // operand p at 16 * p
constexpr uint32_t kResultBytes = 32;  // result r at 16 * r
constexpr uint32_t kResultsBegin = 0x1'0000;
constexpr uint32_t kTargetBegin = 0x7'0000, kMemoryEnd = 0x8'0000;
constexpr uint32_t kTargetBytes = 0x1020;  // what an access may reach
constexpr uint32_t kMemories = 3;

std::string type_name(char letter) {
  switch (letter) {
    case 'i':
      return "i32";
    case 'l':
      return "i64";
    case 'f':
      return "f32";
    case 'd':
      return "f64";
    default:
      return "v128";
  }
}

// ---- modules

struct Function {
  std::string name;      // what it does differently
  bool is_edge = false;  // its third parameter is the address
};

// A module with one row in many surroundings.
class RowModule {
 public:
  RowModule(const OpInfo& row, std::mt19937_64& random) : row_(row), random_(random) {
    size_t colon = row.signature.find(':');
    params_ = std::string(row.signature.substr(0, colon));
    results_ = std::string(row.signature.substr(colon + 1));
    accesses_ = params_.find('a') != std::string::npos;
    text_ = "(module (memory $records 8 8) (memory 8 8) (memory i64 8 8)\n" + disturbing_function();
    for (uint32_t i = 0; i < kMemories; ++i) {
      text_ += "(export \"m" + std::to_string(i) + "\" (memory " + std::to_string(i) + "))";
    }
    for (memory_ = 0; memory_ < (accesses_ ? kMemories : 1); ++memory_) {
      for (const std::string& imm : immediates()) add_forms(imm);
      if (accesses_) add_edge();
    }
    text_ += ")";
  }

  const std::string& text() const { return text_; }
  const std::vector<Function>& functions() const { return functions_; }
  const std::string& params() const { return params_; }
  const std::string& results() const { return results_; }
  bool accesses() const { return accesses_; }
  // A trap ends a function: such rows are called for each record.
  bool may_trap() const { return row_.has_flag('T') && !accesses_; }

 private:
  std::vector<std::string> immediates() {
    std::vector<std::string> result;
    uint32_t lanes = 16u >> row_.width_log2();
    std::string memory = memory_ == 0 ? "" : " " + std::to_string(memory_);
    std::string offset = row_.has_flag('A') ? " offset=8" : " offset=5";
    switch (row_.imm) {
      case ImmKind::lane:
        for (uint32_t i = 0; i < lanes; ++i) result.push_back(" " + std::to_string(i));
        break;
      case ImmKind::memarg:
        return {memory, memory + offset};
      case ImmKind::memarg_lane:
        for (uint32_t i = 0; i < lanes; ++i) result.push_back(memory + " " + std::to_string(i));
        result.push_back(memory + offset + " 0");
        break;
      case ImmKind::shuffle:
        return shuffles();
      case ImmKind::v128:
        for (int i = 0; i < 8; ++i) result.push_back(constant('v').substr(10));
        result.push_back(" i64x2 0 0");
        result.push_back(" i64x2 -1 -1");
        break;
      default:
        return {""};
    }
    return result;
  }

  // Random ones, of one operand alone too, and those of order that machines have instructions for,
  // with each lane wrong in turn.
  std::vector<std::string> shuffles() {
    using Lanes = std::array<uint8_t, 16>;
    std::vector<Lanes> all;
    auto add = [&](auto lane_at) {
      Lanes lanes;
      for (uint32_t i = 0; i < 16; ++i) lanes[i] = static_cast<uint8_t>(lane_at(i) % 32);
      all.push_back(lanes);
    };
    for (uint32_t first = 0; first < 32; ++first) add([&](uint32_t i) { return first + i; });
    for (uint32_t bytes : {1u, 2u, 4u, 8u}) {
      for (uint32_t from : {0u, 8u, 16u, 24u}) {
        add([&](uint32_t i) {
          return (i / bytes % 2 * 16 + from + i / bytes / 2 * bytes + i % bytes);
        });
      }
    }
    for (int k = 0; k < 12; ++k) {
      uint64_t bits = random_();
      add([&](uint32_t i) { return (bits >> (8 * (i / 4)) & 7) * 4 + i % 4; });
      add([&](uint32_t i) {
        return (bits >> (8 * (i / 4)) & 3) * 4 + i % 4 + ((i / 8 + bits / 128) % 2) * 16;
      });
      add([&](uint32_t i) { return i + (bits >> (i / 2) & 1) * 16; });
    }
    size_t ordered = all.size();
    for (size_t k = 0; k < ordered; ++k) {
      Lanes lanes = all[k];
      lanes[k % 16] ^= static_cast<uint8_t>(1 + random_() % 31);
      all.push_back(lanes);
    }
    for (int k = 0; k < 24; ++k) {
      uint32_t from = k < 8 ? 0 : k < 16 ? 16 : 32;
      add([&](uint32_t) { return from == 32 ? random_() : random_() % 16 + from; });
    }
    std::vector<std::string> texts;
    for (const Lanes& lanes : all) {
      std::string& text = texts.emplace_back();
      for (uint8_t lane : lanes) text += " " + std::to_string(lane);
    }
    return texts;
  }

  char type_of(size_t param) const {
    return params_[param] != 'a' ? params_[param] : memory_ == 2 ? 'l' : 'i';
  }
  std::string local(size_t param) const { return std::string("$p") + std::to_string(param); }

  void add(const std::string& name, const std::string& body, bool is_edge = false) {
    text_ += "(func (export \"f" + std::to_string(functions_.size()) +
             "\") (param $in i32) (param $out i32) (param $n i32)";
    for (size_t p = 0; p < params_.size(); ++p) {
      text_ += " (local " + local(p) + " " + type_name(type_of(p)) + ")";
    }
    for (size_t r = 0; r < results_.size(); ++r) {
      text_ += " (local $r" + std::to_string(r) + " " + type_name(results_[r]) + ")";
    }
    for (int i = 0; i < 10; ++i) text_ += " (local $h" + std::to_string(i) + " v128)";
    text_ += "\n" + body + ")\n";
    functions_.push_back({std::string(row_.text) + name, is_edge});
  }

  // Pushes a parameter from the record.
  std::string from_record(size_t p) const {
    std::string at = " offset=" + std::to_string(16 * p) + "\n";
    if (params_[p] != 'a') return "local.get $in " + type_name(params_[p]) + ".load" + at;
    std::string text = "local.get $in i32.load" + at + "i32.const 0xff8 i32.and i32.const " +
                       std::to_string(kTargetBegin) + " i32.or\n";
    return memory_ == 2 ? text + "i64.extend_i32_u\n" : text;
  }
  std::string all_from_record() const {
    std::string text;
    for (size_t p = 0; p < params_.size(); ++p) text += from_record(p);
    return text;
  }
  std::string record_into_locals() const {
    std::string text;
    for (size_t p = 0; p < params_.size(); ++p)
      text += from_record(p) + "local.set " + local(p) + "\n";
    return text;
  }
  std::string all_locals() const {
    std::string text;
    for (size_t p = 0; p < params_.size(); ++p) text += "local.get " + local(p) + "\n";
    return text;
  }
  std::string store(size_t r, const std::string& from, uint32_t at = 0) const {
    return "local.get $out local.get " + from + " " + type_name(results_[r]) +
           ".store offset=" + std::to_string(16 * r + at) + "\n";
  }
  std::string keep_results(uint32_t at = 0) const {
    std::string text;
    for (size_t r = results_.size(); r-- > 0;) text += "local.set $r" + std::to_string(r) + "\n";
    for (size_t r = 0; r < results_.size(); ++r) text += store(r, "$r" + std::to_string(r), at);
    return text;
  }
  static std::string for_each_record(const std::string& body) {
    return "loop $next\n" + body + "(local.set $in (i32.add (local.get $in) (i32.const " +
           std::to_string(kRecordBytes) +
           ")))\n(local.set $out (i32.add (local.get $out) (i32.const " +
           std::to_string(kResultBytes) +
           ")))\n(local.tee $n (i32.sub (local.get $n) (i32.const 1))) br_if $next end\n";
  }

  void add_forms(const std::string& imm) {
    std::string op = std::string(row_.text) + imm + "\n";
    std::string kept = keep_results();
    add(imm + ": from memory", for_each_record(all_from_record() + op + kept));
    add(imm + ": locals", for_each_record(record_into_locals() + all_locals() + op + kept));
    add(imm + ": slots", for_each_record(all_from_record() + "block end\n" + op + kept));
    add(imm + ": locals in memory",
        for_each_record(record_into_locals() + busy_locals() + all_locals() + op + kept));
    add(imm + ": no register free", for_each_record(pressed(op)));
    add(imm + ": across a call",
        for_each_record(all_from_record() + "call $disturb\n" + op + kept));
    add(imm + ": locals across a call",
        for_each_record(record_into_locals() + "call $disturb\n" + all_locals() + op + kept));
    add(imm + ": through a block", for_each_record(all_from_record() + block_type() + op +
                                                   "local.get $in br_if 0 end\n" + kept));
    if (results_.size() == 1) {
      for (size_t p = 0; p < params_.size(); ++p) {
        if (type_of(p) != results_[0]) continue;
        add(imm + ": into operand " + std::to_string(p),
            for_each_record(record_into_locals() + all_locals() + op + "local.set " + local(p) +
                            "\n" + store(0, local(p))));
      }
    }
    add(imm + ": equal operands", for_each_record(equal_operands(op) + kept));
    add_constants(imm, op);
  }

  // Leaves no register as it was.
  static std::string disturbing_function() {
    std::string text = "(func $disturb";
    for (int i = 0; i < 10; ++i) {
      std::string n = std::to_string(i);
      text += " (local $h" + n + " v128) (local $k" + n + " i64)";
    }
    for (int i = 0; i < 10; ++i) {
      std::string n = std::to_string(i);
      text += "\n(local.set $h" + n + " (v128.not (local.get $h" + n + "))) (local.set $k" + n +
              " (i64.sub (local.get $k" + n + ") (i64.const 77)))";
    }
    for (int i = 0; i < 10; ++i) text += " v128.const i64x2 " + std::to_string(i + 1) + " -2";
    for (int i = 0; i < 10; ++i) text += " drop";
    return text + ")\n";
  }
  std::string block_type() const {
    std::string text = "block (param";
    for (size_t p = 0; p < params_.size(); ++p) text += " " + type_name(type_of(p));
    text += ") (result";
    for (char result : results_) text += " " + type_name(result);
    return text + ")\n";
  }

  // Ten locals that are used more than the operands are.
  static std::string busy_locals() {
    std::string text;
    for (int k = 0; k < 30; ++k) {
      std::string name = "$h" + std::to_string(k % 10);
      text += "local.get " + name + " v128.not local.set " + name + "\n";
    }
    return text;
  }
  // With more below on the stack than there are registers, and all of it wanted afterwards.
  std::string pressed(const std::string& op) const {
    std::string text, end;
    for (int i = 0; i < 16; ++i) {
      text += "local.get $in v128.load offset=" + std::to_string(i) + "\n";
      text += "local.get $in i64.load offset=" + std::to_string(i) + "\n";
      end += "i64x2.splat v128.xor local.get $h0 v128.xor local.set $h0\n";
    }
    text += all_from_record() + op;
    for (size_t r = results_.size(); r-- > 0;) text += "local.set $r" + std::to_string(r) + "\n";
    text += end + "local.get $out local.get $h0 v128.store offset=" +
            std::to_string(kRecords * kResultBytes) + "\n";
    for (size_t r = 0; r < results_.size(); ++r) text += store(r, "$r" + std::to_string(r));
    return text;
  }
  std::string equal_operands(const std::string& op) const {
    std::string text = record_into_locals();
    for (size_t p = 0; p < params_.size(); ++p) {
      size_t first = p;
      for (size_t q = 0; q < p; ++q) {
        if (params_[q] == params_[p] && params_[q] != 'a') {
          first = q;
          break;
        }
      }
      text += "local.get " + local(first) + "\n";
    }
    return text + op;
  }

  // All operands but vectors are constants, or the last alone.
  void add_constants(const std::string& imm, const std::string& op) {
    if (params_.find_first_not_of('v') == std::string::npos) return;
    bool counts = row_.text.find(".sh") != std::string_view::npos ||
                  row_.text.find(".rot") != std::string_view::npos;
    uint32_t count = counts ? 130 : 12;
    for (bool all : {true, false}) {
      if (!all && params_.back() == 'v') break;
      std::string body;
      for (uint32_t k = 0; k < count; ++k) {
        for (size_t p = 0; p < params_.size(); ++p) {
          bool constant_here = params_[p] != 'v' && (all || p + 1 == params_.size());
          if (!constant_here) {
            body += from_record(p);
          } else if (params_[p] == 'a') {
            body += type_name(type_of(p)) + ".const " + std::to_string(kTargetBegin + 8 * k) + "\n";
          } else if (counts && p == 1) {
            body += type_name(type_of(p)) + ".const " + std::to_string(k) + "\n";
          } else {
            body += constant(type_of(p));
          }
        }
        body += op + keep_results(kResultBytes * k);
        if (!may_trap() && k + 1 < count) continue;
        add(imm + ": constants", body);
        body.clear();
      }
    }
  }

  // The last bytes of the memory, and those behind.
  void add_edge() {
    std::string imm = row_.imm == ImmKind::memarg_lane ? " 0" : "";
    if (memory_ != 0) imm = " " + std::to_string(memory_) + imm;
    std::string body;
    for (size_t p = 0; p < params_.size(); ++p) {
      if (params_[p] == 'a') {
        body += memory_ == 2 ? "local.get $n i64.extend_i32_u\n" : "local.get $n\n";
      } else {
        body += from_record(p);
      }
    }
    add(imm + ": at the edge", body + std::string(row_.text) + imm + "\n" + keep_results(), true);
  }

  std::string constant(char type) {
    constexpr uint64_t kInteresting[] = {
        0,          1,          ~uint64_t{0}, 0x7FFFFFFF, 0x80000000,
        0xFFFFFFFF, 1ull << 63, INT64_MAX,    0x3F800000, 0x3FF0000000000000};
    auto next = [&] {
      return random_() % 2 == 0 ? random_() : kInteresting[random_() % std::size(kInteresting)];
    };
    uint64_t bits = next();
    switch (type) {
      case 'i':
        return "i32.const " + std::to_string(static_cast<uint32_t>(bits)) + "\n";
      case 'l':
        return "i64.const " + std::to_string(bits) + "\n";
      case 'f':
        return "i32.const " + std::to_string(static_cast<uint32_t>(bits)) +
               " f32.reinterpret_i32\n";
      case 'd':
        return "i64.const " + std::to_string(bits) + " f64.reinterpret_i64\n";
      default:
        return "v128.const i64x2 " + std::to_string(bits) + " " + std::to_string(next()) + "\n";
    }
  }

  const OpInfo& row_;
  std::mt19937_64& random_;
  std::string params_;
  std::string results_;
  std::string text_;
  std::vector<Function> functions_;
  uint32_t memory_ = 0;
  bool accesses_ = false;
};

// ---- operands

template <class Lane, class Bits>
void fill(uint8_t* to, std::mt19937_64& random, std::initializer_list<Bits> values) {
  for (size_t i = 0; i < 16 / sizeof(Lane); ++i) {
    auto lane = std::bit_cast<Lane>(std::data(values)[random() % values.size()]);
    std::memcpy(to + i * sizeof lane, &lane, sizeof lane);
  }
}
template <class Lane>
void fill_int(uint8_t* to, std::mt19937_64& random) {
  constexpr Lane kTop = static_cast<Lane>(Lane{1} << (8 * sizeof(Lane) - 1));
  fill<Lane, Lane>(
      to, random,
      {0, 1, 2, static_cast<Lane>(-1), static_cast<Lane>(-2), kTop, static_cast<Lane>(kTop + 1),
       static_cast<Lane>(kTop - 1), static_cast<Lane>(random()), static_cast<Lane>(random())});
}
template <class Float, class Bits>
void fill_float(uint8_t* to, std::mt19937_64& random) {
  auto bits = [](double value) { return std::bit_cast<Bits>(static_cast<Float>(value)); };
  constexpr Bits kInfinity =
      sizeof(Float) == 4 ? Bits{0x7F800000} : static_cast<Bits>(0x7FFull << 52);
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  Bits quiet = kInfinity | Bits{1} << (sizeof(Float) == 4 ? 22 : 51);
  fill<Bits, Bits>(to, random,
                   {bits(0),
                    bits(-0.0),
                    bits(1),
                    bits(-1),
                    bits(0.5),
                    bits(-0.5),
                    bits(1.5),
                    bits(2.5),
                    bits(-1.5),
                    bits(0.999999),
                    bits(1e30),
                    bits(-1e30),
                    bits(2147483648),
                    bits(2147483520),
                    bits(2147483647),
                    bits(2147483647.5),
                    bits(-2147483648),
                    bits(-2147483904.0),
                    bits(-2147483649.),
                    bits(-2147483648.5),
                    bits(4294967296),
                    bits(4294967040),
                    bits(4294967295),
                    bits(4294967295.5),
                    bits(8388607.5),
                    bits(-8388608.5),
                    bits(127.5),
                    bits(32768),
                    kInfinity,
                    kInfinity | kSign,
                    quiet,
                    quiet | kSign,
                    kInfinity | 1,
                    quiet | 5,
                    Bits{1},
                    Bits{1} | kSign,
                    static_cast<Bits>(random()),
                    static_cast<Bits>(random())});
}

void fill_operand(uint8_t* to, std::mt19937_64& random) {
  switch (random() % 8) {
    case 0:
      return fill_int<uint8_t>(to, random);
    case 1:
      return fill_int<uint16_t>(to, random);
    case 2:
      return fill_int<uint32_t>(to, random);
    case 3:
      return fill_int<uint64_t>(to, random);
    case 4:
      return fill_float<float, uint32_t>(to, random);
    case 5:
      return fill_float<double, uint64_t>(to, random);
    default:
      for (size_t i = 0; i < 16; ++i) to[i] = static_cast<uint8_t>(random());
  }
}

// Operands of all records: now and then equal ones. A number behind a vector or a number counts all
// that shifts can.
std::vector<uint8_t> make_records(const std::string& params, std::mt19937_64& random) {
  std::vector<uint8_t> records(kRecords * kRecordBytes);
  for (uint32_t k = 0; k < kRecords; ++k) {
    uint8_t* record = records.data() + k * kRecordBytes;
    for (uint32_t p = 0; p < 4; ++p) fill_operand(record + 16 * p, random);
    if (k % 8 == 7) std::memcpy(record + 16, record, 16);
    bool counts = params == "vi" || params == "ii" || params == "ll";
    if (counts && k % 2 == 0) std::memset(record + 16, 0, 16);
    if (counts && k % 2 == 0) record[16] = static_cast<uint8_t>(k);
    if (counts && k % 4 == 1) record[16] = static_cast<uint8_t>(k);
  }
  return records;
}

// ---- running

// One tier with one instance of the module.
class Subject {
 public:
  explicit Subject(Result<std::unique_ptr<abi::Executor>> tier) {
    runtime::EngineOptions options;
    options.features = wasm::Features::all_built();
    if (tier) engine_ = runtime::Engine::create(std::move(*tier), options).value();
  }
  bool exists() const { return engine_ != nullptr; }

  [[nodiscard]] bool load(const std::string& text) {
    auto binary = wasm::text_to_binary(text, engine_->features());
    if (!binary) return refuse(binary.error().to_string(), text);
    auto module = runtime::Module::create(engine_, std::move(*binary));
    if (!module) return refuse(module.error().to_string(), text);
    store_ = runtime::Store::create(engine_).value();
    auto instance = runtime::instantiate(*store_, *module, {});
    if (!instance) return refuse(instance.error().to_string(), text);
    instance_ = *instance;
    return true;
  }

  uint8_t* memory(uint32_t index) { return instance_->export_at(index).memory()->base(); }

  // The trap's kind, none if it returns.
  abi::TrapKind call(size_t function, uint32_t in, uint32_t out, uint32_t n) {
    abi::Value args[3];
    args[0].i32 = in;
    args[1].i32 = out;
    args[2].i32 = n;
    auto done = runtime::call(*store_, instance_->export_at(kMemories + function), args, {});
    if (done) return abi::TrapKind::none;
    if (done.error().is_trap()) return done.error().trap().kind;
    ADD_FAILURE() << done.error().to_string();
    return abi::TrapKind::host_error;
  }

 private:
  static bool refuse(const std::string& why, const std::string& text) {
    ADD_FAILURE() << why << "\n" << text.substr(0, 2000);
    return false;
  }

  std::shared_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::Store> store_;
  runtime::Instance* instance_ = nullptr;
};

// Whether the specification leaves open which NaN the row gives.
bool has_free_nan(const OpInfo& row) {
  size_t dot = row.text.find('.');
  std::string_view type = row.text.substr(0, dot);
  if (row.imm != ImmKind::none || type.front() != 'f') return false;
  std::string_view name = row.text.substr(dot + 1);
  for (std::string_view prefix :
       {"add", "sub", "mul", "div", "min", "max", "sqrt", "ceil", "floor", "trunc", "nearest",
        "demote", "promote", "relaxed_madd", "relaxed_nmadd"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

template <class Bits>
bool same_but_for_nans(const uint8_t* a, const uint8_t* b) {
  constexpr Bits kInfinity =
      sizeof(Bits) == 4 ? Bits{0x7F800000} : static_cast<Bits>(0x7FFull << 52);
  constexpr Bits kMagnitude = static_cast<Bits>(~Bits{0}) >> 1;
  for (size_t i = 0; i < 16; i += sizeof(Bits)) {
    Bits x, y;
    std::memcpy(&x, a + i, sizeof x);
    std::memcpy(&y, b + i, sizeof y);
    if (x != y && ((x & kMagnitude) <= kInfinity || (y & kMagnitude) <= kInfinity)) return false;
  }
  return true;
}

std::string hex(const uint8_t* bytes) {
  std::string text;
  char digits[3];
  for (size_t i = 16; i-- > 0;) {
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

class Comparison {
 public:
  Comparison(const OpInfo& row, Subject& reference, Subject& subject)
      : row_(row), reference_(reference), subject_(subject) {}

  // False once something differs.
  bool run() {
    std::mt19937_64 random(static_cast<uint64_t>(&row_ - wasm::kOpInfos));
    RowModule module(row_, random);
    if (!reference_.load(module.text()) || !subject_.load(module.text())) return false;
    auto records = make_records(module.params(), random);
    std::vector<uint8_t> target(kMemoryEnd - kTargetBegin);
    for (uint8_t& byte : target) byte = static_cast<uint8_t>(random());
    for (Subject* each : {&reference_, &subject_}) {
      std::copy(records.begin(), records.end(), each->memory(0));
      for (uint32_t m = 0; m < kMemories; ++m)
        std::copy(target.begin(), target.end(), each->memory(m) + kTargetBegin);
    }
    const auto& functions = module.functions();
    for (size_t f = 0; f < functions.size(); ++f) {
      bool same = functions[f].is_edge ? at_edge(f) : call_all(module, f);
      if (same && module.accesses()) same = same_targets(kTargetBegin, kTargetBytes);
      if (same) continue;
      ADD_FAILURE() << functions[f].name << what_;
      return false;
    }
    return true;
  }

 private:
  bool call_all(const RowModule& module, size_t f) {
    if (!module.may_trap()) {
      return same_trap(f, 0, kResultsBegin, kRecords) && same_results();
    }
    for (uint32_t k = 0; k < kRecords; ++k) {
      if (!same_trap(f, k * kRecordBytes, kResultsBegin + k * kResultBytes, 1)) return false;
    }
    return same_results();
  }

  // The last place that is in the memory, the one behind it, and the end.
  bool at_edge(size_t f) {
    uint32_t last = kMemoryEnd - (1u << row_.width_log2());
    for (uint32_t address : {last, last + 1, kMemoryEnd, ~uint32_t{15}}) {
      if (!same_trap(f, 0, kResultsBegin, address)) return false;
    }
    return same_results() && same_targets(kMemoryEnd - 64, 64);
  }

  bool same_trap(size_t f, uint32_t in, uint32_t out, uint32_t n) {
    abi::TrapKind expected = reference_.call(f, in, out, n);
    abi::TrapKind seen = subject_.call(f, in, out, n);
    if (expected == seen) return true;
    what_ = ": trap " + std::to_string(static_cast<int>(seen)) + ", expected " +
            std::to_string(static_cast<int>(expected)) + ", n = " + std::to_string(n) +
            operands(in / kRecordBytes);
    return false;
  }

  bool same_results() {
    bool free_nan = has_free_nan(row_);
    bool is_32 = row_.text.starts_with("f32");
    for (uint32_t at = kResultsBegin; at < kResultsBegin + 2 * kRecords * kResultBytes; at += 16) {
      uint8_t* expected = reference_.memory(0) + at;
      uint8_t* seen = subject_.memory(0) + at;
      if (std::memcmp(expected, seen, 16) == 0) continue;
      bool same = free_nan && (is_32 ? same_but_for_nans<uint32_t>(expected, seen)
                                     : same_but_for_nans<uint64_t>(expected, seen));
      if (same) continue;
      what_ = ": " + hex(seen) + ", expected " + hex(expected) +
              operands((at - kResultsBegin) / kResultBytes % kRecords);
      return false;
    }
    return true;
  }

  bool same_targets(uint32_t begin, uint32_t bytes) {
    for (uint32_t m = 0; m < kMemories; ++m) {
      if (std::memcmp(reference_.memory(m) + begin, subject_.memory(m) + begin, bytes) == 0)
        continue;
      what_ = ": memory " + std::to_string(m) + " differs";
      return false;
    }
    return true;
  }

  std::string operands(uint32_t record) {
    std::string text = "\n  operands (record " + std::to_string(record) + ")";
    for (uint32_t p = 0; p < 4; ++p) {
      text += " " + hex(reference_.memory(0) + record * kRecordBytes + 16 * p);
    }
    return text;
  }

  const OpInfo& row_;
  Subject& reference_;
  Subject& subject_;
  std::string what_;
};

bool is_tested(const OpInfo& row) {
  if (row.signature.empty()) return false;
  switch (row.imm) {
    case ImmKind::none:
    case ImmKind::lane:
    case ImmKind::shuffle:
    case ImmKind::v128:
    case ImmKind::memarg:
    case ImmKind::memarg_lane:
      return row.signature.find_first_not_of("ilfdva:") == std::string_view::npos;
    default:
      return false;
  }
}

void compare_with_interpreter(baseline::Options options) {
  Subject reference(interp::make_tier());
  Subject subject(baseline::make_tier(options));
  if (!subject.exists()) GTEST_SKIP() << "no compiler for this processor";
  int rows = 0, wrong = 0;
  for (const OpInfo& row : wasm::kOpInfos) {
    if (!is_tested(row)) continue;
    ++rows;
    wrong += !Comparison(row, reference, subject).run();
    ASSERT_LT(wrong, 20);
  }
  EXPECT_GT(rows, 450);
}

TEST(EveryInstruction, WithAllThatTheProcessorHas) {
  compare_with_interpreter({.cpu = os::cpu_features()});
}

TEST(EveryInstruction, WithoutAvx2) {
  auto cpu = os::cpu_features();
  cpu.avx2 = cpu.fma = false;
  compare_with_interpreter({.cpu = cpu});
}

TEST(EveryInstruction, WithoutAvx) {
  auto cpu = os::cpu_features();
  cpu.avx = cpu.avx2 = cpu.fma = false;
  compare_with_interpreter({.cpu = cpu});
}

// BMI2 is encoded with VEX prefixes, which need AVX to be read.
TEST(EveryInstruction, WithoutBitManipulation) {
  auto cpu = os::cpu_features();
  cpu.lzcnt = cpu.bmi1 = cpu.bmi2 = false;
  compare_with_interpreter({.cpu = cpu});
}

TEST(EveryInstruction, OnTheOldestProcessor) {
  auto cpu = os::cpu_features();
  compare_with_interpreter({.cpu = {.sse41 = cpu.sse41, .sse42 = cpu.sse42, .popcnt = cpu.popcnt}});
}

TEST(EveryInstruction, WithCheckedMemories) {
  compare_with_interpreter({.cpu = os::cpu_features(), .guarded_memories = false});
}

TEST(EveryInstruction, WithDirtyUpperBits) {
  compare_with_interpreter({.cpu = os::cpu_features(), .poison_upper_bits = true});
}

}  // namespace
}  // namespace nacre::api
