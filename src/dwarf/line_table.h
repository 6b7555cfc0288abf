// A line table: a program that, when it is run, gives a row of address, file and line for each
// place where one of them changes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dwarf/addresses.h"
#include "dwarf/unit.h"

namespace nacre::dwarf {

class LineTable {
 public:
  struct Row {
    uint64_t file = 0;
    uint64_t line = 0;  // 0: of no line
  };

  // The table of a unit, which must outlive it, run for the addresses in `wanted`. Nothing without a
  // table, or if its version is unknown.
  static std::optional<LineTable> read(const Unit& unit, const Addresses& addresses,
                                       AddressSet wanted);

  AddressSet found() const { return found_; }
  const Row& row(size_t address) const { return rows_[address]; }
  // As the compiler wrote it, but from its directory on if it is below that. Empty: no such file.
  std::string path(uint64_t file) const;

 private:
  struct File {
    Value name;
    uint64_t directory = 0;
  };
  struct Program;
  class Machine;

  explicit LineTable(const Unit& unit) : unit_(&unit) {}
  bool read_header(wasm::Reader& reader, Program& program);
  void read_old_files(wasm::Reader& reader);
  template <class Keep>
  void read_entries(wasm::Reader& reader, Encoding encoding, Keep keep);
  std::string_view directory(uint64_t number) const;

  const Unit* unit_;
  uint16_t version_ = 0;
  std::vector<Value> directories_;  // before version 5, those behind number 0
  std::vector<File> files_;         // the same
  AddressSet found_ = 0;
  std::array<Row, Addresses::kMax> rows_;
};

}  // namespace nacre::dwarf
