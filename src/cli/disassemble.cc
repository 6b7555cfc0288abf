#include "cli/disassemble.h"

#include <memory>

#include "cli/handles.h"

#ifdef NACRE_CAPSTONE
#include <capstone/capstone.h>

// Capstone's table of processors names them all, and linking it statically would bring in 6 MB and
// double the time in which `nacre run` starts. What is defined here is not taken from the library.
extern "C" {
#define NACRE_NO_PROCESSOR(name)                           \
  cs_err name##_global_init(void*) { return CS_ERR_ARCH; } \
  cs_err name##_option(void*, cs_opt_type, size_t) { return CS_ERR_ARCH; }
NACRE_NO_PROCESSOR(AArch64)
NACRE_NO_PROCESSOR(ARM)
NACRE_NO_PROCESSOR(EVM)
NACRE_NO_PROCESSOR(M680X)
NACRE_NO_PROCESSOR(M68K)
NACRE_NO_PROCESSOR(Mips)
NACRE_NO_PROCESSOR(PPC)
NACRE_NO_PROCESSOR(Sparc)
NACRE_NO_PROCESSOR(SystemZ)
NACRE_NO_PROCESSOR(TMS320C64x)
NACRE_NO_PROCESSOR(XCore)
#undef NACRE_NO_PROCESSOR
}
#endif

namespace nacre::cli {

#ifdef NACRE_CAPSTONE
namespace {

class Capstone {
 public:
  Capstone() {
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle_) != CS_ERR_OK)
      throw Failure{"the disassembler could not be started"};
    cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    instruction_ = cs_malloc(handle_);
  }
  Capstone(const Capstone&) = delete;
  Capstone& operator=(const Capstone&) = delete;
  ~Capstone() {
    cs_free(instruction_, 1);
    cs_close(&handle_);
  }

  Disassembled one(const uint8_t* code, uint32_t begin, uint32_t end) {
    const uint8_t* p = code + begin;
    size_t size = end - begin;
    uint64_t address = begin;
    if (!cs_disasm_iter(handle_, &p, &size, &address, instruction_)) return {begin, 1, "(bad)", {}};
    Disassembled result{begin, instruction_->size, instruction_->mnemonic, {}};
    if (instruction_->op_str[0] != 0) result.text += std::string(" ") + instruction_->op_str;
    const cs_x86& detail = instruction_->detail->x86;
    for (uint8_t i = 0; i < detail.op_count; ++i) {
      const cs_x86_op& operand = detail.operands[i];
      if (operand.type != X86_OP_MEM || operand.mem.index != X86_REG_INVALID) continue;
      if (operand.mem.base == X86_REG_RIP) {
        int64_t after = int64_t{begin} + instruction_->size;
        result.memory.push_back({"", after + operand.mem.disp});
      } else if (operand.mem.base != X86_REG_INVALID) {
        result.memory.push_back({cs_reg_name(handle_, operand.mem.base), operand.mem.disp});
      }
    }
    return result;
  }

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
};

}  // namespace

std::vector<Disassembled> disassemble(const uint8_t* code, uint32_t begin, uint32_t end) {
  std::vector<Disassembled> lines;
  Capstone capstone;
  while (begin < end) {
    lines.push_back(capstone.one(code, begin, end));
    begin += lines.back().size;
  }
  return lines;
}
#else
std::vector<Disassembled> disassemble(const uint8_t*, uint32_t, uint32_t) {
  throw Failure{"this build has no disassembler; it is there on x86-64"};
}
#endif

}  // namespace nacre::cli
