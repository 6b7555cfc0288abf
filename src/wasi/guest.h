// A guest as WASI sees it: a group of instances (abi::CallerGroup) with one world, and the state of
// each version of WASI that the group has used. WASI's functions find it through their caller, so
// instances of one store may have different rights.
//
//   wasi::Guest guest(std::move(world));
//   linker.group().world = &guest;
//   wasi::define_functions(linker);
//
// It outlives the group's last call. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "host/world.h"
#include "runtime/linker.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi {

// A world that many guests share, and what is computed once for all of them. It has no sockets,
// since a socket belongs to one guest. Any thread.
class SharedWorld {
 public:
  explicit SharedWorld(host::World world);

  const std::shared_ptr<const host::World>& world() const { return world_; }
  const std::vector<p1::Descriptor>& first_descriptors() const { return first_descriptors_; }

 private:
  std::shared_ptr<const host::World> world_;
  std::vector<p1::Descriptor> first_descriptors_;
};

class Guest {
 public:
  // With a world of its own.
  explicit Guest(host::World world);
  // With a shared one; what the guest writes is counted for itself.
  explicit Guest(std::shared_ptr<const SharedWorld> shared) : shared_(std::move(shared)) {}
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  const host::World& world() const { return shared_ != nullptr ? *shared_->world() : *world_; }
  p1::Preview1& preview1() {
    if (!preview1_) [[unlikely]]
      make_preview1();
    return *preview1_;
  }

 private:
  void make_preview1();

  // One of the two.
  std::shared_ptr<const SharedWorld> shared_;
  std::shared_ptr<const host::World> world_;
  std::vector<std::shared_ptr<host::Socket>> sockets_;  // until a skin has them
  std::optional<p1::Preview1> preview1_;
};

// Whether functions of WASI are imported by this module name.
bool is_module_name(std::string_view module);

// Defines every version of WASI, for modules that import it by name. Calls by the host itself,
// which have no caller, act for the linker's present group.
void define_functions(runtime::Linker& linker);

}  // namespace nacre::wasi
