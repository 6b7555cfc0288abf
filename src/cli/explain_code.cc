#include "cli/explain_code.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "cli/disassemble.h"
#include "cli/handles.h"

namespace nacre::cli {
namespace {

using CodeHandle = std::unique_ptr<const nacre_code_t, Deleter<nacre_code_delete>>;

constexpr size_t kBytesInLine = 10;  // longer instructions are rare and may stick out

std::string hex(uint64_t value, int digits) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%0*llx", digits, static_cast<unsigned long long>(value));
  return buffer;
}

void pad(std::string& line, size_t width) {
  if (line.size() < width) line.append(width - line.size(), ' ');
}

class Writer {
 public:
  Writer(const nacre_code_t& code, bool bytes) : code_(code), with_bytes_(bytes) {}

  std::string write() {
    head();
    for (size_t i = 0; i < code_.piece_count; ++i) piece(code_.pieces[i]);
    return std::move(out_);
  }

 private:
  void head() {
    out_ += code_.head;
    out_ += "\n  " + std::to_string(code_.size) + " bytes of " + code_.processor +
            " code, frame of " + std::to_string(code_.frame_bytes) + " bytes\n";
    for (size_t i = 0; i < code_.local_count; ++i) {
      const nacre_code_local_t& local = code_.locals[i];
      out_ += "  local " + std::to_string(i) + " (" + local.type + "): " + local.place + '\n';
    }
  }

  void title(const nacre_code_piece_t& piece, std::string words) {
    // Pieces that go on behind a byte of data have no words.
    if (words.empty()) return;
    std::string line = hex(piece.wasm_offset, 6) + "  " + std::move(words);
    if (piece.begin == piece.end) line += "  ;; no code";
    out_ += line + '\n';
  }

  void piece(const nacre_code_piece_t& piece) {
    switch (piece.kind) {
      case NACRE_CODE_ENTRY:
        out_ += "entry\n";
        return code(piece);
      case NACRE_CODE_INSTRUCTION:
        title(piece, piece.text);
        return code(piece);
      case NACRE_CODE_TRAP:
        title(piece, std::string("trap: ") + (*piece.text == 0 ? "as told" : piece.text));
        return code(piece);
      case NACRE_CODE_SLOW_PATH:
        title(piece, "slow path");
        return code(piece);
      case NACRE_CODE_TRAP_NUMBER:
        return data(piece, 1, *piece.text == 0 ? "trap in al" : piece.text);
      case NACRE_CODE_CONSTANT:
        out_ += "constant\n";
        return data(piece, 16, "");
      case NACRE_CODE_JUMP_TABLE:
        out_ += "jump table\n";
        return data(piece, 4, "");
    }
  }

  // "    1a  48 89 e5              mov rbp, rsp  ; note"
  void line(uint32_t offset, uint32_t size, const std::string& text, const std::string& note) {
    std::string line = "  ";
    std::string number = hex(offset, 1);
    pad(line, 8 - std::min<size_t>(number.size(), 6));
    line += number + "  ";
    if (with_bytes_) {
      for (uint32_t i = 0; i < size; ++i) line += hex(code_.bytes[offset + i], 2) + ' ';
      pad(line, 10 + 3 * kBytesInLine + 1);
    }
    line += text;
    if (!note.empty()) line += "  ; " + note;
    out_ += line + '\n';
  }

  void code(const nacre_code_piece_t& piece) {
    for (const Disassembled& item : disassemble(code_.bytes, piece.begin, piece.end)) {
      std::string note;
      for (const MemoryOperand& operand : item.memory) {
        if (const char* name = find_name(operand)) note = name;
      }
      line(item.offset, item.size, item.text, note);
    }
  }

  void data(const nacre_code_piece_t& piece, uint32_t row, const std::string& note) {
    for (uint32_t begin = piece.begin; begin < piece.end; begin += row) {
      uint32_t size = std::min(row, piece.end - begin);
      std::string text = ".byte";
      for (uint32_t i = 0; i < size; ++i) {
        text += i == 0 ? " 0x" : ", 0x";
        text += hex(code_.bytes[begin + i], 2);
      }
      line(begin, 0, text, note);
    }
  }

  const char* find_name(const MemoryOperand& operand) const {
    for (size_t i = 0; i < code_.name_count; ++i) {
      const nacre_code_name_t& name = code_.names[i];
      std::string_view base = name.code_register == nullptr ? "" : name.code_register;
      if (name.offset == operand.offset && base == operand.base) return name.name;
    }
    return nullptr;
  }

  const nacre_code_t& code_;
  bool with_bytes_;
  std::string out_;
};

}  // namespace

void CodeOptions::add_to(CLI::App& app) {
  app.add_option("--code", function,
                 "show a function's instructions beside their machine code: a name from the name "
                 "section, an export or a number")
      ->type_name("FUNC");
  app.add_option("--cpu", cpu,
                 "with --code: for which processor; native, all or none, then features to add or "
                 "take away: all,-avx,-bmi2")
      ->type_name("CPU");
  app.add_flag("--no-bytes", no_bytes, "with --code: leave the bytes out");
}

std::string explain_code(const nacre_module_t* module, const std::string& input,
                         const CodeOptions& options) {
  uint32_t index = 0;
  check(nacre_module_find_func(module, options.function.c_str(), &index), input);
  const nacre_code_t* raw = nullptr;
  check(nacre_module_code(module, index, options.cpu.c_str(), &raw), input);
  CodeHandle code(raw);
  return Writer(*code, !options.no_bytes).write();
}

}  // namespace nacre::cli
