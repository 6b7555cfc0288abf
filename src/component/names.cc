#include "component/names.h"

#include <algorithm>

#include "base/checked.h"
#include "base/utf8.h"

namespace nacre::component {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string quoted(std::string_view text) { return "`" + printable(text) + "`"; }

std::unexpected<Error> invalid(std::string message, const std::optional<Location>& where) {
  if (where) return fail(ErrorCode::invalid, std::move(message), *where);
  return fail(ErrorCode::invalid, std::move(message));
}

// What stands before the first `separator`; nothing if there is none. `rest` is what follows it.
std::optional<std::string_view> take_until(std::string_view& rest, char separator) {
  size_t at = rest.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return part;
}

// Parses one version; each step says what it did not find.
class VersionParser {
 public:
  VersionParser(std::string_view text, const std::optional<Location>& where)
      : text_(text), rest_(text), where_(where) {}

  Result<Version> parse() {
    if (text_.empty()) return wrong("empty string, expected a version");
    if (text_.size() > kMaxNameBytes) return wrong("the version is too long");
    Version version;
    version.major = TRY(number("major"));
    TRY(dot("major"));
    version.minor = TRY(number("minor"));
    TRY(dot("minor"));
    version.patch = TRY(number("patch"));
    if (take('-')) version.prerelease = TRY(identifiers("prerelease", /*leading_zero=*/false));
    if (take('+')) version.build = TRY(identifiers("build", /*leading_zero=*/true));
    if (!rest_.empty()) return unexpected("after the version");
    return version;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Result<uint64_t> number(std::string_view part) {
    size_t digits = 0;
    uint64_t value = 0;
    while (digits < rest_.size() && is_digit(rest_[digits])) {
      uint64_t digit = static_cast<uint64_t>(rest_[digits] - '0');
      std::optional<uint64_t> tens = checked_mul<uint64_t>(value, 10);
      std::optional<uint64_t> sum = tens ? checked_add(*tens, digit) : std::nullopt;
      if (!sum) return wrong("the " + std::string(part) + " number is too large");
      value = *sum;
      ++digits;
    }
    if (digits == 0) return unexpected("in the " + std::string(part) + " number");
    if (digits > 1 && rest_[0] == '0') {
      return wrong("the " + std::string(part) + " number begins with a zero");
    }
    rest_.remove_prefix(digits);
    return value;
  }

  Result<void> dot(std::string_view part) {
    if (!take('.')) return unexpected("after the " + std::string(part) + " number");
    return {};
  }

  // Identifiers of letters, digits and hyphens, with dots between them.
  Result<std::string_view> identifiers(std::string_view part, bool leading_zero) {
    size_t end = std::min(rest_.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz"
                                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ-."),
                          rest_.size());
    std::string_view all = rest_.substr(0, end);
    for (std::string_view left = all;;) {
      size_t stop = left.find('.');
      std::string_view one = left.substr(0, stop);
      if (one.empty()) return wrong("empty identifier segment in the " + std::string(part));
      bool is_number = std::ranges::all_of(one, is_digit);
      if (is_number && !leading_zero && one.size() > 1 && one[0] == '0') {
        return wrong("a number of the " + std::string(part) + " begins with a zero");
      }
      if (stop == std::string_view::npos) break;
      left.remove_prefix(stop + 1);
    }
    rest_.remove_prefix(end);
    return all;
  }

  std::unexpected<Error> unexpected(const std::string& place) const {
    if (rest_.empty()) return wrong("unexpected end of input " + place);
    return wrong("unexpected character '" + printable(rest_.substr(0, 1)) + "' " + place);
  }
  std::unexpected<Error> wrong(const std::string& what) const {
    return invalid("`" + printable(text_) + "` is not a valid version: " + what, where_);
  }

  std::string_view text_;
  std::string_view rest_;
  const std::optional<Location>& where_;
};

int compare_numbers(uint64_t a, uint64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

// Numbers come before words and are compared by value, words by their characters.
int compare_identifiers(std::string_view a, std::string_view b) {
  bool a_is_number = std::ranges::all_of(a, is_digit);
  bool b_is_number = std::ranges::all_of(b, is_digit);
  if (a_is_number != b_is_number) return a_is_number ? -1 : 1;
  if (a_is_number && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int compare_prereleases(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty() ? 0 : a.empty() ? 1 : -1;
  while (true) {
    size_t a_end = a.find('.');
    size_t b_end = b.find('.');
    int order = compare_identifiers(a.substr(0, a_end), b.substr(0, b_end));
    if (order != 0) return order;
    bool a_is_last = a_end == std::string_view::npos;
    bool b_is_last = b_end == std::string_view::npos;
    if (a_is_last || b_is_last) return a_is_last == b_is_last ? 0 : a_is_last ? -1 : 1;
    a.remove_prefix(a_end + 1);
    b.remove_prefix(b_end + 1);
  }
}

class NameParser {
 public:
  NameParser(std::string_view text, const std::optional<Location>& where) : where_(where) {
    name_.text = text;
  }

  Result<ExternName> parse() {
    std::string_view text = name_.text;
    if (text.size() > kMaxNameBytes) {
      return fail(ErrorCode::limit,
                  "a name is longer than " + std::to_string(kMaxNameBytes) + " bytes",
                  where_.value_or(Location{}));
    }
    if (take_prefix(text, "[constructor]")) {
      name_.kind = ExternName::Kind::constructor;
      name_.resource = TRY(label(text));
    } else if (take_prefix(text, "[method]")) {
      TRY(member(ExternName::Kind::method, text));
    } else if (take_prefix(text, "[static]")) {
      TRY(member(ExternName::Kind::static_, text));
    } else if (text.find(':') != std::string_view::npos) {
      TRY(interface(text));
    } else {
      name_.label = TRY(label(text));
    }
    return name_;
  }

 private:
  static bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
  }

  Result<std::string_view> label(std::string_view text) {
    if (!is_label(text)) return wrong(quoted(text) + " is not in kebab case");
    return text;
  }

  Result<std::string_view> lower_label(std::string_view text, std::string_view what) {
    TRY(label(text));
    if (!is_lower_label(text)) {
      return wrong("the " + std::string(what) + " " + quoted(text) + " has upper case letters");
    }
    return text;
  }

  Result<void> member(ExternName::Kind kind, std::string_view rest) {
    name_.kind = kind;
    std::optional<std::string_view> resource = take_until(rest, '.');
    if (!resource) return wrong("failed to find `.` character between resource and function");
    name_.resource = TRY(label(*resource));
    name_.label = TRY(label(rest));
    return {};
  }

  Result<void> interface(std::string_view rest) {
    name_.kind = ExternName::Kind::interface;
    name_.name_space = TRY(lower_label(*take_until(rest, ':'), "namespace"));
    std::optional<std::string_view> package = take_until(rest, '/');
    if (!package || package->find(':') != std::string_view::npos) {
      // A package alone is no name; what stands before the slash must be one label.
      std::string_view first = rest.substr(0, rest.find_first_of(":@/"));
      if (!package) TRY(label(first));
      return wrong("expected `/` after package name");
    }
    name_.package = TRY(lower_label(*package, "package"));
    std::optional<std::string_view> before_version = take_until(rest, '@');
    std::string_view last = before_version.value_or(rest);
    if (size_t slash = last.find('/'); slash != std::string_view::npos) {
      return wrong("trailing characters found: " + quoted(last.substr(slash)));
    }
    name_.label = TRY(label(last));
    if (before_version) name_.version = TRY(parse_version(rest, where_));
    return {};
  }

  std::unexpected<Error> wrong(const std::string& what) const {
    return invalid(quoted(name_.text) + " is not a valid extern name: " + what, where_);
  }

  ExternName name_;
  const std::optional<Location>& where_;
};

}  // namespace

bool is_label(std::string_view text) {
  if (text.empty() || is_digit(text[0])) return false;
  bool has_lower = false;
  bool has_upper = false;
  bool is_empty_word = true;
  for (char c : text) {
    if (c == '-') {
      if (is_empty_word) return false;
      has_lower = has_upper = false;
      is_empty_word = true;
      continue;
    }
    has_lower |= is_lower(c);
    has_upper |= is_upper(c);
    if ((has_lower && has_upper) || (!is_lower(c) && !is_upper(c) && !is_digit(c))) return false;
    is_empty_word = false;
  }
  return !is_empty_word;
}

bool is_lower_label(std::string_view text) {
  return is_label(text) && std::ranges::none_of(text, is_upper);
}

std::string fold_case(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

Result<Version> parse_version(std::string_view text, std::optional<Location> where) {
  return VersionParser(text, where).parse();
}

std::string to_string(const Version& version) {
  std::string text = std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
                     std::to_string(version.patch);
  if (!version.prerelease.empty()) text.append("-").append(version.prerelease);
  if (!version.build.empty()) text.append("+").append(version.build);
  return text;
}

int compare(const Version& a, const Version& b) {
  if (int order = compare_numbers(a.major, b.major)) return order;
  if (int order = compare_numbers(a.minor, b.minor)) return order;
  if (int order = compare_numbers(a.patch, b.patch)) return order;
  return compare_prereleases(a.prerelease, b.prerelease);
}

std::string track(const Version& version) {
  if (!version.prerelease.empty()) return to_string(version);
  if (version.major != 0) return std::to_string(version.major);
  if (version.minor != 0) return "0." + std::to_string(version.minor);
  return "0.0." + std::to_string(version.patch);
}

Result<ExternName> parse_extern_name(std::string_view text, std::optional<Location> where) {
  return NameParser(text, where).parse();
}

std::string uniqueness_key(const ExternName& name) {
  switch (name.kind) {
    case ExternName::Kind::label:
      break;
    case ExternName::Kind::constructor:
      return fold_case(name.text);
    case ExternName::Kind::method:
    case ExternName::Kind::static_: {
      std::string resource = fold_case(name.resource);
      std::string label = fold_case(name.label);
      return resource == label ? label : resource + "." + label;
    }
    case ExternName::Kind::interface:
      break;
  }
  return fold_case(name.text);
}

std::string track_key(const ExternName& name) {
  if (!name.is_interface() || !name.version) return std::string(name.text);
  std::string key(name.name_space);
  key.append(":").append(name.package).append("/").append(name.label);
  return key + "@" + track(*name.version);
}

}  // namespace nacre::component
