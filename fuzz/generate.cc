#include "generate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "generator.h"

namespace nacre::fuzz {

using wasm::ExternKind;
using wasm::ExternType;
using wasm::Feature;
using wasm::FuncType;
using wasm::Op;
using wasm::OpInfo;
using wasm::TypeIdx;
using wasm::ValType;

namespace {

constexpr std::array<ValType::Code, 5> kNumbers = {ValType::kI32, ValType::kI64, ValType::kF32,
                                                   ValType::kF64, ValType::kV128};
constexpr uint32_t kManyParams = 64, kManyResults = 24;

}  // namespace

Generator::Generator(Random& random, const GenerateOptions& options,
                     const std::vector<FuncType>& agreed, const Generator* first)
    : random_(random), options_(options), agreed_(agreed), first_(first) {
  sort_rows();
}

// ---- what there is to choose from

bool Generator::is_used(const OpInfo& info) const {
  switch (info.feature) {
    case Feature::simd:
      return options_.simd;
    case Feature::relaxed_simd:
      return options_.simd && options_.relaxed_simd;
    case Feature::threads:
      return options_.threads && info.text.find("wait") == info.text.npos;
    case Feature::wide_arithmetic:
      return options_.wide_arithmetic;
    default:
      return true;
  }
}

void Generator::sort_rows() {
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const OpInfo& info = wasm::kOpInfos[i];
    Op code = static_cast<Op>(i);
    if (info.signature.empty() || !is_used(info) || code == Op::memory_grow) continue;
    std::string_view results = info.signature.substr(info.signature.find(':') + 1);
    if (!options_.simd && info.signature.find('v') != info.signature.npos) continue;
    if (results.empty()) rows_.statements.push_back(code);
    if (results.size() == 2) rows_.pairs.push_back(code);
    if (results.size() == 1 && results[0] != 'a') {
      rows_.by_result[static_cast<size_t>(results[0])].push_back(code);
    }
  }
}

ValType Generator::any_number() { return kNumbers[below(options_.simd ? 5 : 4)]; }

ValType Generator::any_type() {
  switch (below(12)) {
    case 0:
      return ValType::funcref();
    case 1:
      return ValType::externref();
    default:
      return any_number();
  }
}

Generator::Types Generator::any_types(uint32_t most) {
  Types types(below(most + 1));
  for (ValType& type : types) type = any_type();
  return types;
}

// Mostly few values, now and then more than there are registers for.
FuncType Generator::any_signature() {
  bool many_params = random_.one_in(6), many_results = random_.one_in(8);
  return {any_types(many_params ? kManyParams : 5), any_types(many_results ? kManyResults : 3)};
}

uint32_t Generator::type_index(const FuncType& type) {
  for (uint32_t i = 0; i < module_.types.size(); ++i) {
    if (module_.types[i].func == type) return i;
  }
  auto index = static_cast<uint32_t>(module_.types.size());
  module_.rec_groups.push_back({index, 1, false});
  module_.types.emplace_back().func = type;
  return index;
}

// ---- the parts of a module

std::string_view Generator::keep(std::string_view text) {
  module_.owned.emplace_back(text.begin(), text.end());
  return as_text(module_.owned.back());
}

// While no body is being written.
template <class Write>
wasm::ConstExpr Generator::constant_expr(Write write) {
  out_.clear();
  write();
  op(Op::end);
  module_.owned.emplace_back(out_.bytes().begin(), out_.bytes().end());
  return wasm::ConstExpr{module_.owned.back()};
}

void Generator::import_item(std::string_view from, std::string_view name, const ExternType& type) {
  module_.imports.push_back({keep(from), keep(name), type});
  module_.import_groups.push_back({});
}

void Generator::make_imports() {
  auto import_function = [&](std::string_view from, const std::string& name, const FuncType& type) {
    uint32_t index = type_index(type);
    import_item(from, name, {.kind = ExternKind::func, .func = TypeIdx{index}});
    module_.functions.push_back(TypeIdx{index});
    functions_.push_back({type, index});
    ++module_.imported_functions;
  };
  if (options_.whole_interface) {
    uint32_t count = 1 + below(2);
    for (uint32_t i = 0; i < count; ++i)
      import_function("host", "h" + std::to_string(i), any_signature());
  }
  if (first_ == nullptr) return;
  for (uint32_t i = first_->module_.imported_functions; i < first_->functions_.size(); ++i)
    import_function("first", "f" + std::to_string(i), first_->functions_[i].type);
  import_item("first", "table",
              {.kind = ExternKind::table, .table = first_->module_.tables[0].type});
  module_.tables.push_back(first_->module_.tables[0]);
  tables_.push_back(first_->tables_[0]);
  ++module_.imported_tables;
  import_item("first", "memory",
              {.kind = ExternKind::memory, .memory = first_->module_.memories[0]});
  module_.memories.push_back(first_->module_.memories[0]);
  memories_.push_back(first_->memories_[0]);
  ++module_.imported_memories;
  for (uint32_t i = 0; i < first_->globals_.size(); ++i) {
    if (i == first_->fuel_) continue;
    wasm::GlobalType type{first_->globals_[i], true};
    import_item("first", "g" + std::to_string(i), {.kind = ExternKind::global, .global = type});
    module_.globals.push_back({type, {}});
    globals_.push_back(type.type);
    ++module_.imported_globals;
  }
}

void Generator::make_memories() {
  uint32_t count = options_.multi_memory && random_.one_in(3) ? 2 : memories_.empty() ? 1 : 0;
  for (uint32_t i = 0; i < count; ++i) {
    bool is_64 = options_.memory64 && random_.one_in(5);
    memories_.push_back({is_64});
    wasm::MemoryType type;
    type.limits = {1, 3, is_64 ? wasm::AddressType::i64 : wasm::AddressType::i32};
    module_.memories.push_back(type);
  }
}

void Generator::make_globals() {
  fuel_ = static_cast<uint32_t>(globals_.size());
  Types types = {ValType::kI32, ValType::kI32, ValType::kI64, ValType::kF32, ValType::kF64};
  if (options_.simd) types.push_back(ValType::kV128);
  types.push_back(ValType::funcref());
  types.push_back(ValType::externref());
  for (ValType type : types) {
    bool is_fuel = globals_.size() == fuel_;
    auto init = constant_expr([&] {
      if (is_fuel) return i32(kFuel);
      if (!type.is_ref()) return constant(type);
      op(Op::ref_null);
      out_.heap_type(type.heap());
    });
    module_.globals.push_back({{type, true}, init});
    globals_.push_back(type);
  }
}

void Generator::make_functions() {
  auto add = [&](const FuncType& type) {
    functions_.push_back({type, type_index(type)});
    module_.functions.push_back(TypeIdx{functions_.back().type_index});
  };
  if (!options_.whole_interface) {
    add({});
    add({});
  }
  if (first_ != nullptr) {
    for (const FuncType& type : agreed_) add(type);
  }
  uint32_t count = 1 + below(5);
  for (uint32_t i = 0; i < count; ++i) {
    FuncType type = any_signature();
    // Equal results let the one call the other last.
    if (!functions_.empty() && random_.one_in(2)) type.results = pick(functions_).type.results;
    add(type);
  }
}

void Generator::make_tables() {
  uint32_t own = static_cast<uint32_t>(functions_.size());
  if (first_ == nullptr) {
    module_.tables.push_back({{ValType::funcref(), {kTableSize, kTableSize, {}}}, {}});
    tables_.push_back({ValType::funcref()});
  }
  if (random_.one_in(3)) {
    bool is_64 = options_.memory64 && random_.one_in(2);
    ValType element = random_.one_in(2) ? ValType::funcref() : ValType::externref();
    auto address = is_64 ? wasm::AddressType::i64 : wasm::AddressType::i32;
    module_.tables.push_back({{element, {2, 9, address}}, {}});
    tables_.push_back({element, is_64});
  }
  // The first functions of all, in order; in a second module those that were agreed on.
  wasm::ElementSegment active;
  active.offset =
      constant_expr([&] { i32(first_ == nullptr ? 0 : static_cast<int32_t>(kAgreedBegin)); });
  wasm::ElementSegment passive;
  passive.mode = wasm::ElementSegment::Mode::passive;
  for (uint32_t i = 0; i < own; ++i) {
    passive.functions.push_back(i);
    uint32_t imported = module_.imported_functions;
    if (first_ == nullptr ? i < kAgreedBegin : i >= imported && i < imported + kAgreedCount)
      active.functions.push_back(i);
  }
  module_.elements.push_back(std::move(active));
  module_.elements.push_back(std::move(passive));
}

void Generator::make_data() {
  wasm::DataSegment data;
  data.offset = constant_expr([&] {
    op(memories_[0].is_64 ? Op::i64_const : Op::i32_const);
    out_.s32(64);
  });
  data.bytes = as_bytes(keep("a wanderer in the sandbox \x00\xFF\x80\x7F"));
  module_.data.push_back(data);
  module_.data.push_back({.mode = wasm::DataSegment::Mode::passive,
                          .offset = {},
                          .bytes = as_bytes(keep("passive bytes, to be copied in"))});
  module_.data_count = 2;
}

void Generator::make_exports() {
  auto add = [&](const std::string& name, ExternKind kind, uint32_t index) {
    module_.exports.push_back({keep(name), kind, index});
  };
  bool whole = options_.whole_interface;
  uint32_t first = whole ? module_.imported_functions : 0;
  uint32_t end = whole ? static_cast<uint32_t>(functions_.size()) : 2;
  for (uint32_t i = first; i < end; ++i) add("f" + std::to_string(i), ExternKind::func, i);
  add("memory", ExternKind::memory, 0);
  for (uint32_t i = 1; whole && i < memories_.size(); ++i)
    add("memory" + std::to_string(i), ExternKind::memory, i);
  if (whole) add("table", ExternKind::table, 0);
  for (uint32_t i = whole ? module_.imported_globals : 0; i < globals_.size(); ++i) {
    // JavaScript, the second opinion, cannot read a v128.
    if (!whole && !globals_[i].is_number()) continue;
    add("g" + std::to_string(i), ExternKind::global, i);
  }
}

// ---- functions

void Generator::function_body(uint32_t index) {
  const FuncType& type = functions_[index].type;
  current_ = index;
  out_.clear();
  locals_ = type.params;
  param_count_ = static_cast<uint32_t>(locals_.size());
  labels_ = {type.results};
  for (ValType::Code number : kNumbers) {
    if (number != ValType::kV128 || options_.simd) add_local(number);
  }
  // More than registers hold, all of them alive.
  if (random_.one_in(4)) {
    for (uint32_t i = below(24); i > 0; --i) add_local(any_type());
  }
  burn_fuel();
  uint32_t count = 1 + below(6);
  for (uint32_t i = 0; i < count; ++i) statement(0);
  if (options_.tail_calls && random_.one_in(3)) tail_call(0);
  push_all(type.results, 1);
  op(Op::end);
}

// As runs of one type, the canonical form.
void Generator::write_locals(ByteWriter& body) const {
  std::vector<std::pair<uint32_t, ValType>> runs;
  for (size_t i = param_count_; i < locals_.size(); ++i) {
    if (runs.empty() || runs.back().second != locals_[i]) runs.emplace_back(0, locals_[i]);
    ++runs.back().first;
  }
  body.u32(static_cast<uint32_t>(runs.size()));
  for (const auto& [count, type] : runs) {
    body.u32(count);
    body.val_type(type);
  }
}

void Generator::make() {
  make_imports();
  make_memories();
  make_globals();
  make_functions();
  make_tables();
  make_data();
  for (uint32_t i = module_.imported_functions; i < functions_.size(); ++i) {
    function_body(i);
    ByteWriter body;
    write_locals(body);
    body.raw(out_.bytes());
    module_.owned.push_back(std::move(body).take());
    module_.bodies.push_back(module_.owned.back());
  }
  make_exports();
}

// ---- programs

wasm::Module generate_module(uint64_t seed, const GenerateOptions& options) {
  Random random(seed);
  std::vector<FuncType> agreed;
  Generator generator(random, options, agreed, nullptr);
  generator.make();
  return generator.take();
}

std::vector<wasm::Module> generate_program(uint64_t seed, const GenerateOptions& options) {
  Random random(seed);
  std::vector<FuncType> agreed;
  Generator first(random, options, agreed, nullptr);
  for (uint32_t i = 0; i < kAgreedCount; ++i) agreed.push_back(first.any_signature());
  first.make();
  std::vector<wasm::Module> modules;
  if (random.one_in(2)) {
    Generator second(random, options, agreed, &first);
    second.make();
    modules.push_back(second.take());
  }
  modules.insert(modules.begin(), first.take());
  return modules;
}

}  // namespace nacre::fuzz
