// Machine code as text, instruction by instruction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nacre::cli {

// An operand in memory: what stands at `offset` from a register, or from the first byte of the code
// (no register).
struct MemoryOperand {
  std::string base;
  int64_t offset = 0;
};

struct Disassembled {
  uint32_t offset = 0;  // of its first byte
  uint32_t size = 0;
  std::string text;                   // "mov rax, qword ptr [r13 + 0x18]"
  std::vector<MemoryOperand> memory;  // those without an index
};

// Bytes [begin, end) of a function's code of this processor. A byte that begins no instruction is
// one of its own, with the text "(bad)". Throws a Failure if this build has no disassembler.
std::vector<Disassembled> disassemble(const uint8_t* code, uint32_t begin, uint32_t end);

}  // namespace nacre::cli
