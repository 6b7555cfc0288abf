// Specification scripts (.wast): the commands of a file, parsed but not run.
//
// The modules inside are not parsed here: a script must survive the modules that it asserts to be
// malformed. Their text is a view into the script's source, which must outlive the commands. The
// grammar is that of the reference interpreter's README, with the thread commands of the threads
// proposal.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace nacre::wasm {

// An argument, or what a result must match.
struct ScriptValue {
  enum class Kind : uint8_t {
    number,     // i32, i64, f32, f64, v128: `bits`, except where `nan` is more liberal
    null,       // a null reference, of `heap` if given
    any_ref,    // a non-null reference of `heap` if given: (ref.func), (ref.struct), (ref)
    external,   // (ref.extern N)
    host,       // (ref.host N): the same reference, internalized
    either,     // one of `alternatives`
    component,  // of a function of a component: not looked into
  };
  enum class Nan : uint8_t { none, canonical, arithmetic };

  Kind kind = Kind::number;
  ValType type;                    // number
  std::array<uint8_t, 16> bits{};  // number, in the low bytes
  uint8_t lane_bytes = 0;          // v128: bytes of a lane
  bool float_lanes = false;        // v128: f32x4 or f64x2
  std::array<Nan, 4> nan{};        // by lane; a scalar is lane 0
  std::optional<HeapType> heap;    // null, any_ref; never concrete
  uint64_t number = 0;             // external, host
  std::vector<ScriptValue> alternatives;
};

struct ScriptModule {
  enum class Form : uint8_t { text, binary, quote };
  Form form = Form::text;
  bool is_component = false;  // then wasm does not load it
  std::string_view id;        // "$M", or empty
  std::string_view text;  // form text: the module, or only its fields; of a component id and fields
  std::string_view script;  // form text: the whole that `text` is part of, for places in errors
  std::string content;      // binary: the bytes; quote: the text
  bool definition = false;  // (module definition ...): not instantiated
};

struct Action {
  enum class Kind : uint8_t { invoke, get };
  Kind kind = Kind::invoke;
  std::string_view module_id;  // empty: the current module
  std::string name;
  std::vector<ScriptValue> args;
};

struct Command {
  enum class Kind : uint8_t {
    module,
    instance,  // (module instance id? definition?), or of a component
    register_,
    action,
    assert_return,
    assert_trap,
    assert_exhaustion,
    assert_exception,
    assert_suspension,
    assert_module_trap,  // (assert_trap (module ...) "..."): instantiation traps
    assert_invalid,
    assert_malformed,
    assert_unlinkable,
    assert_malformed_custom,
    assert_invalid_custom,
    thread,
    wait,
  };

  Kind kind = Kind::module;
  uint32_t line = 0;
  ScriptModule module;
  Action action;
  std::vector<ScriptValue> results;  // assert_return
  std::string message;               // of assertions: a prefix of the reference interpreter's
  std::string name;                  // register_: the module name for imports
  std::string_view id;         // register_, instance, thread, wait: what it concerns; may be empty
  std::string_view source_id;  // instance: the definition; thread: the shared module
  std::vector<Command> commands;  // thread
};

// Whether the command counts as an assertion.
bool is_assertion(Command::Kind kind);

Result<std::vector<Command>> parse_script(std::string_view source);

// Decodes or parses a module of a script; not validated. Places in errors are those of the script,
// or of the quoted text.
Result<Module> load_module(const ScriptModule& module, Features features);
// The same as bytes in the binary format; those of (module binary ...) stay as they are.
Result<std::vector<uint8_t>> to_binary(const ScriptModule& module, Features features);

}  // namespace nacre::wasm
