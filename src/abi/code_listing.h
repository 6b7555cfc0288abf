// What a tier made of one function, for those who want to look at it: the machine code, and what
// each piece of it is for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "abi/trap.h"

namespace nacre::abi {

struct CodePiece {
  enum class Kind : uint8_t {
    entry,        // makes the frame and brings the arguments to their locals
    instruction,  // of an instruction; some have none, for their work was left to a later one
    trap,         // out of line: what an instruction jumps to when it traps
    trap_number,  // the byte behind the call of the trap stub; no code
    slow_path,    // out of line: what an instruction jumps to in cases that are seldom met
    constant,     // no code
    jump_table,   // no code: distances from the table, 4 bytes each
  };
  Kind kind = Kind::entry;
  TrapKind trap = TrapKind::none;  // kinds trap and trap_number
  uint32_t begin = 0;              // in CodeListing::code; it ends where the next one begins
  uint32_t body_offset = 0;        // of the instruction, from the first byte of the body
};

struct CodeListing {
  std::string processor;  // "x86-64"
  // The code calls through addresses beside it, so it runs only where the tier puts it.
  std::vector<uint8_t> code;
  std::vector<CodePiece> pieces;  // by rising begin
  uint32_t frame_bytes = 0;       // below the frame pointer

  // Where each local lives, parameters first: "rdi", "[rbp-24]", "rdi, in [rbp-24] during calls".
  std::vector<std::string> locals;

  // Slots beside the code that hold addresses of functions.
  struct Slot {
    int64_t offset = 0;  // from the first byte of the code
    uint32_t function = 0;
  };
  std::vector<Slot> slots;
  // Fields of the instance's record that code names by this register and an offset.
  struct Field {
    int64_t offset = 0;
    std::string name;
  };
  std::string context_register;
  std::vector<Field> fields;
};

}  // namespace nacre::abi
