#include "wasm/text/script.h"

#include <algorithm>
#include <cstring>

#include "base/utf8.h"
#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/foreign.h"
#include "wasm/text/cursor.h"
#include "wasm/text/literals.h"
#include "wasm/text/parser.h"
#include "wasm/text/strings.h"

namespace nacre::wasm {
namespace {

using text::Annotations;
using text::Cursor;
using text::LaneShape;
using text::Token;
using text::TokenKind;
using Kind = Command::Kind;

constexpr int kMaxThreadNesting = 32;

struct AssertionInfo {
  std::string_view word;
  Kind kind;
  enum class Subject : uint8_t { action, module, action_or_module } subject;
  bool has_message;
};

constexpr AssertionInfo kAssertions[] = {
    {"assert_return", Kind::assert_return, AssertionInfo::Subject::action, false},
    {"assert_trap", Kind::assert_trap, AssertionInfo::Subject::action_or_module, true},
    {"assert_exhaustion", Kind::assert_exhaustion, AssertionInfo::Subject::action, true},
    {"assert_exception", Kind::assert_exception, AssertionInfo::Subject::action, false},
    {"assert_suspension", Kind::assert_suspension, AssertionInfo::Subject::action, true},
    {"assert_invalid", Kind::assert_invalid, AssertionInfo::Subject::module, true},
    {"assert_malformed", Kind::assert_malformed, AssertionInfo::Subject::module, true},
    {"assert_unlinkable", Kind::assert_unlinkable, AssertionInfo::Subject::module, true},
    {"assert_malformed_custom", Kind::assert_malformed_custom, AssertionInfo::Subject::module,
     true},
    {"assert_invalid_custom", Kind::assert_invalid_custom, AssertionInfo::Subject::module, true},
};

// (ref.X) of results: a non-null reference of that abstract type.
struct RefPattern {
  std::string_view word;
  HeapType::Abstract heap;
};
constexpr RefPattern kRefPatterns[] = {
    {"ref.func", HeapType::kFunc},   {"ref.extern", HeapType::kExtern},
    {"ref.any", HeapType::kAny},     {"ref.eq", HeapType::kEq},
    {"ref.i31", HeapType::kI31},     {"ref.struct", HeapType::kStruct},
    {"ref.array", HeapType::kArray}, {"ref.exn", HeapType::kExn},
};

std::optional<HeapType> find_heap_type(std::string_view word) {
  for (int code = HeapType::kExn; code <= HeapType::kNoExn; ++code) {
    HeapType type = static_cast<HeapType::Abstract>(code);
    if (to_string(type) == word) return type;
  }
  return std::nullopt;
}

// Values of component functions that core functions do not have.
bool is_component_value(std::string_view word) {
  constexpr std::string_view kWords[] = {
      "bool.const",   "s8.const",    "u8.const",      "s16.const",  "u16.const",   "s32.const",
      "u32.const",    "s64.const",   "u64.const",     "char.const", "str.const",   "list.const",
      "record.const", "tuple.const", "variant.const", "enum.const", "flags.const", "option.some",
      "option.none",  "result.ok",   "result.err",    "map.const"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

bool is_module_field(std::string_view keyword) {
  constexpr std::string_view kFields[] = {"type",   "rec",    "import", "func", "table", "memory",
                                          "global", "export", "start",  "elem", "data",  "tag"};
  return std::ranges::find(kFields, keyword) != std::end(kFields);
}

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view source)
      : cursor_(source, 0, source.size(), Annotations::none) {}

  Result<std::vector<Command>> parse() { return commands(TokenKind::end, 0); }

 private:
  Result<std::string> string() {
    Token token = TRY(cursor_.expect(TokenKind::string, "a string"));
    std::string value;
    text::append_string(value, token);
    return value;
  }

  std::string_view take_id() {
    return cursor_.at(TokenKind::id) ? cursor_.take().text : std::string_view{};
  }

  // Offsets only rise, so each byte is looked at once.
  uint32_t line_at(size_t offset) {
    std::string_view source = cursor_.source();
    for (; line_offset_ < offset; ++line_offset_) {
      char c = source[line_offset_];
      bool is_newline = c == '\n' || (c == '\r' && source.substr(line_offset_ + 1, 1) != "\n");
      if (is_newline) ++line_;
    }
    return line_;
  }

  bool at_module_field() const {
    return cursor_.at(TokenKind::left) && cursor_.peek_second().kind == TokenKind::word &&
           is_module_field(cursor_.peek_second().text);
  }

  // Fields that no "(module ...)" surrounds are one module.
  Result<void> inline_fields(ScriptModule& module) {
    size_t begin = cursor_.offset();
    size_t end = begin;
    while (at_module_field()) {
      cursor_.take();
      TRY(cursor_.skip_list());
      end = cursor_.taken_end();
    }
    module.script = cursor_.source();
    module.text = cursor_.source().substr(begin, end - begin);
    return {};
  }

  Result<std::vector<Command>> commands(TokenKind until, int nesting) {
    std::vector<Command> list;
    while (!cursor_.at(until)) list.push_back(TRY(command(nesting)));
    return list;
  }

  Result<Command> command(int nesting) {
    Command command;
    command.line = line_at(cursor_.offset());
    if (!cursor_.at(TokenKind::left)) return cursor_.unexpected("a command");
    if (at_module_field()) {
      TRY(inline_fields(command.module));
      return command;
    }
    if (cursor_.at_list("module") || cursor_.at_list("component")) {
      TRY(module_command(command));
      return command;
    }
    if (cursor_.at_list("invoke") || cursor_.at_list("get")) {
      command.kind = Kind::action;
      command.action = TRY(action());
      return command;
    }
    cursor_.take();
    Token word = TRY(cursor_.expect(TokenKind::word, "a command"));
    if (word.text == "register") {
      command.kind = Kind::register_;
      command.name = TRY(string());
      command.id = take_id();
    } else if (word.text == "thread") {
      TRY(thread_command(command, nesting));
    } else if (word.text == "wait") {
      command.kind = Kind::wait;
      command.id = take_id();
    } else {
      TRY(assertion(command, word));
    }
    TRY(cursor_.close());
    return command;
  }

  Result<void> thread_command(Command& command, int nesting) {
    command.kind = Kind::thread;
    if (nesting == kMaxThreadNesting) {
      return fail(ErrorCode::limit, "threads are nested too deeply", cursor_.where(cursor_.peek()));
    }
    command.id = take_id();
    if (cursor_.take_list("shared")) {
      TRY(cursor_.expect(TokenKind::left, "(module"));
      TRY(cursor_.expect_word("module"));
      command.source_id = take_id();
      TRY(cursor_.close());
      TRY(cursor_.close());
    }
    command.commands = TRY(commands(TokenKind::right, nesting + 1));
    return {};
  }

  Result<void> assertion(Command& command, const Token& word) {
    for (const AssertionInfo& info : kAssertions) {
      if (info.word != word.text) continue;
      command.kind = info.kind;
      bool is_module = info.subject == AssertionInfo::Subject::module ||
                       (info.subject == AssertionInfo::Subject::action_or_module &&
                        (cursor_.at_list("module") || cursor_.at_list("component")));
      if (is_module) {
        if (info.kind == Kind::assert_trap) command.kind = Kind::assert_module_trap;
        TRY(module_command(command, /*inside_assertion=*/true));
      } else {
        command.action = TRY(action());
      }
      while (info.kind == Kind::assert_return && cursor_.at(TokenKind::left)) {
        command.results.push_back(TRY(value(/*is_pattern=*/true)));
      }
      if (info.has_message || cursor_.at(TokenKind::string)) command.message = TRY(string());
      return {};
    }
    return cursor_.malformed(word, "unknown command \"" + std::string(word.text) + "\"");
  }

  // At "(module" or "(component".
  Result<void> module_command(Command& command, bool inside_assertion = false) {
    ScriptModule& module = command.module;
    size_t begin = cursor_.offset();
    module.is_component = cursor_.take_list("component");
    if (!module.is_component && !cursor_.take_list("module")) {
      return cursor_.unexpected("(module ...) or (component ...)");
    }
    if (!inside_assertion && cursor_.take_word("instance")) {
      command.kind = Kind::instance;
      command.id = take_id();
      command.source_id = take_id();
      return cursor_.close();
    }
    if (!inside_assertion) command.kind = Kind::module;
    module.definition = cursor_.take_word("definition");
    size_t component_begin = cursor_.offset();
    module.id = take_id();
    bool binary = cursor_.at_word("binary");
    if (binary || cursor_.at_word("quote")) {
      cursor_.take();
      module.form = binary ? ScriptModule::Form::binary : ScriptModule::Form::quote;
      while (cursor_.at(TokenKind::string)) {
        text::append_string(module.content, cursor_.take());
      }
      return cursor_.close();
    }
    size_t fields = cursor_.offset();
    while (!cursor_.at(TokenKind::right)) {
      if (cursor_.at(TokenKind::left)) {
        cursor_.take();
        TRY(cursor_.skip_list());
      } else if (cursor_.at(TokenKind::end) || cursor_.at(TokenKind::bad)) {
        return cursor_.unexpected("a closing parenthesis");
      } else {
        cursor_.take();
      }
    }
    size_t end = cursor_.offset();
    module.script = cursor_.source();
    // The word `definition` belongs to the script, so such a module is given by its fields alone.
    if (module.is_component) fields = component_begin;
    module.text = module.definition || module.is_component
                      ? cursor_.source().substr(fields, end - fields)
                      : cursor_.source().substr(begin, end + 1 - begin);
    return cursor_.close();
  }

  // At "(invoke" or "(get".
  Result<Action> action() {
    Action action;
    TRY(cursor_.expect(TokenKind::left, "an action"));
    if (cursor_.take_word("get")) {
      action.kind = Action::Kind::get;
    } else {
      TRY(cursor_.expect_word("invoke"));
    }
    action.module_id = take_id();
    action.name = TRY(string());
    while (cursor_.at(TokenKind::left)) action.args.push_back(TRY(value(/*is_pattern=*/false)));
    TRY(cursor_.close());
    return action;
  }

  Result<ScriptValue> value(bool is_pattern) {
    TRY(cursor_.expect(TokenKind::left, "a value"));
    Token word = TRY(cursor_.expect(TokenKind::word, "a value"));
    ScriptValue value;
    if (is_component_value(word.text)) {
      value.kind = ScriptValue::Kind::component;
      TRY(cursor_.skip_list());
      return value;
    }
    if (word.text.ends_with(".const")) {
      TRY(constant(value, word));
    } else if (word.text == "either" && is_pattern) {
      value.kind = ScriptValue::Kind::either;
      while (cursor_.at(TokenKind::left)) value.alternatives.push_back(TRY(simple_pattern()));
    } else {
      TRY(reference(value, word));
    }
    TRY(cursor_.close());
    return value;
  }

  // Alternatives do not nest.
  Result<ScriptValue> simple_pattern() {
    if (cursor_.at_list("either")) return cursor_.unexpected("a value without alternatives");
    return value(/*is_pattern=*/true);
  }

  Result<void> constant(ScriptValue& value, const Token& word) {
    value.kind = ScriptValue::Kind::number;
    if (word.text == "i32.const" || word.text == "i64.const") {
      value.type = word.text[1] == '3' ? ValType::kI32 : ValType::kI64;
      return lane(value, 0, value.type == ValType::kI32 ? 4 : 8, false);
    }
    if (word.text == "f32.const" || word.text == "f64.const") {
      value.type = word.text[1] == '3' ? ValType::kF32 : ValType::kF64;
      return lane(value, 0, value.type == ValType::kF32 ? 4 : 8, true);
    }
    if (word.text != "v128.const") return cursor_.malformed(word, "unknown constant");
    value.type = ValType::kV128;
    Token shape = TRY(cursor_.expect(TokenKind::word, "a shape"));
    std::optional<LaneShape> found = text::find_lane_shape(shape.text);
    if (!found) return cursor_.malformed(shape, "unknown shape " + printable(shape.text));
    value.lane_bytes = static_cast<uint8_t>(found->bits / 8);
    value.float_lanes = found->is_float;
    for (uint32_t i = 0; i < found->lanes; ++i) {
      TRY(lane(value, i, value.lane_bytes, found->is_float));
    }
    return {};
  }

  Result<void> lane(ScriptValue& value, uint32_t index, uint32_t bytes, bool is_float) {
    Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
    uint64_t bits = 0;
    if (is_float && (token.text == "nan:canonical" || token.text == "nan:arithmetic")) {
      value.nan[index] = token.text == "nan:canonical" ? ScriptValue::Nan::canonical
                                                       : ScriptValue::Nan::arithmetic;
    } else if (!is_float) {
      bits = TRY(text::parse_int_bits(cursor_, token, bytes * 8, true));
    } else if (bytes == 4) {
      bits = TRY(text::parse_f32_bits(cursor_, token));
    } else {
      bits = TRY(text::parse_f64_bits(cursor_, token));
    }
    std::memcpy(value.bits.data() + index * bytes, &bits, bytes);
    return {};
  }

  Result<void> reference(ScriptValue& value, const Token& word) {
    if (word.text == "ref.null") {
      value.kind = ScriptValue::Kind::null;
      if (cursor_.at(TokenKind::right)) return {};
      Token heap = TRY(cursor_.expect(TokenKind::word, "a heap type"));
      value.heap = find_heap_type(heap.text);
      // A type index says nothing outside of its module: it is any null.
      if (!value.heap) TRY(text::parse_int_bits(cursor_, heap, 32, false));
      return {};
    }
    if (word.text == "ref") {
      value.kind = ScriptValue::Kind::any_ref;
      return {};
    }
    if (word.text == "ref.host" || (word.text == "ref.extern" && cursor_.at(TokenKind::word))) {
      value.kind = word.text == "ref.host" ? ScriptValue::Kind::host : ScriptValue::Kind::external;
      Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
      value.number = TRY(text::parse_int_bits(cursor_, token, 32, false));
      return {};
    }
    for (const RefPattern& known : kRefPatterns) {
      if (known.word != word.text) continue;
      value.kind = ScriptValue::Kind::any_ref;
      value.heap = known.heap;
      // (ref.func N) and the like: which one is not compared.
      if (cursor_.at(TokenKind::word) || cursor_.at(TokenKind::id)) cursor_.take();
      return {};
    }
    return cursor_.malformed(word, "unknown value \"" + std::string(word.text) + "\"");
  }

  Cursor cursor_;
  size_t line_offset_ = 0;  // up to where lines are counted
  uint32_t line_ = 1;
};

}  // namespace

bool is_assertion(Command::Kind kind) {
  return kind >= Kind::assert_return && kind <= Kind::assert_invalid_custom;
}

Result<std::vector<Command>> parse_script(std::string_view source) {
  if (looks_binary(as_bytes(source))) {
    return fail(ErrorCode::malformed,
                "this is binary wasm, not a script; nacre run or nacre validate takes it");
  }
  TRY(refuse_foreign(as_bytes(source)));
  if (!is_utf8(source)) {
    return fail(ErrorCode::malformed, "malformed UTF-8 encoding: this is not a script");
  }
  return ScriptParser(source).parse();
}

Result<Module> load_module(const ScriptModule& module, Features features) {
  switch (module.form) {
    case ScriptModule::Form::text: {
      size_t begin = static_cast<size_t>(module.text.data() - module.script.data());
      return parse_module(module.script, begin, begin + module.text.size(), features);
    }
    case ScriptModule::Form::quote:
      return parse_module(module.content, features);
    case ScriptModule::Form::binary:
      break;
  }
  return decode(std::vector<uint8_t>(module.content.begin(), module.content.end()), features);
}

Result<std::vector<uint8_t>> to_binary(const ScriptModule& module, Features features) {
  if (module.form == ScriptModule::Form::binary) {
    return std::vector<uint8_t>(module.content.begin(), module.content.end());
  }
  return encode(TRY(load_module(module, features)));
}

}  // namespace nacre::wasm
