// Listeners for machine code that is made at run time: profilers and debuggers, which otherwise see
// only addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace nacre::os {

struct NewCode {
  const uint8_t* begin = nullptr;  // as it is executed
  size_t size_bytes = 0;
  std::string name;  // "module!function"; printable
  // How to find its caller: a program of DWARF call frame instructions (DW_CFA_*), which begins
  // where the code begins, with the frame as a call leaves it: CFA rsp + 8, return address at CFA
  // - 8. Empty: unknown.
  std::vector<uint8_t> unwind;
};

// gdb treats a caller whose frame is at a lower address as an error, unless the callee has this
// name. So code that moves to another stack is reported under it.
inline constexpr const char kStackSwitchName[] = "__morestack";

// Called by any thread, by several at once.
class CodeListener {
 public:
  virtual ~CodeListener() = default;
  // Code that is ready to run. Reporting many at once costs less.
  virtual void code_made(std::span<const NewCode> code) = 0;
  // All code in [begin, end) is about to be freed.
  virtual void code_freed(const uint8_t* begin, const uint8_t* end) = 0;
};

// Several listeners as one.
class CodeListeners final : public CodeListener {
 public:
  void add(std::unique_ptr<CodeListener> listener) { listeners_.push_back(std::move(listener)); }
  bool empty() const { return listeners_.empty(); }

  void code_made(std::span<const NewCode> code) override {
    for (const auto& listener : listeners_) listener->code_made(code);
  }
  void code_freed(const uint8_t* begin, const uint8_t* end) override {
    for (const auto& listener : listeners_) listener->code_freed(begin, end);
  }

 private:
  std::vector<std::unique_ptr<CodeListener>> listeners_;
};

}  // namespace nacre::os
