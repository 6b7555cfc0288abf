#include "wasm/text/numbers.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "wasm/text/strings.h"

namespace nacre::wasm::text {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool take_sign(std::string_view& text) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

// Digits with single underscores between them; 0 if there is no such run at the front.
template <class IsDigit>
size_t digits_length(std::string_view text, IsDigit is_one) {
  size_t i = 0;
  while (i < text.size()) {
    if (is_one(text[i])) {
      ++i;
    } else if (text[i] == '_' && i != 0 && text[i - 1] != '_') {
      ++i;
    } else {
      break;
    }
  }
  return i != 0 && text[i - 1] == '_' ? 0 : i;
}

// An unsigned magnitude. `range` when it does not fit in 64 bits.
Number<uint64_t> parse_magnitude(std::string_view text) {
  bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  size_t length = hex ? digits_length(text, is_hex_digit) : digits_length(text, is_digit);
  if (length == 0 || length != text.size()) return {0, NumberError::syntax};
  uint64_t base = hex ? 16 : 10;
  uint64_t value = 0;
  for (char c : text) {
    if (c == '_') continue;
    if (__builtin_mul_overflow(value, base, &value) ||
        __builtin_add_overflow(value, uint64_t{hex_digit_value(c)}, &value)) {
      return {0, NumberError::range};
    }
  }
  return {value};
}

// A float's parts as written: sign, then either hexadecimal or decimal digits.
struct FloatText {
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;  // capped: beyond every finite number of either type
};

constexpr int64_t kExponentCap = int64_t{1} << 40;

// "digits [. digits] [exponent]". The exponent's digits are decimal in both bases.
template <class IsDigit>
bool split_float(std::string_view text, IsDigit is_one, char exponent_mark, FloatText* out) {
  size_t whole = digits_length(text, is_one);
  if (whole == 0) return false;
  out->whole = text.substr(0, whole);
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    size_t fraction = digits_length(text, is_one);
    out->fraction = text.substr(0, fraction);
    text.remove_prefix(fraction);
  }
  if (text.empty()) return true;
  if ((text[0] | 0x20) != exponent_mark) return false;
  text.remove_prefix(1);
  bool negative = take_sign(text);
  size_t length = digits_length(text, is_digit);
  if (length == 0 || length != text.size()) return false;
  for (char c : text) {
    if (c == '_') continue;
    out->exponent = std::min(out->exponent * 10 + (c - '0'), kExponentCap);
  }
  if (negative) out->exponent = -out->exponent;
  return true;
}

template <class Bits, class Float>
struct FloatFormat {
  static constexpr int kMantissaBits = std::numeric_limits<Float>::digits - 1;  // stored ones
  static constexpr int kMaxExponent = std::numeric_limits<Float>::max_exponent - 1;
  static constexpr int kMinExponent = std::numeric_limits<Float>::min_exponent - 1;
  static constexpr Bits kMantissaMask = (Bits{1} << kMantissaBits) - 1;
  static constexpr Bits kInfinity = std::bit_cast<Bits>(std::numeric_limits<Float>::infinity());
  static constexpr Bits kQuiet = Bits{1} << (kMantissaBits - 1);
};

// Rounds significand * 2^exponent to nearest, ties to even. `sticky`: more non-zero bits follow.
template <class Format, class Bits>
Number<Bits> round_binary(uint64_t significand, int64_t exponent, bool sticky) {
  if (significand == 0) return {0};
  int lead = std::countl_zero(significand);
  significand <<= lead;
  exponent += 63 - lead;  // now value = significand / 2^63 * 2^exponent
  if (exponent > Format::kMaxExponent) return {0, NumberError::range};
  int64_t dropped = 63 - Format::kMantissaBits;
  if (exponent < Format::kMinExponent) dropped += Format::kMinExponent - exponent;
  if (dropped > 64) return {0};  // less than half of the least subnormal
  uint64_t kept = dropped == 64 ? 0 : significand >> dropped;
  uint64_t half = uint64_t{1} << (dropped - 1);
  uint64_t rest = dropped == 64 ? significand : significand & (half * 2 - 1);
  bool up = rest > half || (rest == half && (sticky || (kept & 1) != 0));
  kept += up;
  // A carry out of the mantissa moves into the exponent field by itself. The leading bit counts as
  // one in that field, which is why the biased exponent starts one lower.
  uint64_t biased =
      exponent < Format::kMinExponent ? 0 : static_cast<uint64_t>(exponent - Format::kMinExponent);
  Bits bits = static_cast<Bits>((biased << Format::kMantissaBits) + kept);
  if (bits >= Format::kInfinity) return {0, NumberError::range};
  return {bits};
}

template <class Format, class Bits>
Number<Bits> parse_hex_float(std::string_view text) {
  FloatText parts;
  if (!split_float(text, is_hex_digit, 'p', &parts)) return {0, NumberError::syntax};
  uint64_t significand = 0;
  bool sticky = false;
  int64_t exponent = parts.exponent;
  auto take = [&](std::string_view digits, bool is_fraction) {
    for (char c : digits) {
      if (c == '_') continue;
      uint32_t digit = hex_digit_value(c);
      if (significand >> 60 == 0) {
        significand = significand << 4 | digit;
        if (is_fraction) exponent -= 4;
      } else {
        sticky |= digit != 0;
        if (!is_fraction) exponent += 4;
      }
    }
  };
  take(parts.whole, false);
  take(parts.fraction, true);
  return round_binary<Format, Bits>(significand, exponent, sticky);
}

// Whether the decimal number is below 1: tells underflow from overflow.
bool is_below_one(const FloatText& parts) {
  int64_t position = 0;  // decimal exponent of the first non-zero digit
  bool found = false;
  int64_t digits = std::ranges::count_if(parts.whole, is_digit);
  for (char c : parts.whole) {
    if (c == '_' || found) continue;
    --digits;
    if (c != '0') {
      position = digits;
      found = true;
    }
  }
  for (char c : parts.fraction) {
    if (c == '_' || found) continue;
    --digits;
    if (c != '0') {
      position = digits;
      found = true;
    }
  }
  return !found || position + parts.exponent < 0;
}

template <class Format, class Bits, class Float>
Number<Bits> parse_decimal_float(std::string_view text) {
  FloatText parts;
  if (!split_float(text, is_digit, 'e', &parts)) return {0, NumberError::syntax};
  std::string plain;  // without underscores
  const char* first = text.data();
  const char* last = first + text.size();
  if (text.find('_') != std::string_view::npos) {
    std::ranges::copy_if(text, std::back_inserter(plain), [](char c) { return c != '_'; });
    first = plain.data();
    last = first + plain.size();
  }
  // Read at its own width: rounding to double first would round a float twice.
  Float value = 0;
  std::errc error = std::from_chars(first, last, value).ec;
  if (error == std::errc::result_out_of_range) {
    if (!is_below_one(parts)) return {0, NumberError::range};
    value = 0;
  } else if (error != std::errc{}) {
    return {0, NumberError::syntax};
  }
  if (std::isinf(value)) return {0, NumberError::range};
  return {std::bit_cast<Bits>(value)};
}

template <class Bits, class Float>
Number<Bits> parse_float(std::string_view text) {
  using Format = FloatFormat<Bits, Float>;
  bool negative = take_sign(text);
  Number<Bits> result;
  if (text == "inf") {
    result = {Format::kInfinity};
  } else if (text == "nan") {
    result = {Format::kInfinity | Format::kQuiet};
  } else if (text.starts_with("nan:0x")) {
    Number<uint64_t> payload = parse_magnitude(text.substr(4));
    if (payload.error == NumberError::syntax) return {0, NumberError::syntax};
    if (!payload.ok() || payload.value == 0 || payload.value > Format::kMantissaMask) {
      return {0, NumberError::range};
    }
    result = {static_cast<Bits>(Format::kInfinity | payload.value)};
  } else if (text.starts_with("0x")) {
    result = parse_hex_float<Format, Bits>(text.substr(2));
  } else {
    result = parse_decimal_float<Format, Bits, Float>(text);
  }
  if (result.ok() && negative) result.value |= Bits{1} << (sizeof(Bits) * 8 - 1);
  return result;
}

template <class Bits, class Float>
void append_float(std::string& out, Bits bits) {
  using Format = FloatFormat<Bits, Float>;
  constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  if ((bits & kSign) != 0) out += '-';
  Bits magnitude = bits & ~kSign;
  if (magnitude == Format::kInfinity) {
    out += "inf";
    return;
  }
  char buffer[64];
  if (magnitude > Format::kInfinity) {
    Bits payload = magnitude & Format::kMantissaMask;
    out += "nan";
    if (payload == Format::kQuiet) return;
    std::snprintf(buffer, sizeof buffer, ":0x%llx", static_cast<unsigned long long>(payload));
    out += buffer;
    return;
  }
  char* end = std::to_chars(buffer, buffer + sizeof buffer, std::bit_cast<Float>(magnitude)).ptr;
  out.append(buffer, end);
}

}  // namespace

Number<uint64_t> parse_nat(std::string_view text, uint32_t bits) {
  Number<uint64_t> number = parse_magnitude(text);
  if (number.ok() && bits < 64 && number.value >> bits != 0) return {0, NumberError::range};
  return number;
}

Number<uint64_t> parse_int(std::string_view text, uint32_t bits) {
  bool has_sign = text.starts_with('-') || text.starts_with('+');
  bool negative = take_sign(text);
  Number<uint64_t> number = parse_magnitude(text);
  if (!number.ok()) return number;
  uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  uint64_t half = uint64_t{1} << (bits - 1);
  if (negative) {
    if (number.value > half) return {0, NumberError::range};
    return {(~number.value + 1) & mask};
  }
  // "+" makes it a signed literal.
  if (number.value > (has_sign ? half - 1 : mask)) return {0, NumberError::range};
  return number;
}

Number<uint32_t> parse_f32(std::string_view text) { return parse_float<uint32_t, float>(text); }
Number<uint64_t> parse_f64(std::string_view text) { return parse_float<uint64_t, double>(text); }

void append_f32(std::string& out, uint32_t bits) { append_float<uint32_t, float>(out, bits); }
void append_f64(std::string& out, uint64_t bits) { append_float<uint64_t, double>(out, bits); }

}  // namespace nacre::wasm::text
