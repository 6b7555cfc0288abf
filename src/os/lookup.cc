#include "os/lookup.h"

#include <netdb.h>
#include <nss.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "os/native_address.h"
#include "os/poll.h"

namespace nacre::os {
namespace {

using Found = Sys<std::vector<IpAddress>>;

int error_of(int resolver_error) {
  switch (resolver_error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
      return kNoSuchName;
    case EAI_AGAIN:
      return kTryAgain;
    case EAI_MEMORY:
      return ENOMEM;
    default:
      return kLookupFailed;
  }
}

Found ask_resolver(const std::string& name) {
  // The two that are in every libc: others would be loaded, which a static program can do only with
  // the libc that it was linked with. Any other process is not ours to configure.
  bool is_static = ::getauxval(AT_BASE) == 0;  // nothing loaded it
  if (is_static) ::__nss_configure_lookup("hosts", "files dns");
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // or each would come three times
  addrinfo* list = nullptr;
  if (int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); error != 0) {
    return std::unexpected(error_of(error));
  }
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    NativeAddress native;
    if (item->ai_addrlen > sizeof native.storage) continue;
    std::memcpy(&native.storage, item->ai_addr, item->ai_addrlen);
    auto endpoint = from_native(native);
    if (!endpoint || addresses.size() == kMaxAddresses) continue;
    bool known = std::ranges::find(addresses, endpoint->address) != addresses.end();
    if (!known) addresses.push_back(endpoint->address);
  }
  if (addresses.empty()) return std::unexpected(kNoSuchName);
  return addresses;
}

// Owned by both threads: either may be the last to need it.
struct Lookup {
  std::string name;
  OwnedFd done;  // readable when `found` is there
  Found found;
};

void* run(void* argument) {
  std::unique_ptr<std::shared_ptr<Lookup>> own(static_cast<std::shared_ptr<Lookup>*>(argument));
  Lookup& lookup = **own;
  lookup.found = ask_resolver(lookup.name);
  uint64_t one = 1;
  ssize_t written = ::write(lookup.done.get(), &one, sizeof one);
  static_cast<void>(written);  // an eventfd takes it
  return nullptr;
}

}  // namespace

Found look_up(const std::string& name, int give_up) {
  auto lookup = std::make_shared<Lookup>();
  lookup->name = name;
  lookup->done = OwnedFd(::eventfd(0, EFD_CLOEXEC));
  if (!lookup->done.valid()) return std::unexpected(errno);
  auto its = std::make_unique<std::shared_ptr<Lookup>>(lookup);
  // Signals of the process are for its other threads.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int error = ::pthread_create(&thread, nullptr, &run, its.get());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return std::unexpected(error);
  auto* held = its.release();  // by the thread
  static_cast<void>(held);
  ::pthread_detach(thread);
  PollItem items[] = {{.fd = lookup->done.get(), .want_read = true},
                      {.fd = give_up, .want_read = true}};
  auto ready = poll_until(items, std::nullopt);
  if (!ready) return std::unexpected(ready.error());
  if (!items[0].ready) return std::unexpected(EINTR);
  uint64_t count = 0;
  ssize_t read = ::read(lookup->done.get(), &count, sizeof count);
  static_cast<void>(read);
  return std::move(lookup->found);
}

}  // namespace nacre::os
