// The machine code of one module: made function by function, when each is called for the first
// time.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "abi/code.h"
#include "native/code_space.h"
#include "native/compiler.h"
#include "native/options.h"
#include "native/stubs.h"
#include "wasm/names.h"

namespace nacre::native {

// Thread-safe.
class ModuleCode final : public abi::ModuleCode {
 public:
  // `compiler` and `stubs` outlive it. Errors: out_of_memory.
  static Result<std::unique_ptr<abi::ModuleCode>> create(const abi::ModuleInput& input,
                                                         const Options& options, Compiler& compiler,
                                                         Stubs& stubs);
  ~ModuleCode() override;

  Result<void> attach(abi::VmCtx& vmctx, std::span<abi::FuncObject> functions) override;
  Result<const void*> entry(uint32_t function) override;
  Result<const void*> object_entry(uint32_t function) override;
  Result<HostEntry> host_entry(uint32_t function) override;
  Result<const void*> give_away(uint32_t function) override;
  Result<const void*> take_back(uint32_t function) override;
  Result<uint64_t> compile_all() override;
  Result<std::vector<uint8_t>> save() override;
  Result<void> load(Bytes stored) override;
  Result<abi::CodeListing> list(uint32_t function, const os::CpuFeatures& cpu) override;

  // ---- Where what runs a function may change (Options::code_changes)
  //
  // From now on calls of the function go to this code of it, whichever compiler made it. If another
  // executor runs the function now, they do once it is taken back. The code may rely on guards
  // around memories only if the module's code does. Calls that run finish in the old code, which is
  // freed later (free_unused). `own`: the stack whose guest called the host function that the
  // calling thread is in; null: none. Not in processes that share their code by fork. Errors: usage,
  // without the option; those of entry(), and then nothing changed.
  Result<void> replace(uint32_t function, const CodeImage& image,
                       const abi::ExecContext* own = nullptr);
  // Frees code that was replaced and that no guest runs any more, as far as that can be seen now
  // (abi/guest_stacks.h). replace() does so now and then.
  void free_unused(const abi::ExecContext* own = nullptr);
  // What machine code takes, with what was freed and is not used again yet.
  uint64_t code_bytes();

 private:
  ModuleCode(const abi::ModuleInput& input, const Options& options, Compiler& compiler,
             Stubs& stubs);
  Result<void> map();
  Result<void> make_room();
  // If there is no address space for guards, memories are checked, and code that relies on guards
  // must not run.
  Result<void> choose_guards(const abi::VmCtx& vmctx);
  void compile_first();
  // Errors: stopped.
  Result<std::unique_lock<std::mutex>> lock_compiling();
  Result<void> compile(uint32_t index);
  Result<void> publish(uint32_t index, const CodeImage& image);
  void announce();  // to the listener, what is new
  void free_retired(const abi::ExecContext* own);
  // Whether calls of the function go to another executor.
  bool leads_away(uint32_t index) const;
  const wasm::Module& module() const { return info_.module(); }

  wasm::ValidModuleInfo info_;
  Options options_;
  Stubs& stubs_;
  abi::GuestStacks* stacks_;  // null: not known
  bool bodies_valid_;
  wasm::FunctionNames names_;
  std::string module_name_;  // for the listener; empty without one

  std::mutex compiling_;  // held while functions are compiled, which is long
  std::unique_ptr<CodeSpace> space_;
  std::atomic<bool> has_room_{false};  // space_ is there
  std::unique_ptr<ModuleCompiler> compiler_;
  CodeImage image_;                       // of the function that is compiled
  std::atomic<bool> guarded_memories_;    // whether code relies on their guards
  std::vector<os::NewCode> unannounced_;  // for the listener
  uint64_t free_at_;                      // at this many retired bytes
  // With Options::code_changes, by function: what its function objects lead to, and where calls go
  // if another executor runs it. Null: not made yet.
  std::vector<const void*> slot_thunks_;
  std::vector<const void*> away_thunks_;
  std::unique_ptr<std::atomic<const void*>[]> entries_;     // by function; null: not compiled
  std::unique_ptr<std::atomic<HostEntry>[]> host_entries_;  // by type
};

}  // namespace nacre::native
