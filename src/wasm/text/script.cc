#include "wasm/text/script.h"

#include "wasm/text/cursor.h"
#include "wasm/text/numbers.h"
#include "wasm/text/strings.h"

namespace nacre::wasm {
namespace {

using text::Annotations;
using text::Cursor;
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

struct LaneShape {
  std::string_view word;
  uint8_t lane_bytes;
  bool is_float;
};

constexpr LaneShape kShapes[] = {
    {"i8x16", 1, false}, {"i16x8", 2, false}, {"i32x4", 4, false},
    {"i64x2", 8, false}, {"f32x4", 4, true},  {"f64x2", 8, true},
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

constexpr RefPattern kHeapWords[] = {
    {"func", HeapType::kFunc},     {"extern", HeapType::kExtern},     {"any", HeapType::kAny},
    {"eq", HeapType::kEq},         {"i31", HeapType::kI31},           {"struct", HeapType::kStruct},
    {"array", HeapType::kArray},   {"exn", HeapType::kExn},           {"none", HeapType::kNone},
    {"nofunc", HeapType::kNoFunc}, {"noextern", HeapType::kNoExtern}, {"noexn", HeapType::kNoExn},
};

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view source)
      : cursor_(source, 0, source.size(), Annotations::none) {}

  Result<std::vector<Command>> parse() {
    if (starts_with_fields()) return whole_module();
    return commands(TokenKind::end, 0);
  }

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

  // A script may be the fields of one module and nothing else.
  bool starts_with_fields() const {
    for (std::string_view word : {"type", "rec", "import", "func", "table", "memory", "global",
                                  "export", "start", "elem", "data", "tag"}) {
      if (cursor_.at_list(word)) return true;
    }
    return false;
  }

  Result<std::vector<Command>> whole_module() {
    std::vector<Command> list(1);
    list[0].kind = Kind::module;
    list[0].line = 1;
    list[0].module.text = cursor_.source();
    return list;
  }

  Result<std::vector<Command>> commands(TokenKind until, int nesting) {
    std::vector<Command> list;
    while (!cursor_.at(until)) list.push_back(TRY(command(nesting)));
    return list;
  }

  Result<Command> command(int nesting) {
    Command command;
    command.line = cursor_.where(cursor_.peek()).line;
    if (!cursor_.at(TokenKind::left)) return cursor_.unexpected("a command");
    if (cursor_.at_list("module")) {
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
      bool is_module =
          info.subject == AssertionInfo::Subject::module ||
          (info.subject == AssertionInfo::Subject::action_or_module && cursor_.at_list("module"));
      if (is_module) {
        if (info.kind == Kind::assert_trap) command.kind = Kind::assert_module_trap;
        TRY(module_command(command, /*inside_assertion=*/true));
      } else {
        command.action = TRY(action());
      }
      while (info.kind == Kind::assert_return && cursor_.at(TokenKind::left)) {
        command.results.push_back(TRY(value(/*is_pattern=*/true)));
      }
      if (info.has_message) command.message = TRY(string());
      return {};
    }
    return cursor_.malformed(word, "unknown command \"" + std::string(word.text) + "\"");
  }

  // At "(module".
  Result<void> module_command(Command& command, bool inside_assertion = false) {
    ScriptModule& module = command.module;
    size_t begin = cursor_.offset();
    cursor_.take();
    cursor_.take();
    if (!inside_assertion && cursor_.take_word("instance")) {
      command.kind = Kind::instance;
      command.id = take_id();
      command.source_id = take_id();
      return cursor_.close();
    }
    if (!inside_assertion) command.kind = Kind::module;
    module.definition = cursor_.take_word("definition");
    module.id = take_id();
    bool binary = cursor_.at_word("binary");
    if (binary || cursor_.at_word("quote")) {
      cursor_.take();
      module.form = binary ? ScriptModule::Form::binary : ScriptModule::Form::quote;
      while (cursor_.at(TokenKind::string)) {
        text::append_string(module.content, cursor_.take());
        if (!binary) module.content += '\n';
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
    // The word `definition` belongs to the script, so such a module is given by its fields alone.
    module.text = module.definition ? cursor_.source().substr(fields, end - fields)
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
    for (const LaneShape& known : kShapes) {
      if (known.word != shape.text) continue;
      value.lane_bytes = known.lane_bytes;
      value.float_lanes = known.is_float;
      for (uint32_t i = 0; i < 16u / known.lane_bytes; ++i) {
        TRY(lane(value, i, known.lane_bytes, known.is_float));
      }
      return {};
    }
    return cursor_.malformed(shape, "unknown shape");
  }

  Result<void> lane(ScriptValue& value, uint32_t index, uint32_t bytes, bool is_float) {
    Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
    uint64_t bits = 0;
    bool ok = true;
    if (is_float && (token.text == "nan:canonical" || token.text == "nan:arithmetic")) {
      value.nan[index] = token.text == "nan:canonical" ? ScriptValue::Nan::canonical
                                                       : ScriptValue::Nan::arithmetic;
    } else if (!is_float) {
      text::Number<uint64_t> number = text::parse_int(token.text, bytes * 8);
      bits = number.value;
      ok = number.ok();
    } else if (bytes == 4) {
      text::Number<uint32_t> number = text::parse_f32(token.text);
      bits = number.value;
      ok = number.ok();
    } else {
      text::Number<uint64_t> number = text::parse_f64(token.text);
      bits = number.value;
      ok = number.ok();
    }
    if (!ok) return cursor_.malformed(token, "no number of this type");
    std::memcpy(value.bits.data() + index * bytes, &bits, bytes);
    return {};
  }

  Result<void> reference(ScriptValue& value, const Token& word) {
    if (word.text == "ref.null") {
      value.kind = ScriptValue::Kind::null;
      if (cursor_.at(TokenKind::right)) return {};
      Token heap = TRY(cursor_.expect(TokenKind::word, "a heap type"));
      for (const RefPattern& known : kHeapWords) {
        if (known.word == heap.text) value.heap = known.heap;
      }
      if (!value.heap) return cursor_.malformed(heap, "unknown heap type");
      return {};
    }
    if (word.text == "ref") {
      value.kind = ScriptValue::Kind::any_ref;
      return {};
    }
    if (word.text == "ref.host" || (word.text == "ref.extern" && cursor_.at(TokenKind::word))) {
      value.kind = word.text == "ref.host" ? ScriptValue::Kind::host : ScriptValue::Kind::external;
      Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
      text::Number<uint64_t> number = text::parse_nat(token.text, 32);
      if (!number.ok()) return cursor_.malformed(token, "no number");
      value.number = number.value;
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
};

}  // namespace

bool is_assertion(Command::Kind kind) {
  return kind >= Kind::assert_return && kind <= Kind::assert_invalid_custom;
}

Result<std::vector<Command>> parse_script(std::string_view source) {
  return ScriptParser(source).parse();
}

}  // namespace nacre::wasm
