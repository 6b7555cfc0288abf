// What a guest may do, as the user said it. One small language for flags, the C API and, later,
// prompts and policy files; here it becomes the capability objects of a WASI configuration.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "nacre/nacre.h"
#include "wasi/p1/config.h"

namespace nacre::api {

struct DirGrant {
  std::string host;
  std::string guest;
  bool read_only = false;
};

// "HOST[::GUEST][:ro]"
Result<DirGrant> parse_dir_grant(std::string_view text);

struct ListenGrant {
  std::string address;
  uint16_t port = 0;
};

// "ADDR:PORT", "[ADDR6]:PORT"
Result<ListenGrant> parse_listen_grant(std::string_view text);

class Grants {
 public:
  void add_argument(std::string argument) { arguments_.push_back(std::move(argument)); }
  // One grant in the words of the command line, see nacre_grants_add.
  Result<void> add(std::string_view kind, std::optional<std::string_view> value);

  // Opens what was granted. Errors name the directory or address and what the system said.
  Result<wasi::p1::Config> make_config() const;

 private:
  Result<void> add_variable(std::string_view text);
  void set_variable(std::string name, std::string value);

  std::vector<std::string> arguments_;
  std::vector<std::pair<std::string, std::string>> variables_;
  std::vector<DirGrant> dirs_;
  std::vector<ListenGrant> listeners_;
  bool stdin_ = true;
  bool clock_ = true;
  bool random_ = true;
};

// One line for people: what the guest wanted and which flag would have allowed it.
std::string describe_denial(const host::Denial& denial);

}  // namespace nacre::api

struct nacre_grants {
  nacre::api::Grants grants;
};
