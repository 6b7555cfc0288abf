// Values and their types to text.

#include <bit>
#include <charconv>
#include <cmath>

#include "base/utf8.h"
#include "component/wave.h"
#include "component/wave_lexer.h"

namespace nacre::component {
namespace {

// ---- values

void append_escaped(std::string& out, std::string_view text, char quote) {
  for (size_t i = 0; i < text.size();) {
    FirstScalar scalar = first_scalar(text.substr(i));
    std::string_view one = text.substr(i, scalar.length == 0 ? 1 : scalar.length);
    i += one.size();
    if (one[0] == quote || one[0] == '\\') {
      out += '\\';
      out += one;
    } else if (one == "\n") {
      out += "\\n";
    } else if (one == "\r") {
      out += "\\r";
    } else if (one == "\t") {
      out += "\\t";
    } else if (scalar.length == 0) {
      out += "\\u{fffd}";  // what is not UTF-8 is no value
    } else {
      out += printable(one);
    }
  }
}

template <class T>
std::string float_text(T number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[64];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, end};
}

class Printer {
 public:
  explicit Printer(const Types& types) : types_(types) {}

  void print(const Value& value, TypeId id) {
    const TypeDef& type = types_.at(id);
    switch (type.kind) {
      case Type::Kind::primitive:
        return primitive(value, type.primitive);
      case Type::Kind::record:
        return record(value, type);
      case Type::Kind::variant:
      case Type::Kind::enumeration:
        return variant(value, type);
      case Type::Kind::list:
      case Type::Kind::fixed_list:
        out_ += '[';
        for (const Value& part : value.parts) {
          if (&part != value.parts.data()) out_ += ", ";
          print(part, type.first);
        }
        out_ += ']';
        return;
      case Type::Kind::tuple:
        out_ += '(';
        for (size_t i = 0; i < value.parts.size(); ++i) {
          if (i != 0) out_ += ", ";
          print(value.parts[i], type.members[i].type);
        }
        out_ += ')';
        return;
      case Type::Kind::flags:
        return flags(value, type);
      case Type::Kind::option:
        return chosen(value, value.bits == 0 ? "none" : "some", type.first);
      case Type::Kind::result:
        return chosen(value, value.bits == 0 ? "ok" : "err",
                      value.bits == 0 ? type.first : type.second);
      case Type::Kind::map:
        return map(value, type);
      default:
        out_ += "<" + std::string(type_kind_text(type.kind)) + ">";
    }
  }

  std::string take() && { return std::move(out_); }

 private:
  void primitive(const Value& value, Primitive primitive) {
    switch (primitive) {
      case Primitive::boolean:
        out_ += value.bits != 0 ? "true" : "false";
        return;
      case Primitive::s8:
      case Primitive::s16:
      case Primitive::s32:
      case Primitive::s64:
        out_ += std::to_string(static_cast<int64_t>(value.bits));
        return;
      case Primitive::u8:
      case Primitive::u16:
      case Primitive::u32:
      case Primitive::u64:
        out_ += std::to_string(value.bits);
        return;
      case Primitive::f32:
        out_ += float_text(std::bit_cast<float>(static_cast<uint32_t>(value.bits)));
        return;
      case Primitive::f64:
        out_ += float_text(std::bit_cast<double>(value.bits));
        return;
      case Primitive::character: {
        std::string text;
        append_utf8(text, static_cast<uint32_t>(value.bits));
        out_ += '\'';
        append_escaped(out_, text, '\'');
        out_ += '\'';
        return;
      }
      case Primitive::string:
        out_ += '"';
        append_escaped(out_, value.text, '"');
        out_ += '"';
        return;
      case Primitive::error_context:
        out_ += "<error-context>";
        return;
    }
  }

  // Fields that hold none are left out.
  void record(const Value& value, const TypeDef& type) {
    std::string_view before = "{";
    for (size_t i = 0; i < type.members.size(); ++i) {
      bool is_option = types_.kind(type.members[i].type) == Type::Kind::option;
      if (is_option && value.parts[i].bits == 0) continue;
      out_ += before;
      before = ", ";
      out_ += type.members[i].label;
      out_ += ": ";
      print(value.parts[i], type.members[i].type);
    }
    out_ += before == "{" ? "{:}" : "}";
  }

  void variant(const Value& value, const TypeDef& type) {
    const TypeMember& chosen = type.members[value.bits];
    if (is_wave_keyword(chosen.label)) out_ += '%';
    this->chosen(value, chosen.label, chosen.type);
  }

  void chosen(const Value& value, std::string_view label, TypeId payload) {
    out_ += label;
    if (value.parts.empty()) return;
    out_ += '(';
    print(value.parts[0], payload);
    out_ += ')';
  }

  void flags(const Value& value, const TypeDef& type) {
    std::string_view before = "{";
    for (size_t i = 0; i < type.members.size(); ++i) {
      if ((value.bits >> i & 1) == 0) continue;
      out_ += before;
      before = ", ";
      out_ += type.members[i].label;
    }
    out_ += before == "{" ? "{}" : "}";
  }

  void map(const Value& value, const TypeDef& type) {
    std::string_view before = "{";
    for (size_t i = 0; i + 1 < value.parts.size(); i += 2) {
      out_ += before;
      before = ", ";
      print(value.parts[i], type.first);
      out_ += ": ";
      print(value.parts[i + 1], type.second);
    }
    out_ += before == "{" ? "{}" : "}";
  }

  const Types& types_;
  std::string out_;
};

// ---- types

// Shows a type within a budget of parts, so that what many types share is not shown in full.
class TypePrinter {
 public:
  explicit TypePrinter(const Types& types) : types_(types) {}

  std::string text(TypeId id) {
    if (id == kNoType) return "_";
    if (left_ == 0) return "...";
    --left_;
    const TypeDef& type = types_.at(id);
    switch (type.kind) {
      case Type::Kind::primitive:
        return std::string(primitive_text(type.primitive));
      case Type::Kind::record:
      case Type::Kind::variant:
      case Type::Kind::enumeration:
      case Type::Kind::flags:
        return std::string(type_kind_text(type.kind)) + " { " + members(type) + " }";
      case Type::Kind::tuple:
        return "tuple<" + members(type) + ">";
      case Type::Kind::fixed_list:
        return "list<" + text(type.first) + ", " + std::to_string(type.length) + ">";
      case Type::Kind::own:
      case Type::Kind::borrow:
        return std::string(type_kind_text(type.kind)) + "<resource>";
      default:
        break;
    }
    std::string word(type_kind_text(type.kind));
    if (type.first == kNoType && type.second == kNoType) return word;
    std::string inside = text(type.first);
    if (type.second != kNoType) inside += ", " + text(type.second);
    return word + "<" + inside + ">";
  }

 private:
  std::string members(const TypeDef& type) {
    std::string all;
    for (const TypeMember& member : type.members) {
      if (!all.empty()) all += ", ";
      if (left_ == 0) return all + "...";
      bool has_label = type.kind != Type::Kind::tuple;
      if (has_label) all += printable(member.label);
      if (member.type == kNoType) {
        --left_;
        continue;
      }
      std::string one = text(member.type);
      bool is_case = type.kind == Type::Kind::variant;
      all += is_case ? "(" + one + ")" : (has_label ? ": " : "") + one;
    }
    return all;
  }

  const Types& types_;
  size_t left_ = 24;
};

}  // namespace

std::string print_value(const Value& value, const Types& types, TypeId type) {
  Printer printer(types);
  printer.print(value, type);
  return std::move(printer).take();
}

std::string describe_type(const Types& types, TypeId type) { return TypePrinter(types).text(type); }

}  // namespace nacre::component
