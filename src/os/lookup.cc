#include "os/lookup.h"

#include <netdb.h>
#include <nss.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "os/native_address.h"

namespace nacre::os {
namespace {

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

}  // namespace

Sys<std::vector<IpAddress>> look_up(const std::string& name) {
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

}  // namespace nacre::os
