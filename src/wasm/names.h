// Custom sections that Nacre reads: "name" (specification 3.0, appendix B.3.2), "producers"
// (tool conventions) and "metadata.code.branch_hint" (branch hinting).
//
// Decoded names are views into the payload, encoded ones into what the caller keeps alive. These
// sections never decide whether a module is valid: ordinary users take the lenient forms, for which
// a broken section is an absent one; the strict forms serve specification scripts and tools.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace nacre::wasm {

inline constexpr std::string_view kNameSection = "name";
inline constexpr std::string_view kProducersSection = "producers";
inline constexpr std::string_view kBranchHintSection = "metadata.code.branch_hint";

struct NameAssoc {
  uint32_t index = 0;
  std::string_view name;
  friend bool operator==(const NameAssoc&, const NameAssoc&) = default;
};
// By rising index, each index at most once.
using NameMap = std::vector<NameAssoc>;

// Names inside something: the locals and labels of a function, the fields of a type.
struct IndirectNameAssoc {
  uint32_t index = 0;
  NameMap names;
  friend bool operator==(const IndirectNameAssoc&, const IndirectNameAssoc&) = default;
};
using IndirectNameMap = std::vector<IndirectNameAssoc>;

struct NameSection {
  std::optional<std::string_view> module;
  NameMap functions;
  IndirectNameMap locals;  // by function; parameters first
  IndirectNameMap labels;  // by function; numbered by the order of their block instructions
  NameMap types;
  NameMap tables;
  NameMap memories;
  NameMap globals;
  NameMap elements;
  NameMap data;
  IndirectNameMap fields;  // by type
  NameMap tags;

  bool empty() const;
  friend bool operator==(const NameSection&, const NameSection&) = default;
};

// The name at `index`, if there is one; the map must be sorted.
std::optional<std::string_view> find_name(const NameMap& names, uint32_t index);
const NameMap* find_names(const IndirectNameMap& names, uint32_t index);

// Strict: subsections in order and once each, indices rising, names UTF-8, no bytes left over.
// Subsections of unknown ids are skipped. `offset`: of the payload in the module, for errors.
Result<NameSection> decode_names(Bytes payload, uint64_t offset);
// Lenient: the module's first name section, or as much of it as precedes its first error.
NameSection module_names(const Module& module);
// The payload of a name section; subsections without names are left out.
std::vector<uint8_t> encode_names(const NameSection& names);

// Names of functions for backtraces: reads the one subsection it needs, at the first look-up. May
// be used from any thread. The module's bytes must outlive it.
class FunctionNames {
 public:
  explicit FunctionNames(const Module& module);
  // The name in the name section, else that of an export or import, else nothing.
  std::optional<std::string_view> find(uint32_t function) const;
  // The same to be shown: printable, and "func[12]" without a name.
  std::string show(uint32_t function) const;

 private:
  void load() const;

  const Module& module_;
  mutable std::once_flag loaded_;
  mutable NameMap names_;
};

// Which languages, compilers and SDKs made a module.
struct Producer {
  std::string_view name;
  std::string_view version;
  friend bool operator==(const Producer&, const Producer&) = default;
};
struct ProducerField {
  std::string_view field;  // "language", "processed-by", "sdk"
  std::vector<Producer> values;
  friend bool operator==(const ProducerField&, const ProducerField&) = default;
};
Result<std::vector<ProducerField>> decode_producers(Bytes payload, uint64_t offset);

struct BranchHint {
  uint32_t offset = 0;  // of the if or br_if, from the start of the function's locals
  bool likely = false;
  friend bool operator==(const BranchHint&, const BranchHint&) = default;
};
struct FunctionBranchHints {
  uint32_t function = 0;
  std::vector<BranchHint> hints;  // by rising offset
  friend bool operator==(const FunctionBranchHints&, const FunctionBranchHints&) = default;
};
using BranchHints = std::vector<FunctionBranchHints>;  // by rising function index

Result<BranchHints> decode_branch_hints(Bytes payload, uint64_t offset);
std::vector<uint8_t> encode_branch_hints(const BranchHints& hints);
// Checks that every hint belongs to a defined function and stands at an if or br_if of it. The
// module must be valid; `features` are those it was validated with.
Result<void> check_branch_hints(const Module& module, const BranchHints& hints, Features features);

}  // namespace nacre::wasm
