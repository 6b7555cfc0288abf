#include "runtime/backtrace.h"

#include <cstdio>
#include <map>
#include <utility>

#include "dwarf/locate.h"
#include "runtime/instance.h"
#include "runtime/module.h"

namespace nacre::runtime {
namespace {

using Positions = std::vector<dwarf::Position>;

void append_frame(std::string& text, size_t number, const Module& module, std::string_view function,
                  uint64_t offset, const dwarf::Position& position) {
  char place[40];
  std::snprintf(place, sizeof place, "%3zu: ", number);
  text += place;
  text += module.name().empty() ? "module" : module.name();
  text += '!';
  text += function;
  std::snprintf(place, sizeof place, " @ 0x%llx", static_cast<unsigned long long>(offset));
  text += place;
  if (position.file.empty()) return;
  text += " at " + position.file;
  // Optimizers merge code of several lines; such code is said to be at no line.
  if (position.line != 0) text += ':' + std::to_string(position.line);
}

// Of a function of the module. What the linker left mangled, its debug information has as it was
// written; no demangler has to be trusted with it.
std::string name_of(const Module& module, uint32_t function, const dwarf::Position& position) {
  std::string name = module.function_name(function);
  bool is_mangled = name.starts_with("_Z") || name.starts_with("_R");
  return is_mangled && !position.function.empty() ? position.function : name;
}

}  // namespace

Backtrace::Backtrace(const abi::Trap& trap) : frames_cut_(trap.frames_cut) {
  for (const abi::Frame& frame : trap.frames) {
    if (frame.vmctx == nullptr) continue;
    frames_.push_back({.module = Instance::of(*frame.vmctx).shared_module(),
                       .function = frame.function,
                       .offset = frame.offset});
  }
}

std::string Backtrace::text() const {
  // Debug information of each module is read once, for all its frames.
  std::map<const Module*, std::vector<size_t>> frames_of;
  for (size_t i = 0; i < frames_.size(); ++i) frames_of[frames_[i].module.get()].push_back(i);
  std::vector<Positions> positions(frames_.size());
  for (const auto& [module, numbers] : frames_of) {
    std::vector<uint64_t> offsets;
    for (size_t i : numbers) offsets.push_back(frames_[i].offset);
    std::vector<Positions> located = dwarf::locate(module->wasm(), offsets);
    for (size_t i = 0; i < numbers.size(); ++i) positions[numbers[i]] = std::move(located[i]);
  }
  std::string text;
  size_t number = 0;
  for (size_t i = 0; i < frames_.size(); ++i) {
    const Frame& frame = frames_[i];
    if (positions[i].empty()) positions[i].emplace_back();
    dwarf::Position own = std::move(positions[i].back());
    positions[i].pop_back();
    for (const dwarf::Position& inlined : positions[i]) {
      append_frame(text, number++, *frame.module, inlined.function.empty() ? "?" : inlined.function,
                   frame.offset, inlined);
      text += " (inlined)\n";
    }
    append_frame(text, number++, *frame.module, name_of(*frame.module, frame.function, own),
                 frame.offset, own);
    text += '\n';
  }
  if (frames_cut_) text += "     (older frames left out)\n";
  return text;
}

}  // namespace nacre::runtime
