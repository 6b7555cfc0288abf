// The assembler's bytes as another program reads them: objdump, where it is installed.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "native/x64/assembler.h"
#include "native/x64/test_machine.h"

namespace nacre::native::x64 {
namespace {

constexpr const char* kNames64[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
constexpr const char* kNames32[] = {"eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi",
                                    "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};

std::string text(Width w, Gpr reg) { return (w == Width::w64 ? kNames64 : kNames32)[number(reg)]; }
std::string text(Xmm reg) { return "xmm" + std::to_string(number(reg)); }
std::string hex(uint64_t value) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(value));
  return digits;
}
// As objdump writes it in Intel's syntax.
std::string text(const char* size, Mem mem) {
  std::string inside = text(Width::w64, mem.base);
  if (mem.index != Gpr::rsp)
    inside += "+" + text(Width::w64, mem.index) + "*" + std::to_string(1 << mem.scale_log2);
  bool needs_disp = (number(mem.base) & 7) == 5;
  if (mem.disp < 0) inside += "-" + hex(uint64_t{0} - static_cast<uint64_t>(int64_t{mem.disp}));
  if (mem.disp > 0 || (mem.disp == 0 && needs_disp))
    inside += "+" + hex(static_cast<uint64_t>(mem.disp));
  return std::string(size) + " PTR [" + inside + "]";
}

std::vector<std::string> disassemble(const std::vector<uint8_t>& bytes) {
  char path[] = "/tmp/nacre-disassembly-XXXXXX";
  int file = ::mkstemp(path);
  EXPECT_GE(file, 0);
  ::close(file);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  std::string command = "objdump -D -b binary -m i386:x86-64 -M intel --no-show-raw-insn " +
                        std::string(path) + " 2> /dev/null";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::vector<std::string> lines;
  char line[512];
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr) {
    std::string said = line;
    size_t tab = said.find(":\t");
    if (tab == std::string::npos) continue;
    said = said.substr(tab + 2);
    while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.pop_back();
    // One space behind the mnemonic.
    size_t space = said.find(' ');
    size_t rest = said.find_first_not_of(' ', space);
    if (space != std::string::npos && rest != std::string::npos)
      said = said.substr(0, space) + " " + said.substr(rest);
    lines.push_back(said);
  }
  if (pipe != nullptr) ::pclose(pipe);
  ::unlink(path);
  return lines;
}

TEST(Disassembly, IsWhatWasMeant) {
  if (std::system("objdump --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no objdump here";
  os::CpuFeatures cpu{.avx = true, .avx2 = true};
  std::vector<uint8_t> code(1 << 16);
  Assembler a(cpu);
  a.start(code.data());
  Machine random(os::cpu_features(), 99);  // for its choices
  std::vector<std::string> meant;
  auto say = [&](std::string line) { meant.push_back(std::move(line)); };
  for (int i = 0; i < 300; ++i) {
    random.shuffle();
    Width w = random.any_width();
    const char* size = w == Width::w64 ? "QWORD" : "DWORD";
    Gpr to = random.any_gpr(), from = random.any_gpr();
    Mem mem = random.any_mem(16);
    if (mem.disp == INT32_MIN) continue;  // objdump writes it as another number
    Xmm x = random.any_xmm(), y = random.any_xmm(), z = random.any_xmm();
    a.mov(w, to, mem), say("mov " + text(w, to) + "," + text(size, mem));
    a.mov(w, mem, from), say("mov " + text(size, mem) + "," + text(w, from));
    a.alu(w, Alu::sub, to, from), say("sub " + text(w, to) + "," + text(w, from));
    a.imul(w, to, mem), say("imul " + text(w, to) + "," + text(size, mem));
    a.movzx8(to, mem), say("movzx " + text(Width::w32, to) + "," + text("BYTE", mem));
    a.movsx32(to, mem), say("movsxd " + text(Width::w64, to) + "," + text("DWORD", mem));
    a.shift_bmi2(w, Shift::shr, to, mem, from),
        say("shrx " + text(w, to) + "," + text(size, mem) + "," + text(w, from));
    a.push(mem), say("push " + text("QWORD", mem));
    a.call(mem), say("call " + text("QWORD", mem));
    a.sse({0x66, 1, 0xFE}, x, y, mem),
        say("vpaddd " + text(x) + "," + text(y) + "," + text("XMMWORD", mem));
    a.sse({0x66, 2, 0x00}, x, y, z), say("vpshufb " + text(x) + "," + text(y) + "," + text(z));
    a.movss(mem, x), say("vmovss " + text("DWORD", mem) + "," + text(x));
    a.sse_w(w, {0xF2, 1, 0x2A}, x, y, from),
        say("vcvtsi2sd " + text(x) + "," + text(y) + "," + text(w, from));
    a.avx_is4({0x66, 3, 0x4B}, x, y, z, x),
        say("vblendvpd " + text(x) + "," + text(y) + "," + text(z) + "," + text(x));
    ASSERT_LT(a.offset(), code.size() - 512);
  }
  code.resize(a.offset());
  std::vector<std::string> said = disassemble(code);
  ASSERT_EQ(said.size(), meant.size());
  for (size_t i = 0; i < meant.size(); ++i) ASSERT_EQ(said[i], meant[i]) << "instruction " << i;
}

}  // namespace
}  // namespace nacre::native::x64
