// WAVE to values.

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/utf8.h"
#include "component/wave.h"
#include "component/wave_lexer.h"
#include "wasm/text/lexer.h"

namespace nacre::component {
namespace {

constexpr size_t kMaxDepth = 100;         // values in values
constexpr size_t kMaxValues = 1'000'000;  // of one text: fields may be left out of it
constexpr size_t kShownBytes = 40;
constexpr std::string_view kSpace = " \t\r\n";

std::string quoted(std::string_view text) { return "`" + printable(text, kShownBytes) + "`"; }

class Parser {
 public:
  Parser(std::string_view text, const Types& types) : text_(text), types_(types), lexer_(text) {
    current_ = lexer_.next();
  }

  Result<Value> whole(TypeId type) {
    Value value = TRY(this->value(type));
    TRY(expect_end());
    return value;
  }

  Result<std::vector<Value>> arguments(std::span<const TypeMember> params) {
    std::vector<Value> values;
    for (const TypeMember& param : params) {
      if (at_end()) {
        if (types_.kind(param.type) != Type::Kind::option) {
          return unexpected("the argument " + quoted(param.label) + ", " + describe(param.type));
        }
        values.push_back(TRY(make()));
        continue;
      }
      Inside inside(*this, "argument " + quoted(param.label));
      values.push_back(TRY(value(param.type)));
      if (!take(',') && !at_end()) return unexpected("`,`");
    }
    if (!at_end() && values.size() == params.size()) {
      return invalid("there are only " + std::to_string(params.size()) + " parameters");
    }
    return values;
  }

 private:
  // ---- tokens and errors

  bool at_end() const { return current_.kind == WaveTokenKind::end; }
  WaveToken take() {
    WaveToken token = current_;
    current_ = lexer_.next();
    return token;
  }
  bool take(char symbol) {
    if (!current_.is(symbol)) return false;
    take();
    return true;
  }
  Result<void> expect(char symbol) {
    if (take(symbol)) return {};
    return unexpected(std::string("`") + symbol + "`");
  }
  Result<void> expect_end() const {
    if (at_end()) return {};
    return unexpected("nothing more");
  }

  std::unexpected<Error> error(ErrorCode code, const std::string& message) const {
    std::string place;
    for (const std::string& one : places_) place += one + ": ";
    return fail(code, place + message, wasm::text::locate(text_, current_.offset));
  }
  std::unexpected<Error> invalid(const std::string& message) const {
    return error(ErrorCode::invalid, message);
  }
  std::unexpected<Error> unexpected(const std::string& wanted) const {
    if (current_.kind == WaveTokenKind::bad) return error(ErrorCode::malformed, lexer_.error());
    std::string found = at_end() ? "the text ends here" : "unexpected " + quoted(current_.text);
    return error(ErrorCode::malformed, found + ", expected " + wanted);
  }

  // The part of a value that is being read, for errors; ends with its scope.
  class Inside {
   public:
    Inside(Parser& parser, std::string what) : parser_(parser) {
      parser.places_.push_back(std::move(what));
    }
    ~Inside() { parser_.places_.pop_back(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Parser& parser_;
  };

  std::string describe(TypeId type) const { return describe_type(types_, type); }

  Result<Value> make(uint64_t bits = 0) {
    if (++values_ > kMaxValues) return error(ErrorCode::limit, "there are too many values");
    Value value;
    value.bits = bits;
    return value;
  }

  // ---- values

  Result<Value> value(TypeId type) {
    if (depth_ == kMaxDepth) return error(ErrorCode::limit, "values are nested too deeply");
    ++depth_;
    Result<Value> value = value_inside(type);
    --depth_;
    return value;
  }

  Result<Value> value_inside(TypeId id) {
    const TypeDef& type = types_.at(id);
    switch (type.kind) {
      case Type::Kind::primitive:
        return primitive(type.primitive, id);
      case Type::Kind::record:
        return record(type);
      case Type::Kind::variant:
      case Type::Kind::enumeration:
        return variant(type, id);
      case Type::Kind::list:
      case Type::Kind::fixed_list:
        return list(type);
      case Type::Kind::tuple:
        return tuple(type);
      case Type::Kind::flags:
        return flags(type);
      case Type::Kind::option:
        return option(type);
      case Type::Kind::result:
        return result(type, id);
      case Type::Kind::map:
        return map(type);
      default:
        return error(ErrorCode::unsupported, "a value of type " + describe(id) + " has no text");
    }
  }

  Result<Value> primitive(Primitive primitive, TypeId id) {
    switch (primitive) {
      case Primitive::boolean:
        if (!current_.is("true") && !current_.is("false")) return unexpected("true or false");
        return make(take().text == "true");
      case Primitive::s8:
        return integer<int8_t>(id);
      case Primitive::u8:
        return integer<uint8_t>(id);
      case Primitive::s16:
        return integer<int16_t>(id);
      case Primitive::u16:
        return integer<uint16_t>(id);
      case Primitive::s32:
        return integer<int32_t>(id);
      case Primitive::u32:
        return integer<uint32_t>(id);
      case Primitive::s64:
        return integer<int64_t>(id);
      case Primitive::u64:
        return integer<uint64_t>(id);
      case Primitive::f32:
        return floating<float, uint32_t>();
      case Primitive::f64:
        return floating<double, uint64_t>();
      case Primitive::character:
        return character();
      case Primitive::string:
        return string();
      case Primitive::error_context:
        break;
    }
    return error(ErrorCode::unsupported, "an error context has no text");
  }

  template <class T>
  Result<Value> integer(TypeId id) {
    std::string_view text = current_.text;
    if (current_.kind != WaveTokenKind::number) return unexpected("an integer, " + describe(id));
    T number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      return invalid(quoted(text) + " is not of type " + describe(id) +
                     ": that is a whole number from " +
                     std::to_string(std::numeric_limits<T>::min()) + " to " +
                     std::to_string(std::numeric_limits<T>::max()));
    }
    take();
    return make(static_cast<uint64_t>(static_cast<int64_t>(number)));
  }

  template <class T, class Bits>
  Result<Value> floating() {
    if (current_.kind != WaveTokenKind::number) return unexpected("a number");
    std::string_view text = take().text;
    T number = 0;
    if (text == "nan") {
      number = std::numeric_limits<T>::quiet_NaN();
    } else if (text.ends_with("inf")) {
      number = std::numeric_limits<T>::infinity() * (text[0] == '-' ? T{-1} : T{1});
    } else {
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      // Too large or too small for the type: as near as it gets.
      if (error == std::errc::result_out_of_range) number = rounded<T>(text);
    }
    return make(std::bit_cast<Bits>(number));
  }

  // By the power of ten of its first digit.
  template <class T>
  static T rounded(std::string_view text) {
    std::string_view mantissa = text.substr(0, text.find_first_of("eE"));
    long exponent = 0;
    if (mantissa.size() != text.size()) {
      std::string_view digits = text.substr(mantissa.size() + 1);
      bool is_small = digits.starts_with('-');
      if (is_small || digits.starts_with('+')) digits.remove_prefix(1);
      auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
      if (error != std::errc()) exponent = std::numeric_limits<int>::max();
      if (is_small) exponent = -exponent;
    }
    auto first = static_cast<long>(mantissa.find_first_of("123456789"));
    auto point = static_cast<long>(std::min(mantissa.find('.'), mantissa.size()));
    T number = point - first + exponent > 0 ? std::numeric_limits<T>::infinity() : T{0};
    return text.starts_with('-') ? -number : number;
  }

  Result<Value> character() {
    if (current_.kind != WaveTokenKind::character) return unexpected("a character like 'x'");
    std::string text = TRY(unquoted());
    FirstScalar scalar = text.empty() ? FirstScalar{} : first_scalar(text);
    if (text.empty() || scalar.length != text.size()) {
      return invalid("one character stands between the quotes");
    }
    take();
    return make(scalar.value);
  }

  Result<Value> string() {
    if (current_.kind != WaveTokenKind::string) return unexpected("a string like \"x\"");
    Value value = TRY(make());
    value.text = TRY(unquoted());
    take();
    return value;
  }

  Result<std::string> unquoted() const {
    std::string why;
    std::optional<std::string> text = unquote(current_, &why);
    if (!text) return error(ErrorCode::malformed, why);
    return std::move(*text);
  }

  Result<Value> list(const TypeDef& type) {
    Value value = TRY(make());
    TRY(expect('['));
    while (!take(']')) {
      Inside inside(*this, "element " + std::to_string(value.parts.size()));
      value.parts.push_back(TRY(this->value(type.first)));
      if (!take(',') && !current_.is(']')) return unexpected("`,` or `]`");
    }
    if (type.kind == Type::Kind::fixed_list && value.parts.size() != type.length) {
      return invalid("the list has " + std::to_string(value.parts.size()) + " elements, not " +
                     std::to_string(type.length));
    }
    return value;
  }

  Result<Value> tuple(const TypeDef& type) {
    Value value = TRY(make());
    TRY(expect('('));
    for (size_t i = 0; i < type.members.size(); ++i) {
      Inside inside(*this, "element " + std::to_string(i));
      value.parts.push_back(TRY(this->value(type.members[i].type)));
      if (!take(',') && i + 1 != type.members.size()) return unexpected("`,`");
    }
    TRY(expect(')'));
    return value;
  }

  Result<size_t> member(const TypeDef& type, std::string_view what) {
    if (current_.kind != WaveTokenKind::word)
      return unexpected("the name of a " + std::string(what));
    std::string_view label = current_.label();
    auto found = std::ranges::find(type.members, label, &TypeMember::label);
    if (found == type.members.end()) {
      return invalid("there is no " + std::string(what) + " " + quoted(label) + ", only " +
                     labels(type));
    }
    return static_cast<size_t>(found - type.members.begin());
  }

  static std::string labels(const TypeDef& type) {
    constexpr size_t kMaxShown = 12;
    std::string text;
    for (size_t i = 0; i < std::min(type.members.size(), kMaxShown); ++i) {
      text += (i == 0 ? "" : ", ") + quoted(type.members[i].label);
    }
    return text + (type.members.size() > kMaxShown ? ", ..." : "");
  }

  Result<Value> record(const TypeDef& type) {
    Value value = TRY(make());
    value.parts.resize(type.members.size());
    std::vector<bool> is_set(type.members.size());
    values_ += type.members.size();
    TRY(expect('{'));
    if (take(':')) {
      TRY(expect('}'));
    } else {
      do {
        size_t index = TRY(member(type, "field"));
        if (is_set[index]) return invalid("the field stands twice");
        is_set[index] = true;
        Inside inside(*this, "field " + quoted(take().label()));
        TRY(expect(':'));
        value.parts[index] = TRY(this->value(type.members[index].type));
        if (!take(',') && !current_.is('}')) return unexpected("`,` or `}`");
      } while (!take('}'));
    }
    for (size_t i = 0; i < type.members.size(); ++i) {
      if (is_set[i] || types_.kind(type.members[i].type) == Type::Kind::option) continue;
      return invalid("the field " + quoted(type.members[i].label) + " is missing");
    }
    return value;
  }

  Result<Value> variant(const TypeDef& type, TypeId id) {
    if (current_.kind != WaveTokenKind::word || is_wave_keyword(current_.text)) {
      return unexpected("a case of " + describe(id));
    }
    size_t index = TRY(member(type, "case"));
    Value value = TRY(make(index));
    std::string_view label = take().label();
    TypeId payload = type.members[index].type;
    if (payload == kNoType) return value;
    Inside inside(*this, "case " + quoted(label));
    value.parts.push_back(TRY(this->payload(payload)));
    return value;
  }

  // "(value)"
  Result<Value> payload(TypeId type) {
    TRY(expect('('));
    Value value = TRY(this->value(type));
    take(',');
    TRY(expect(')'));
    return value;
  }

  Result<Value> flags(const TypeDef& type) {
    Value value = TRY(make());
    TRY(expect('{'));
    while (!take('}')) {
      uint64_t bit = uint64_t{1} << TRY(member(type, "flag"));
      if ((value.bits & bit) != 0) return invalid("the flag stands twice");
      value.bits |= bit;
      take();
      if (!take(',') && !current_.is('}')) return unexpected("`,` or `}`");
    }
    return value;
  }

  // Whether a value of this type may stand for an option or result that holds it.
  bool may_be_flat(TypeId type) const {
    if (type == kNoType) return false;
    Type::Kind kind = types_.kind(type);
    return kind != Type::Kind::option && kind != Type::Kind::result;
  }

  Result<Value> option(const TypeDef& type) {
    if (current_.is("none")) {
      take();
      return make(0);
    }
    Value value = TRY(make(1));
    if (current_.is("some")) {
      take();
      value.parts.push_back(TRY(payload(type.first)));
    } else if (may_be_flat(type.first)) {
      value.parts.push_back(TRY(this->value(type.first)));
    } else {
      return unexpected("some(...) or none");
    }
    return value;
  }

  Result<Value> result(const TypeDef& type, TypeId id) {
    bool is_err = current_.is("err");
    Value value = TRY(make(is_err ? 1 : 0));
    TypeId held = is_err ? type.second : type.first;
    if (is_err || current_.is("ok")) {
      take();
      if (held != kNoType) value.parts.push_back(TRY(payload(held)));
    } else if (may_be_flat(held)) {
      value.parts.push_back(TRY(this->value(held)));
    } else {
      return unexpected("ok or err, " + describe(id));
    }
    return value;
  }

  Result<Value> map(const TypeDef& type) {
    Value value = TRY(make());
    TRY(expect('{'));
    if (take(':')) {
      TRY(expect('}'));
      return value;
    }
    while (!take('}')) {
      Inside inside(*this, "entry " + std::to_string(value.parts.size() / 2));
      value.parts.push_back(TRY(this->value(type.first)));
      TRY(expect(':'));
      value.parts.push_back(TRY(this->value(type.second)));
      if (!take(',') && !current_.is('}')) return unexpected("`,` or `}`");
    }
    return value;
  }

  std::string_view text_;
  const Types& types_;
  WaveLexer lexer_;
  WaveToken current_;
  std::vector<std::string> places_;
  size_t depth_ = 0;
  size_t values_ = 0;
};

}  // namespace

Result<Value> parse_value(std::string_view text, const Types& types, TypeId type) {
  return Parser(text, types).whole(type);
}

Result<std::vector<Value>> parse_arguments(std::string_view text, const Types& types,
                                           std::span<const TypeMember> params) {
  return Parser(text, types).arguments(params);
}

Result<CallText> split_call(std::string_view text) {
  CallText call;
  size_t open = std::min(text.find('('), text.size());
  call.name = text.substr(0, open);
  size_t begin = std::min(call.name.find_first_not_of(kSpace), call.name.size());
  call.name = call.name.substr(begin, call.name.find_last_not_of(kSpace) + 1 - begin);
  if (call.name.empty()) {
    return fail(ErrorCode::usage, "a call begins with the name of a function");
  }
  if (open == text.size()) return call;
  size_t last = text.find_last_not_of(kSpace);
  if (text[last] != ')') {
    return fail(ErrorCode::malformed, "a call ends with `)`", wasm::text::locate(text, last));
  }
  call.has_arguments = true;
  call.arguments = text.substr(open + 1, last - open - 1);
  return call;
}

}  // namespace nacre::component
