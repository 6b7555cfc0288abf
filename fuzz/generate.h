// Valid modules by chance, made from the rows of ops.def: expressions are built from the result
// type down, statements from the rows without results. Every program ends: loops and functions burn
// fuel.
//
// What a module does is observable: it exports its functions, its memories, tables and globals.
// Programs are deterministic on every engine: results of floating-point arithmetic are made
// canonical where a NaN could vary.
#pragma once

#include <cstdint>
#include <vector>

#include "wasm/module.h"

namespace nacre::fuzz {

struct GenerateOptions {
  bool simd = true;
  bool relaxed_simd = false;  // may vary between engines
  bool threads = true;        // atomic accesses
  bool wide_arithmetic = true;
  bool memory64 = true;
  bool multi_memory = true;
  bool tail_calls = true;
  // Functions imported from "host", all functions exported, with parameters; globals and memories
  // too. Otherwise f0 and f1, without parameters and results, memory 0 and the numeric globals.
  bool whole_interface = false;
};

// Owns all it views. The generator's promise is that it validates.
wasm::Module generate_module(uint64_t seed, const GenerateOptions& options);

// One or two modules; the second imports from the first, which it knows as "first": functions,
// memory, table, globals. Each calls functions of the other.
std::vector<wasm::Module> generate_program(uint64_t seed, const GenerateOptions& options);

}  // namespace nacre::fuzz
