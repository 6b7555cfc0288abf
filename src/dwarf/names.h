// Names of functions with the namespaces and types that they are in, as entries say: what stands
// in a source, which no demangler has to be trusted with.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dwarf/unit.h"

namespace nacre::dwarf {

class Names {
 public:
  // Both must outlive it.
  Names(const Sections& sections, Work& work) : sections_(sections), work_(work) {}

  // That the name of an entry of this unit, which is open, will be asked for.
  void want(const Unit& unit, uint64_t entry);
  // Then once, for all of them: what they are in.
  void find_scopes();
  // "outer::Box<int>::fail"; empty: not known.
  std::string of(uint64_t entry) const;

 private:
  struct Name {
    std::string_view text;
    uint64_t declared = 0;  // the entry that stands where its name was declared
  };
  void find_scopes(const Unit& unit, std::map<uint64_t, std::string>::iterator first);

  const Sections& sections_;
  Work& work_;
  std::map<uint64_t, Name> names_;          // by entry
  std::map<uint64_t, std::string> scopes_;  // by Name::declared: "outer::Box<int>::"
};

}  // namespace nacre::dwarf
