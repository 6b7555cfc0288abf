#include "os/debug_elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace nacre::os {
namespace {

// The sections, in the order of their headers.
enum Section : uint16_t { kNull, kText, kEhFrame, kSymtab, kStrtab, kShstrtab, kSectionCount };
constexpr const char* kNames[] = {"", ".text", ".eh_frame", ".symtab", ".strtab", ".shstrtab"};

constexpr uint8_t kReturnAddress = 16, kRsp = 7;  // DWARF's numbers of registers
constexpr uint8_t kDefCfa = 0x0C, kOffset = 0x80, kNop = 0;

class ElfMaker {
 public:
  explicit ElfMaker(std::span<const NewCode> code) : code_(code) {
    begin_ = reinterpret_cast<uintptr_t>(code[0].begin);
    for (const NewCode& item : code) {
      auto address = reinterpret_cast<uintptr_t>(item.begin);
      begin_ = std::min(begin_, address);
      end_ = std::max(end_, address + item.size_bytes);
    }
  }

  std::vector<uint8_t> make() {
    append(Elf64_Ehdr{});
    text();
    frames();
    symbols();
    section_names();
    uint64_t headers = out_.size();
    for (const Elf64_Shdr& section : sections_) append(section);
    header(headers);
    return std::move(out_);
  }

 private:
  template <class T>
  void append(const T& value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    out_.insert(out_.end(), bytes, bytes + sizeof value);
  }
  void append(std::string_view text) { out_.insert(out_.end(), text.begin(), text.end()); }
  void append_name(std::string_view name) {
    append(name);
    out_.push_back(0);
  }
  void align() {
    while (out_.size() % 8 != 0) out_.push_back(0);
  }
  void begin(Section section, uint32_t type, uint64_t flags = 0) {
    align();
    sections_[section].sh_type = type;
    sections_[section].sh_flags = flags;
    sections_[section].sh_offset = out_.size();
    sections_[section].sh_addralign = 8;
  }
  void end(Section section) {
    sections_[section].sh_size = out_.size() - sections_[section].sh_offset;
  }

  void text() {
    begin(kText, SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR);
    sections_[kText].sh_addr = begin_;
    sections_[kText].sh_size = end_ - begin_;
  }

  // A record of .eh_frame: its length stands in front, its end is a multiple of 8.
  template <class Body>
  void record(Body body) {
    size_t start = out_.size();
    append(uint32_t{0});
    body();
    while ((out_.size() - start) % 8 != 0) out_.push_back(kNop);
    auto length = static_cast<uint32_t>(out_.size() - start - 4);
    std::memcpy(&out_[start], &length, sizeof length);
  }

  void frames() {
    begin(kEhFrame, SHT_PROGBITS, SHF_ALLOC);
    size_t cie = out_.size();
    record([&] {
      append(uint32_t{0});   // this is a CIE
      out_.push_back(1);     // version
      append_name("");       // addresses are absolute, 8 bytes
      out_.push_back(1);     // code alignment factor
      out_.push_back(0x78);  // data alignment factor -8
      out_.push_back(kReturnAddress);
      for (uint8_t byte :
           {kDefCfa, kRsp, uint8_t{8}, uint8_t(kOffset | kReturnAddress), uint8_t{1}})
        out_.push_back(byte);
    });
    for (const NewCode& item : code_) {
      if (item.unwind.empty()) continue;
      record([&] {
        append(static_cast<uint32_t>(out_.size() - cie));
        append(reinterpret_cast<uintptr_t>(item.begin));
        append(uint64_t{item.size_bytes});
        out_.insert(out_.end(), item.unwind.begin(), item.unwind.end());
      });
    }
    append(uint32_t{0});
    end(kEhFrame);
  }

  void symbols() {
    begin(kSymtab, SHT_SYMTAB);
    append(Elf64_Sym{});
    uint32_t name = 1;
    for (const NewCode& item : code_) {
      Elf64_Sym symbol{};
      symbol.st_name = name;
      symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
      symbol.st_shndx = kText;
      symbol.st_value = reinterpret_cast<uintptr_t>(item.begin);
      symbol.st_size = item.size_bytes;
      append(symbol);
      name += static_cast<uint32_t>(item.name.size()) + 1;
    }
    end(kSymtab);
    sections_[kSymtab].sh_link = kStrtab;
    sections_[kSymtab].sh_info = 1;  // the first global symbol
    sections_[kSymtab].sh_entsize = sizeof(Elf64_Sym);
    begin(kStrtab, SHT_STRTAB);
    out_.push_back(0);
    for (const NewCode& item : code_) append_name(item.name);
    end(kStrtab);
  }

  void section_names() {
    begin(kShstrtab, SHT_STRTAB);
    for (uint16_t i = 0; i < kSectionCount; ++i) {
      sections_[i].sh_name = static_cast<uint32_t>(out_.size() - sections_[kShstrtab].sh_offset);
      append_name(kNames[i]);
    }
    end(kShstrtab);
    align();
  }

  void header(uint64_t section_headers) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_shoff = section_headers;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = kSectionCount;
    header.e_shstrndx = kShstrtab;
    std::memcpy(out_.data(), &header, sizeof header);
  }

  std::span<const NewCode> code_;
  uintptr_t begin_ = 0;
  uintptr_t end_ = 0;
  std::vector<uint8_t> out_;
  Elf64_Shdr sections_[kSectionCount] = {};
};

}  // namespace

std::vector<uint8_t> make_debug_elf(std::span<const NewCode> code) { return ElfMaker(code).make(); }

}  // namespace nacre::os
