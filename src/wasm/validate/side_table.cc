// The side-table builder: a visitor beside the function validator, whose frames and heights it
// reads before and after each instruction.
#include "wasm/validate/side_table.h"

#include <algorithm>
#include <memory>

#include "wasm/limits.h"
#include "wasm/validate/body.h"
#include "wasm/validate/validate.h"

namespace nacre::wasm {
namespace {

constexpr uint32_t kNone = 0xFFFFFFFF;

class SideTableBuilder {
 public:
  SideTableBuilder(const FunctionValidator& validator, const BodyReader& reader,
                   const uint8_t* body, SideTable& out)
      : validator_(validator),
        context_(validator.context()),
        reader_(reader),
        body_(body),
        out_(out) {
    out.branches.clear();
    out.handlers.clear();
    shape_.code_begin = position();
    shape_.code_end = shape_.code_begin + static_cast<uint32_t>(reader.remaining());
    shape_.local_count = static_cast<uint32_t>(validator.local_count());
    opens_.push_back({.section = shape_.code_begin});
  }

  // Called before each instruction is decoded: the state it finds.
  void begin(const uint8_t* pos) {
    op_ = static_cast<uint32_t>(pos - body_);
    height_ = validator_.height();
    live_ = !validator_.unreachable();
    shape_.max_operands = std::max(shape_.max_operands, height_);
  }

  // Rows without a say in control flow. A value of type v128 comes from a SIMD instruction, or from
  // one of the others below.
#define OP(name, text, prefix, code, imm_, sig, feature_, flags) \
  void name(const imm::imm_& i) {                                \
    if constexpr (Feature::feature_ == Feature::simd ||          \
                  Feature::feature_ == Feature::relaxed_simd) {  \
      shape_.uses_v128 = true;                                   \
    } else {                                                     \
      special<Op::name>(i);                                      \
    }                                                            \
  }
#include "wasm/ops.def"
#undef OP

  // After the walk; the reader may be gone.
  FunctionShape finish(const TypeDef& type) &&;

 private:
  struct Open {
    uint32_t section = 0;         // position of the first instruction of the current arm
    uint32_t loop_entry = kNone;  // of a loop: the entry that belongs to `section`
    uint32_t branches = kNone;    // entries that wait for the end, linked through delta_entry
    uint32_t handlers = kNone;    // handlers that wait for the end, linked through target_entry
    uint32_t if_entry = kNone;    // an `if` that waits for its else or end
    uint32_t first_handler = 0;   // of a try_table: its handlers
    uint32_t handler_count = 0;
    uint32_t slot = ExceptionHandler::kNoSlot;  // a legacy catch keeps its exception there
    bool is_try = false;                        // a legacy try in its first arm
  };

  uint32_t position() const { return static_cast<uint32_t>(reader_.pos() - body_); }
  uint32_t next_entry() const { return static_cast<uint32_t>(out_.branches.size()); }
  Open& open(uint32_t label) { return opens_[opens_.size() - 1 - label]; }

  template <Op op, class Imm>
  void special(const Imm& i);

  void add_entry(uint32_t source, uint32_t pop, uint32_t keep, Open& target);
  void add_branch(uint32_t source, uint32_t height, uint32_t label);
  void resolve(uint32_t entry, uint32_t pc, uint32_t target_entry);
  void resolve_handler(uint32_t handler, uint32_t pc, uint32_t target_entry);
  // Where the immediates of the current instruction begin.
  uint32_t immediates() const;

  bool leads_loop() const;
  void open_block(bool is_loop);
  void close_block(bool is_end);
  void end_arm();
  void add_catch(const Catch& clause);
  void legacy_catch(ExceptionHandler::Kind kind, uint32_t tag);
  void visit_delegate(uint32_t label);
  void note_v128(const TypeDef* type) { shape_.uses_v128 |= type->has_v128; }
  void note_v128(ValType type) { shape_.uses_v128 |= type.is_vector(); }

  const FunctionValidator& validator_;
  const ModuleContext& context_;
  const BodyReader& reader_;
  const uint8_t* body_;
  SideTable& out_;
  FunctionShape shape_;
  std::vector<Open> opens_;
  size_t leading_ = 0;  // the loop opened last
  uint32_t op_ = 0;
  uint32_t height_ = 0;
  bool live_ = true;
  uint32_t catches_ = 0;  // open legacy catches
};

uint32_t SideTableBuilder::immediates() const {
  const uint8_t* pos = body_ + op_;
  if (*pos++ >= kFirstPrefix) {
    while (*pos++ >= 0x80) {
    }
  }
  return static_cast<uint32_t>(pos - body_);
}

void SideTableBuilder::resolve(uint32_t entry, uint32_t pc, uint32_t target_entry) {
  BranchEntry& branch = out_.branches[entry];
  branch.delta_pc = static_cast<int32_t>(pc) - branch.delta_pc;
  branch.delta_entry = static_cast<int32_t>(target_entry) - static_cast<int32_t>(entry);
}

void SideTableBuilder::resolve_handler(uint32_t handler, uint32_t pc, uint32_t target_entry) {
  out_.handlers[handler].target_pc = pc;
  out_.handlers[handler].target_entry = target_entry;
}

// Until it is resolved, an entry holds its source in delta_pc and the list's rest in delta_entry.
void SideTableBuilder::add_entry(uint32_t source, uint32_t pop, uint32_t keep, Open& target) {
  uint32_t entry = next_entry();
  BranchEntry& branch = out_.branches.emplace_back();
  branch.delta_pc = static_cast<int32_t>(source);
  branch.pop = pop;
  branch.keep = keep;
  if (target.loop_entry != kNone) {
    resolve(entry, target.section, target.loop_entry);
  } else {
    branch.delta_entry = static_cast<int32_t>(target.branches);
    target.branches = entry;
  }
}

// `height`: operands when the branch is taken.
void SideTableBuilder::add_branch(uint32_t source, uint32_t height, uint32_t label) {
  const ControlFrame& frame = validator_.frame(label);
  uint32_t keep = live_ ? static_cast<uint32_t>(frame.label().size()) : 0;
  uint32_t pop = live_ ? height - frame.height - keep : 0;
  add_entry(source, pop, keep, open(label));
}

// Whether only blocks stand between the current instruction and the start of the innermost loop.
// They do nothing, and switch statements in loops put hundreds there: branches skip them.
bool SideTableBuilder::leads_loop() const {
  if (leading_ >= opens_.size()) return false;
  const Open& loop = opens_[leading_];
  return loop.loop_entry != kNone && loop.section == op_;
}

void SideTableBuilder::open_block(bool is_loop) {
  opens_.push_back({.section = position(), .loop_entry = is_loop ? next_entry() : kNone});
}

// A block's label lies behind its `end`, the function's on it.
void SideTableBuilder::close_block(bool is_end) {
  Open& block = opens_.back();
  uint32_t pc = opens_.size() > 1 ? position() : op_;
  for (uint32_t entry = block.branches; entry != kNone;) {
    uint32_t rest = static_cast<uint32_t>(out_.branches[entry].delta_entry);
    resolve(entry, pc, next_entry());
    entry = rest;
  }
  for (uint32_t handler = block.handlers; handler != kNone;) {
    uint32_t rest = out_.handlers[handler].target_entry;
    resolve_handler(handler, pc, next_entry());
    handler = rest;
  }
  if (block.if_entry != kNone) resolve(block.if_entry, pc, next_entry());
  if (is_end) {
    for (uint32_t k = 0; k < block.handler_count; ++k) {
      out_.handlers[block.first_handler + k].end = op_;
    }
  }
  if (block.slot != ExceptionHandler::kNoSlot) --catches_;
  opens_.pop_back();
}

// `else` and the legacy catches: the arm above goes on behind the end.
void SideTableBuilder::end_arm() {
  add_entry(immediates(), 0, 0, opens_.back());
  opens_.back().section = position();
}

void SideTableBuilder::add_catch(const Catch& clause) {
  // Labels count from outside the try_table, which is not open here yet.
  Open& target = open(clause.label);
  uint32_t index = static_cast<uint32_t>(out_.handlers.size());
  ExceptionHandler& handler = out_.handlers.emplace_back();
  handler.kind = static_cast<ExceptionHandler::Kind>(clause.kind);
  handler.begin = position();
  handler.tag = clause.tag;
  handler.height = validator_.frame(clause.label + 1).height;
  if (clause.kind == Catch::kCatch || clause.kind == Catch::kCatchRef) {
    note_v128(context_.tags[clause.tag]);
  }
  if (target.loop_entry != kNone) {
    resolve_handler(index, target.section, target.loop_entry);
  } else {
    handler.target_entry = target.handlers;
    target.handlers = index;
  }
}

void SideTableBuilder::legacy_catch(ExceptionHandler::Kind kind, uint32_t tag) {
  Open& block = opens_.back();
  // Every clause covers the try's first arm.
  uint32_t begin = block.section;
  uint32_t end = op_;
  if (!block.is_try) {
    begin = out_.handlers[block.first_handler].begin;
    end = out_.handlers[block.first_handler].end;
  } else {
    block.is_try = false;
    block.first_handler = static_cast<uint32_t>(out_.handlers.size());
    block.slot = catches_++;
    shape_.exception_slots = std::max(shape_.exception_slots, catches_);
  }
  end_arm();
  ExceptionHandler& handler = out_.handlers.emplace_back();
  handler.kind = kind;
  handler.begin = begin;
  handler.end = end;
  handler.tag = tag;
  handler.height = validator_.frame().height;
  handler.exception_slot = block.slot & ExceptionHandler::kNoSlot;
  handler.target_pc = block.section;
  handler.target_entry = next_entry();
}

void SideTableBuilder::visit_delegate(uint32_t label) {
  ExceptionHandler& handler = out_.handlers.emplace_back();
  handler.kind = ExceptionHandler::Kind::delegate;
  handler.begin = opens_.back().section;
  handler.end = op_;
  handler.target_pc = open(label + 1).section;
  close_block(false);
}

template <Op op, class Imm>
void SideTableBuilder::special(const Imm& i) {
  if constexpr (op == Op::block) {
    if (leads_loop()) opens_[leading_].section = position();
    open_block(false);
  } else if constexpr (op == Op::loop) {
    open_block(true);
    leading_ = opens_.size() - 1;
  } else if constexpr (op == Op::try_) {
    open_block(false);
    opens_.back().is_try = true;
  } else if constexpr (op == Op::try_table) {
    uint32_t first = static_cast<uint32_t>(out_.handlers.size());
    for (const Catch& clause : i.catches) add_catch(clause);
    open_block(false);
    opens_.back().first_handler = first;
    opens_.back().handler_count = static_cast<uint32_t>(i.catches.size());
  } else if constexpr (op == Op::if_) {
    open_block(false);
    opens_.back().if_entry = next_entry();
    out_.branches.emplace_back().delta_pc = static_cast<int32_t>(immediates());
  } else if constexpr (op == Op::else_) {
    end_arm();
    resolve(opens_.back().if_entry, position(), next_entry());
    opens_.back().if_entry = kNone;
  } else if constexpr (op == Op::end) {
    close_block(true);
  } else if constexpr (op == Op::br) {
    add_branch(immediates(), height_, i.depth);
  } else if constexpr (op == Op::br_if) {
    add_branch(immediates(), height_ - 1, i.depth);
  } else if constexpr (op == Op::br_table) {
    uint32_t source = immediates();
    for (uint32_t depth : i.depths) add_branch(source, height_ - 1, depth);
    add_branch(source, height_ - 1, i.default_depth);
  } else if constexpr (op == Op::br_on_null) {
    add_branch(immediates(), height_ - 1, i.depth);
  } else if constexpr (op == Op::br_on_non_null || op == Op::br_on_cast ||
                       op == Op::br_on_cast_fail) {
    add_branch(immediates(), height_, i.depth);
  } else if constexpr (op == Op::catch_) {
    note_v128(context_.tags[i.index]);
    legacy_catch(ExceptionHandler::Kind::catch_, i.index);
  } else if constexpr (op == Op::catch_all) {
    legacy_catch(ExceptionHandler::Kind::catch_all, 0);
  } else if constexpr (op == Op::delegate) {
    visit_delegate(i.depth);
  } else if constexpr (op == Op::rethrow) {
    out_.branches.push_back({0, 1, open(i.depth).slot, 0});
  } else if constexpr (op == Op::call) {
    note_v128(context_.functions[i.index]);
  } else if constexpr (op == Op::call_indirect) {
    note_v128(&context_.type(index_of(i.type)));
  } else if constexpr (op == Op::call_ref) {
    note_v128(&context_.type(index_of(i.index)));
  } else if constexpr (op == Op::global_get) {
    note_v128(context_.globals[i.index].type);
  } else if constexpr (op == Op::struct_get) {
    note_v128(context_.type(index_of(i.type)).fields[i.field].type);
  } else if constexpr (op == Op::array_get) {
    note_v128(context_.type(index_of(i.index)).fields[0].type);
  } else {
    static_cast<void>(i);
  }
}

FunctionShape SideTableBuilder::finish(const TypeDef& type) && {
  shape_.param_count = static_cast<uint32_t>(type.params.size());
  shape_.result_count = static_cast<uint32_t>(type.results.size());
  shape_.max_operands = std::max(shape_.max_operands, shape_.result_count);
  shape_.uses_v128 = shape_.uses_v128 || type.has_v128 || validator_.has_v128_local();
  // The inner of two nested ranges ends first.
  std::stable_sort(
      out_.handlers.begin(), out_.handlers.end(),
      [](const ExceptionHandler& a, const ExceptionHandler& b) { return a.end < b.end; });
  return shape_;
}

}  // namespace

Result<FunctionShape> build_side_table(const ValidModuleInfo& info, uint32_t function,
                                       SideTable& out, StopCheck stop) {
  const ModuleContext& context = info.context();
  FunctionValidator validator(context);
  validator.set_stop(stop);
  std::optional<SideTableBuilder> builder;
  TRY(walk_body(context, validator, function, [&](BodyReader& reader) -> SideTableBuilder& {
    return builder.emplace(validator, reader, context.module().body_of(function).data(), out);
  }));
  return std::move(*builder).finish(*context.functions[function]);
}

}  // namespace nacre::wasm
