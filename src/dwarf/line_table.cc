#include "dwarf/line_table.h"

#include <algorithm>

namespace nacre::dwarf {
namespace {

// More than any program has files.
constexpr size_t kMaxFiles = 1 << 16;

// Instructions of line programs (DWARF 5, section 6.2.5).
enum Opcode : uint8_t {
  kExtended = 0,
  kCopy = 1,
  kAdvancePc = 2,
  kAdvanceLine = 3,
  kSetFile = 4,
  kConstAddPc = 8,
  kFixedAdvancePc = 9,
};
enum ExtendedOpcode : uint8_t {
  kEndSequence = 1,
  kSetAddress = 2,
};
// What a column of a table of files holds (DWARF 5, section 6.2.4.1).
enum Content : uint8_t {
  kPath = 1,
  kDirectory = 2,
};

constexpr Form kText{.size = Form::Size::text, .meaning = Meaning::text};

bool is_separator(char c) { return c == '/' || c == '\\'; }

bool is_absolute(std::string_view path) {
  if (path.empty()) return false;
  bool has_drive = path.size() > 2 && path[1] == ':' && is_separator(path[2]);
  return is_separator(path[0]) || has_drive;
}

// Without the directory `top` if it is below that; else as it is.
std::string relative(std::string_view path, std::string_view top) {
  bool has_top = !top.empty();
  if (has_top && is_separator(top.back())) top.remove_suffix(1);
  bool is_below = has_top && is_absolute(path) && path.size() > top.size() + 1 &&
                  path.starts_with(top) && is_separator(path[top.size()]);
  if (is_below) path.remove_prefix(top.size() + 1);
  while (path.size() > 2 && path[0] == '.' && is_separator(path[1])) path.remove_prefix(2);
  return std::string(path);
}

}  // namespace

struct LineTable::Program {
  Encoding encoding;
  uint8_t instruction_bytes = 1;  // what addresses advance by
  int8_t line_base = 0;
  uint8_t line_range = 1;
  uint8_t opcode_base = 1;  // the first special opcode
  Bytes operands;           // of standard opcodes from 1 on: how many each has
};

// What runs a program, and notes the rows that belong to addresses.
class LineTable::Machine {
 public:
  Machine(LineTable& table, const Program& program, const Addresses& addresses, AddressSet wanted)
      : table_(table), program_(program), addresses_(addresses), wanted_(wanted) {}

  void run(wasm::Reader& reader) {
    while (table_.found_ != wanted_ && reader.ok() && !reader.at_end() &&
           table_.unit_->work().spend()) {
      uint8_t opcode = reader.u8();
      if (opcode >= program_.opcode_base) {
        special(opcode - program_.opcode_base);
      } else if (opcode == kExtended) {
        extended(wasm::Reader(reader.bytes(reader.u64())));
      } else {
        standard(opcode, reader);
      }
    }
  }

 private:
  struct State {
    uint64_t address = 0;
    Row row{.file = 1, .line = 1};
    bool is_dead = true;  // until it is given an address of code
  };

  void special(int number) {
    advance(static_cast<uint64_t>(number / program_.line_range));
    state_.row.line += static_cast<uint64_t>(program_.line_base + number % program_.line_range);
    emit();
  }

  void extended(wasm::Reader item) {
    uint8_t opcode = item.u8();
    if (opcode == kEndSequence) {
      emit();
      state_ = {};
      last_.reset();
    } else if (opcode == kSetAddress) {
      uint32_t size = item.remaining() == 8 ? 8 : 4;
      state_.address = read_sized(item, size);
      state_.is_dead = is_dead(state_.address, size);
    }
  }

  void standard(uint8_t opcode, wasm::Reader& reader) {
    switch (opcode) {
      case kCopy:
        return emit();
      case kAdvancePc:
        return advance(reader.u64());
      case kAdvanceLine:
        state_.row.line += static_cast<uint64_t>(reader.s64());
        return;
      case kSetFile:
        state_.row.file = reader.u64();
        return;
      case kConstAddPc:
        return advance((UINT8_MAX - program_.opcode_base) / program_.line_range);
      case kFixedAdvancePc:
        state_.address += reader.fixed<uint16_t>();
        return;
      default:
        for (uint8_t i = program_.operands[opcode - 1u]; i != 0; --i) reader.u64();
    }
  }

  void advance(uint64_t by) { state_.address += by * program_.instruction_bytes; }

  // A row of the table: the one before ends here.
  void emit() {
    if (last_ && !last_->is_dead && !state_.is_dead) {
      AddressSet between =
          addresses_.within(last_->address, state_.address) & wanted_ & ~table_.found_;
      for_each(between, [&](size_t i) { table_.rows_[i] = last_->row; });
      table_.found_ |= between;
    }
    last_ = state_;
  }

  LineTable& table_;
  const Program& program_;
  const Addresses& addresses_;
  const AddressSet wanted_;
  State state_;
  std::optional<State> last_;  // the last row of this sequence
};

std::optional<LineTable> LineTable::read(const Unit& unit, const Addresses& addresses,
                                         AddressSet wanted) {
  constexpr uint32_t kLong = 0xFFFF'FFFF;
  const Value* offset = unit.root().find(Attribute::stmt_list);
  Bytes section = unit.sections().line;
  if (offset == nullptr || offset->number >= section.size()) return std::nullopt;
  Program program;
  wasm::Reader whole(section.subspan(offset->number));
  uint64_t length = whole.fixed<uint32_t>();
  if (length == kLong) {
    length = whole.fixed<uint64_t>();
    program.encoding.offset_bytes = 8;
  }
  // Of a table that was cut short, what is there.
  wasm::Reader reader(whole.bytes(std::min<uint64_t>(length, whole.remaining())));
  LineTable table(unit);
  if (!table.read_header(reader, program)) return std::nullopt;
  Machine(table, program, addresses, wanted).run(reader);
  return table;
}

// Leaves the reader at the first instruction.
bool LineTable::read_header(wasm::Reader& reader, Program& program) {
  version_ = program.encoding.version = reader.fixed<uint16_t>();
  if (version_ < 2 || version_ > 5) return false;
  if (version_ >= 5) {
    program.encoding.address_bytes = reader.u8();
    reader.u8();  // of segment selectors, which wasm does not have
  }
  uint64_t header_bytes = read_sized(reader, program.encoding.offset_bytes);
  if (!reader.ok() || header_bytes > reader.remaining()) return false;
  const uint8_t* begin = reader.pos() + header_bytes;
  program.instruction_bytes = reader.u8();
  if (version_ >= 4) reader.u8();  // operations in an instruction: one
  reader.u8();                     // whether rows begin statements
  program.line_base = static_cast<int8_t>(reader.u8());
  program.line_range = reader.u8();
  program.opcode_base = reader.u8();
  program.operands = reader.bytes(std::max<uint8_t>(program.opcode_base, 1) - 1u);
  if (!reader.ok() || program.line_range == 0) return false;
  if (version_ < 5) {
    read_old_files(reader);
  } else {
    read_entries(reader, program.encoding,
                 [&](const File& entry) { directories_.push_back(entry.name); });
    read_entries(reader, program.encoding, [&](const File& entry) { files_.push_back(entry); });
  }
  // Without all names, there are still lines.
  reader = wasm::Reader(Bytes(begin, reader.pos() + reader.remaining()));
  return true;
}

void LineTable::read_old_files(wasm::Reader& reader) {
  Encoding encoding;
  while (directories_.size() < kMaxFiles) {
    Value name = read_value(reader, kText, encoding, unit_->work());
    if (!reader.ok() || name.number == 0) break;
    directories_.push_back(name);
  }
  while (files_.size() < kMaxFiles) {
    File file;
    file.name = read_value(reader, kText, encoding, unit_->work());
    if (!reader.ok() || file.name.number == 0) break;
    file.directory = reader.u64();
    reader.u64();  // when it was changed
    reader.u64();  // its size
    files_.push_back(file);
  }
}

// Tables that say first which columns they have.
template <class Keep>
void LineTable::read_entries(wasm::Reader& reader, Encoding encoding, Keep keep) {
  struct Column {
    uint64_t content;
    Form form;
  };
  std::vector<Column> columns;
  for (uint8_t count = reader.u8(); count != 0; --count) {
    uint64_t content = reader.u64();
    auto form = find_form(reader.u64());
    if (!form || !reader.ok()) return reader.fail("no such form");
    columns.push_back({.content = content, .form = *form});
  }
  uint64_t entries = std::min<uint64_t>(reader.u64(), kMaxFiles);
  for (; entries != 0 && reader.ok(); --entries) {
    File entry;
    for (const Column& column : columns) {
      Value value = read_value(reader, column.form, encoding, unit_->work());
      if (column.content == kPath) entry.name = value;
      if (column.content == kDirectory) entry.directory = value.number;
    }
    if (reader.ok()) keep(entry);
  }
}

std::string_view LineTable::directory(uint64_t number) const {
  if (version_ >= 5) {
    return number < directories_.size() ? unit_->text(&directories_[number]) : std::string_view();
  }
  if (number == 0) return unit_->text(unit_->root().find(Attribute::comp_dir));
  return number <= directories_.size() ? unit_->text(&directories_[number - 1])
                                       : std::string_view();
}

std::string LineTable::path(uint64_t file) const {
  uint64_t at = version_ >= 5 ? file : file - 1;
  if (at >= files_.size()) return {};
  std::string path(unit_->text(&files_[at].name));
  std::string_view top = directory(0);
  if (!is_absolute(path) && files_[at].directory != 0) {
    std::string_view below = directory(files_[at].directory);
    if (below != top && !below.empty()) path = std::string(below) + '/' + path;
  }
  return relative(path, top);
}

}  // namespace nacre::dwarf
