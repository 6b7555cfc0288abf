#include "grant/rule.h"

#include <charconv>

#include "base/checked.h"
#include "base/utf8.h"

namespace nacre::grant {
namespace {

constexpr size_t kMaxValue = 16 * 1024;

std::unexpected<Error> wrong(std::string_view value, std::string_view why) {
  return fail(ErrorCode::usage, "\"" + printable(value) + "\" " + std::string(why));
}

// A colon that a backslash stands before belongs to a name.
bool is_escaped(std::string_view text, size_t at) { return at != 0 && text[at - 1] == '\\'; }

size_t find_separator(std::string_view text) {
  size_t at = text.find("::");
  while (at != std::string_view::npos && is_escaped(text, at)) at = text.find("::", at + 1);
  return at;
}

std::string unescaped(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\\:")) ++i;
    result += text[i];
  }
  return result;
}

// A name that unescaped() gives back, whatever follows it.
std::string escaped(std::string_view name) {
  size_t colon = name.rfind(':');
  bool plain = colon == std::string_view::npos ||
               (name.find("::") == std::string_view::npos && name.front() != ':' &&
                colon + 1 != name.size() && name.find("\\:") == std::string_view::npos &&
                !parse_rights(name.substr(colon + 1)));
  if (plain) return std::string(name);
  std::string result;
  for (char c : name) {
    if (c == ':') result += '\\';
    result += c;
  }
  return result;
}

Result<void> parse_path(Rule& rule, std::string_view value, const Place& place) {
  std::string_view rest = value;
  size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && !is_escaped(rest, colon)) {
    if (auto rights = parse_rights(rest.substr(colon + 1))) {
      if (!rule.allow && rest.substr(colon) == ":ro") {
        return wrong(value, "is unclear as something denied: deny :write+create, or :read");
      }
      rule.rights = *rights;
      rest = rest.substr(0, colon);
    }
  }
  size_t separator = find_separator(rest);
  rule.given = unescaped(rest.substr(0, separator));
  if (separator != std::string_view::npos) {
    rule.guest = unescaped(rest.substr(separator + 2));
    if (rule.guest.empty() || rule.kind != Kind::dir || !rule.allow) {
      return wrong(value, "has ::, which only stands between a granted directory's two names");
    }
  }
  if (rule.guest.ends_with('\\'))
    return wrong(value, "ends in a backslash, as no guest's name may");
  if (rule.given.empty()) return wrong(value, "names no path: write HOST, HOST::GUEST or HOST:ro");
  std::string_view host = rule.given;
  std::string from_home;
  if (host == "~" || host.starts_with("~/")) {
    if (place.home.empty()) return wrong(value, "begins with ~, but HOME is not set");
    from_home = place.home + std::string(host.substr(1));
    rule.given = from_home;
  }
  std::string_view guest_name = rule.guest.empty() ? std::string_view(rule.given) : rule.guest;
  if (!is_utf8(guest_name)) {
    return wrong(value, "is not UTF-8, as guests need it: give it another name with HOST::GUEST");
  }
  if (value.find('\0') != std::string_view::npos) return wrong(value, "has a NUL in it");
  Way way = place.way_of(rule.given, place.directory);
  rule.path = std::move(way.end);
  if (!rule.allow) rule.links = std::move(way.links);
  return {};
}

Result<void> parse_variable(Rule& rule, std::string_view value) {
  size_t equals = value.find('=');
  rule.name = value.substr(0, equals);
  if (equals != std::string_view::npos) rule.value = value.substr(equals + 1);
  if (rule.name.empty()) return wrong(value, "has no name: NAME[=VALUE]");
  if (value.find('\0') != std::string_view::npos) return wrong(value, "has a NUL in it");
  if (rule.value && !rule.allow) return wrong(value, "has a value: what is denied is only named");
  size_t star = rule.name.find('*');
  if (star == std::string::npos) return {};
  bool at_end = star == 0 || star + 1 == rule.name.size();
  if (!at_end || rule.name.find('*', star + 1) != std::string::npos) {
    return wrong(value, "has * elsewhere than at one end");
  }
  if (rule.value) return wrong(value, "gives many variables one value");
  return {};
}

struct Unit {
  std::string_view name;
  uint64_t factor;
};
constexpr Unit kSizes[] = {{"", 1},
                           {"K", uint64_t{1} << 10},
                           {"M", uint64_t{1} << 20},
                           {"G", uint64_t{1} << 30},
                           {"T", uint64_t{1} << 40},
                           {"P", uint64_t{1} << 50},
                           {"E", uint64_t{1} << 60}};
constexpr Unit kTimes[] = {
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr Unit kCounts[] = {{"", 1}};

std::span<const Unit> units_of(Shape shape) {
  if (shape == Shape::size) return kSizes;
  if (shape == Shape::duration) return kTimes;
  return kCounts;
}

// How else people write a unit of size: "g", "GB", "GiB" are all G. All are powers of 1024.
std::string_view plain_unit(std::string_view unit, Shape shape, char (&buffer)[1]) {
  if (shape != Shape::size || unit.empty()) return unit;
  std::string_view rest = unit.substr(1);
  if (rest != "" && rest != "B" && rest != "b" && rest != "iB" && rest != "ib") return unit;
  buffer[0] = unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
  bool is_bytes = buffer[0] == 'B' && rest.empty();
  return is_bytes ? std::string_view() : std::string_view(buffer, 1);
}

Result<void> parse_amount(Rule& rule, std::string_view value, Shape shape) {
  if (!rule.allow) return wrong(value, "is a limit: it stands among what is allowed");
  uint64_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  std::string_view unit = value.substr(static_cast<size_t>(end - value.data()));
  char buffer[1];
  unit = plain_unit(unit, shape, buffer);
  if (error == std::errc::result_out_of_range) {
    return wrong(value, "is not a possible limit: a limit is less than 2^64");
  }
  for (const Unit& row : units_of(shape)) {
    if (error != std::errc{} || row.name != unit) continue;
    auto amount = checked_mul(number, row.factor);
    if (!amount) return wrong(value, "is not a possible limit: a limit is less than 2^64");
    if (*amount == 0) return wrong(value, "is not a possible limit");
    rule.amount = *amount;
    return {};
  }
  return wrong(value, shape == Shape::size ? "is not a size: write a number with K, M, G, T, P or E"
                      : shape == Shape::duration
                          ? "is not a time: write a number with ms, s, m or h"
                          : "is not a number");
}

std::string amount_text(uint64_t amount, Shape shape) {
  std::string text;
  for (const Unit& unit : units_of(shape)) {
    if (amount % unit.factor == 0) {
      text = std::to_string(amount / unit.factor) + std::string(unit.name);
    }
  }
  return text;
}

}  // namespace

Result<Rule> parse_rule(Kind kind, std::optional<std::string_view> value, bool allow,
                        const Place& place) {
  const KindInfo& info = info_of(kind);
  Rule rule;
  rule.kind = kind;
  rule.allow = allow;
  if (info.shape == Shape::on_off) {
    if (value)
      return wrong(*value, "is given to " + std::string(info.name) + ", which takes no value");
    return rule;
  }
  if (!value) {
    return fail(ErrorCode::usage,
                std::string(info.name) + " needs a value: " + std::string(info.form));
  }
  if (value->size() > kMaxValue) return wrong(value->substr(0, 40), "... is too long");
  switch (info.shape) {
    case Shape::path:
      TRY(parse_path(rule, *value, place));
      break;
    case Shape::variable:
      TRY(parse_variable(rule, *value));
      break;
    case Shape::endpoint:
    case Shape::host:
      rule.endpoint = TRY(info.shape == Shape::host ? EndpointPattern::parse_host(*value)
                                                    : EndpointPattern::parse(*value));
      rule.endpoint_text = *value;
      if (kind == Kind::listen && allow && !rule.endpoint.is_single()) {
        return wrong(*value, "is not an address: write ADDR:PORT, such as 127.0.0.1:8080");
      }
      break;
    case Shape::count:
    case Shape::size:
    case Shape::duration:
      TRY(parse_amount(rule, *value, info.shape));
      break;
    case Shape::on_off:
      break;
  }
  return rule;
}

namespace {

// A path with its rights, spelt so that parse_path reads it back.
std::string path_text(const Rule& rule, std::string_view path) {
  std::string text = escaped(path);
  if (text.ends_with('\\')) text += "/.";  // so that it is before no colon
  if (!rule.guest.empty()) text += "::" + escaped(rule.guest);
  if (rule.rights == Rights::all) {
    size_t colon = text.rfind(':');
    bool like_rights = colon != std::string::npos && !is_escaped(text, colon) &&
                       parse_rights(text.substr(colon + 1));
    return like_rights ? text + ":" + rights_text(rule.rights) : text;
  }
  if (rule.rights == Rights::read && rule.allow) return text + ":ro";
  return text + ":" + rights_text(rule.rights);
}

}  // namespace

std::string value_text(const Rule& rule) {
  switch (info_of(rule.kind).shape) {
    case Shape::path:
      return path_text(rule, rule.path);
    case Shape::variable:
      return rule.value ? rule.name + "=" + *rule.value : rule.name;
    case Shape::endpoint:
    case Shape::host:
      return rule.endpoint_text;
    case Shape::on_off:
      return "";
    default:
      return amount_text(rule.amount, info_of(rule.kind).shape);
  }
}

namespace {

// With `directory` taken off the front of paths below it.
std::string value_text(const Rule& rule, std::string_view directory) {
  bool below =
      rule.is_path() && !directory.empty() && directory != "/" && is_beneath(rule.path, directory);
  if (!below) return value_text(rule);
  std::string_view rest = std::string_view(rule.path).substr(directory.size());
  return path_text(rule, rest.empty() ? "." : rest.substr(1));
}

// $'...', in which a shell reads what would not show: control characters, bytes that are no text.
std::string escaped_word(std::string_view text) {
  std::string word = "$'";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      word += {'\\', c};
    } else if (byte >= 0x20 && byte < 0x7f) {
      word += c;
    } else {
      constexpr std::string_view kOctal = "01234567";
      word += {'\\', kOctal[byte >> 6], kOctal[(byte >> 3) & 7], kOctal[byte & 7]};
    }
  }
  return word + "'";
}

}  // namespace

std::string shell_text(const Rule& rule, std::string_view directory) {
  std::string flag = "--" + std::string(info_of(rule.kind).name);
  // The directory itself stays absolute: a guest that was given "." sees no "/".
  bool is_here = rule.is_path() && rule.path == directory;
  std::string value = is_here ? value_text(rule) : value_text(rule, directory);
  if (value.empty()) return flag;
  // Neither an option nor the home.
  if (rule.is_path() && (value.front() == '-' || value.front() == '~')) value.insert(0, "./");
  if (!is_printable(value)) return flag + " " + escaped_word(value);
  bool plain = value.find_first_of(" '\"\\$`*?[]{}()<>|&;#!~^=%") == std::string::npos;
  if (plain) return flag + " " + value;
  std::string quoted;
  for (char c : value) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return flag + " '" + quoted + "'";
}

std::string flag_text(const Rule& rule, std::string_view directory) {
  std::string flag = "--" + std::string(info_of(rule.kind).name);
  std::string value = value_text(rule, directory);
  if (value.empty()) return flag;
  // As a shell would have to be given it.
  bool plain = value.find_first_of(" \t'\"\\$`*?[]{}()<>|&;#!~\n") == std::string::npos;
  if (plain) return flag + " " + value;
  std::string quoted;
  for (char c : value) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return flag + " '" + quoted + "'";
}

bool matches_name(const Rule& rule, std::string_view name) {
  std::string_view pattern = rule.name;
  if (pattern == "*") return true;
  if (pattern.starts_with('*')) return name.ends_with(pattern.substr(1));
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return name == pattern;
}

}  // namespace nacre::grant
