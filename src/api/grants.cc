#include "api/grants.h"

#include <charconv>
#include <cstring>

#include "api/error.h"
#include "base/utf8.h"
#include "host/socket.h"
#include "os/environment.h"
#include "os/listen.h"

namespace nacre::api {
namespace {

constexpr std::string_view kReadOnly = ":ro";
constexpr std::string_view kSeparator = "::";

std::string quoted(std::string_view text) { return "\"" + printable(text) + "\""; }

}  // namespace

Result<DirGrant> parse_dir_grant(std::string_view text) {
  DirGrant grant;
  std::string_view rest = text;
  if (rest.ends_with(kReadOnly)) {
    grant.read_only = true;
    rest.remove_suffix(kReadOnly.size());
  }
  size_t separator = rest.find(kSeparator);
  grant.host = rest.substr(0, separator);
  grant.guest =
      separator == std::string_view::npos ? grant.host : rest.substr(separator + kSeparator.size());
  if (grant.host.empty() || grant.guest.empty()) {
    return fail(ErrorCode::usage,
                quoted(text) + " names no directory: write HOST, HOST::GUEST or HOST:ro");
  }
  if (!is_utf8(grant.guest)) {
    return fail(ErrorCode::usage,
                "the guest's name of " + quoted(text) + " is not UTF-8: give one with HOST::GUEST");
  }
  return grant;
}

Result<ListenGrant> parse_listen_grant(std::string_view text) {
  size_t colon = text.rfind(':');
  ListenGrant grant;
  bool ok = colon != std::string_view::npos && colon != 0;
  if (ok) {
    std::string_view address = text.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']')) {
      address = address.substr(1, address.size() - 2);
    }
    grant.address = address;
    std::string_view port = text.substr(colon + 1);
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), grant.port);
    ok = !port.empty() && error == std::errc{} && end == port.data() + port.size();
  }
  if (!ok) {
    return fail(ErrorCode::usage,
                quoted(text) + " is no address: write ADDR:PORT, such as 127.0.0.1:8080");
  }
  return grant;
}

Result<void> Grants::add_variable(std::string_view text) {
  size_t equals = text.find('=');
  std::string name(text.substr(0, equals));
  if (name.empty()) return fail(ErrorCode::usage, quoted(text) + " has no name: NAME[=VALUE]");
  if (equals != std::string_view::npos) {
    variables_.emplace_back(std::move(name), text.substr(equals + 1));
    return {};
  }
  std::optional<std::string> own = os::environment_variable(name);
  if (!own) {
    return fail(ErrorCode::usage,
                quoted(name) + " is not set here: set it, or give it with NAME=VALUE");
  }
  variables_.emplace_back(std::move(name), *own);
  return {};
}

Result<void> Grants::add(std::string_view kind, std::optional<std::string_view> value) {
  bool needs_value = kind == "dir" || kind == "env" || kind == "listen";
  if (needs_value && !value) {
    return fail(ErrorCode::usage, "the grant " + quoted(kind) + " needs a value");
  }
  if (kind == "dir") {
    dirs_.push_back(TRY(parse_dir_grant(*value)));
  } else if (kind == "env") {
    TRY(add_variable(*value));
  } else if (kind == "listen") {
    listeners_.push_back(TRY(parse_listen_grant(*value)));
  } else if (kind == "no-stdin") {
    stdin_ = false;
  } else if (kind == "no-clock") {
    clock_ = false;
  } else if (kind == "no-random") {
    random_ = false;
  } else if (kind == "deny-all") {
    stdin_ = clock_ = random_ = false;
  } else if (kind == "allow-all") {
    // wasi-libc resolves relative paths against the preopen ".".
    dirs_.push_back({"/", "/", false});
    dirs_.push_back({".", ".", false});
    for (auto& [name, text] : os::environment()) {
      if (is_utf8(name) && is_utf8(text)) variables_.emplace_back(name, text);
    }
  } else {
    return fail(ErrorCode::usage, "there is no grant of the kind " + quoted(kind));
  }
  return {};
}

Result<wasi::p1::Config> Grants::make_config() const {
  wasi::p1::Config config;
  config.arguments(arguments_);
  for (const auto& [name, value] : variables_) config.variable(name, value);
  config.inherit_stdio();
  if (!stdin_) config.standard_input(nullptr);
  if (!clock_) config.clock(nullptr);
  if (!random_) config.random(nullptr);
  for (const DirGrant& dir : dirs_) {
    auto opened =
        config.preopen(dir.host, dir.guest, dir.read_only ? host::Rights::read : host::Rights::all);
    if (!opened) {
      return fail(ErrorCode::io, "--dir " + quoted(dir.host) + ": " +
                                     std::string(host::errno_text(opened.error())));
    }
  }
  for (const ListenGrant& listener : listeners_) {
    std::string name = listener.address + ":" + std::to_string(listener.port);
    auto fd = os::listen_tcp(listener.address, listener.port);
    if (!fd) return fail(ErrorCode::io, "--listen " + quoted(name) + ": " + strerror(fd.error()));
    auto socket = host::make_real_socket(std::move(*fd), config.grant(name));
    if (!socket) {
      return fail(ErrorCode::io, "--listen " + quoted(name) + ": " +
                                     std::string(host::errno_text(socket.error())));
    }
    config.socket(std::move(*socket));
  }
  return config;
}

std::string describe_denial(const host::Denial& denial) {
  std::string text =
      "denied: " + std::string(host::wanted_right(denial.action)) + " " + quoted(denial.path);
  text += denial.read_only
              ? ": the directory was granted for reading only; leave out :ro to allow it"
              : ": it leads outside of what was granted; --dir grants a directory";
  if (denial.count > 1) text += " (" + std::to_string(denial.count) + " times)";
  return text;
}

}  // namespace nacre::api

nacre_grants_t* nacre_grants_new(void) { return new nacre_grants; }
void nacre_grants_delete(nacre_grants_t* grants) { delete grants; }

void nacre_grants_add_arg(nacre_grants_t* grants, const char* arg) {
  grants->grants.add_argument(arg);
}

nacre_error_t* nacre_grants_add(nacre_grants_t* grants, const char* kind, const char* value) {
  std::optional<std::string_view> text;
  if (value != nullptr) text = value;
  API_TRY(grants->grants.add(kind, text));
  return nullptr;
}
