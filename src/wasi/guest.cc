#include "wasi/guest.h"

#include <utility>

#include "wasi/p1/bind.h"

namespace nacre::wasi {

SharedWorld::SharedWorld(host::World world)
    : world_(std::make_shared<const host::World>(std::move(world))),
      first_descriptors_(p1::first_descriptors(*world_, {})) {}

Guest::Guest(host::World world) : sockets_(world.take_sockets()) {
  world_ = std::make_shared<const host::World>(std::move(world));
}

void Guest::make_preview1() {
  if (shared_ == nullptr) {
    preview1_.emplace(world_, p1::first_descriptors(*world_, std::exchange(sockets_, {})),
                      world_->written());
    return;
  }
  std::shared_ptr<host::WrittenBytes> written;
  if (world().limits().max_written_bytes) written = std::make_shared<host::WrittenBytes>(0);
  preview1_.emplace(shared_->world(), shared_->first_descriptors(), std::move(written));
}

bool is_module_name(std::string_view module) {
  return module == p1::kModuleName || module == p1::kUnstableModuleName;
}

void define_functions(runtime::Linker& linker) {
  linker.define_functions(p1::kModuleName, p1::host_functions(), &linker.group());
  linker.define_functions(p1::kUnstableModuleName, p1::unstable_host_functions(), &linker.group());
}

}  // namespace nacre::wasi
