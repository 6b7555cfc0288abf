#include "cli/values.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>

#include "cli/handles.h"

namespace nacre::cli {
namespace {

template <class Unsigned, class Signed>
std::optional<Signed> parse_integer(std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  Unsigned magnitude = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  Unsigned lowest = static_cast<Unsigned>(std::numeric_limits<Signed>::max()) + 1;
  if (negative && magnitude > lowest) return {};
  return static_cast<Signed>(negative ? Unsigned{0} - magnitude : magnitude);
}

template <class Float>
std::optional<Float> parse_float(const std::string& text) {
  if (text.empty() || text[0] == ' ') return {};
  char* end = nullptr;
  Float value;
  if constexpr (sizeof(Float) == 4) {
    value = std::strtof(text.c_str(), &end);
  } else {
    value = std::strtod(text.c_str(), &end);
  }
  if (end != text.c_str() + text.size()) return {};
  return value;
}

template <class Float>
std::string format_float(Float value) {
  char buffer[64];
  auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, result.ptr);
}

[[noreturn]] void refuse(const std::string& text, nacre_val_kind_t kind) {
  throw Failure{"argument \"" + text + "\" is not a value of type " + kind_text(kind), true};
}

}  // namespace

const char* kind_text(nacre_val_kind_t kind) {
  switch (kind) {
    case NACRE_I32:
      return "i32";
    case NACRE_I64:
      return "i64";
    case NACRE_F32:
      return "f32";
    case NACRE_F64:
      return "f64";
    case NACRE_V128:
      return "v128";
    case NACRE_FUNCREF:
      return "funcref";
    case NACRE_EXTERNREF:
      return "externref";
  }
  return "value";
}

nacre_val_t parse_value(nacre_val_kind_t kind, const std::string& text) {
  nacre_val_t value{};
  value.kind = kind;
  switch (kind) {
    case NACRE_I32:
      if (auto n = parse_integer<uint32_t, int32_t>(text)) return value.of.i32 = *n, value;
      break;
    case NACRE_I64:
      if (auto n = parse_integer<uint64_t, int64_t>(text)) return value.of.i64 = *n, value;
      break;
    case NACRE_F32:
      if (auto n = parse_float<float>(text)) return value.of.f32 = *n, value;
      break;
    case NACRE_F64:
      if (auto n = parse_float<double>(text)) return value.of.f64 = *n, value;
      break;
    case NACRE_V128:
      throw Failure{"a v128 cannot be given on the command line", true};
    case NACRE_FUNCREF:
    case NACRE_EXTERNREF:
      if (text == "null") return value;
      throw Failure{"only null can be given for a reference on the command line", true};
  }
  refuse(text, kind);
}

std::string format_value(const nacre_val_t& value) {
  switch (value.kind) {
    case NACRE_I32:
      return std::to_string(value.of.i32);
    case NACRE_I64:
      return std::to_string(value.of.i64);
    case NACRE_F32:
      return format_float(value.of.f32);
    case NACRE_F64:
      return format_float(value.of.f64);
    case NACRE_V128: {
      std::string text = "0x";
      char digits[3];
      for (int i = 15; i >= 0; --i) {
        std::snprintf(digits, sizeof digits, "%02x", value.of.v128[i]);
        text += digits;
      }
      return text;
    }
    case NACRE_FUNCREF:
    case NACRE_EXTERNREF:
      return value.of.ref == 0 ? "null" : "ref";
  }
  return {};
}

}  // namespace nacre::cli
