// Preview1: sock_getaddrinfo, which looks names up.
//
// The guest allocates a list for the results: records of 28 bytes, each with pointers to the record
// of an address (12 bytes: family, length, pointer), to room for a name, and to the next one. What
// is written never exceeds the lengths that it says it allocated: a result that does not fit is
// left out.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/address.h"
#include "host/network.h"
#include "os/lookup.h"
#include "wasi/p1/guest_io.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {
namespace {

constexpr uint32_t kPassive = 1;
constexpr uint32_t kCanonicalName = 2;
constexpr uint32_t kNumericHost = 4;
constexpr uint32_t kNumericService = 8;
constexpr uint32_t kMapped = 16;
constexpr uint32_t kAll = 32;
constexpr uint32_t kKnownFlags = 127;

constexpr uint8_t kTcp = 1;
constexpr uint8_t kUdp = 2;

constexpr Size kMaxText = 1024;
constexpr Size kRecordBytes = 28;
// A port, an address; for IPv6 a flow before the address and a scope behind it.
constexpr Size kV4Data = 14;
constexpr Size kV6Data = 26;
// What the same takes with its family in front, as systems count.
constexpr Size kV4Length = 16;
constexpr Size kV6Length = 28;

// A text as C has it, with its NUL or without.
P1Result<std::string> read_text(const GuestMemory& memory, Ptr at, Size length) {
  P1_FAULT_UNLESS(memory.contains(at, length));
  if (length > kMaxText) return std::unexpected(Errno::ainoname);
  std::string text(length, '\0');
  P1_FAULT_UNLESS(memory.copy_in(at, {reinterpret_cast<uint8_t*>(text.data()), text.size()}));
  if (text.ends_with('\0')) text.pop_back();
  if (text.find('\0') != std::string::npos) return std::unexpected(Errno::ainoname);
  return text;
}

std::optional<uint16_t> port_of(std::string_view service, bool by_number) {
  if (service.empty()) return 0;
  uint16_t port = 0;
  auto [end, error] = std::from_chars(service.data(), service.data() + service.size(), port);
  if (error == std::errc{} && end == service.data() + service.size()) return port;
#define SERVICE(name, number) \
  if (!by_number && service == #name) return number;
#include "wasi/p1/services.def"
#undef SERVICE
  return std::nullopt;
}

struct Hints {
  uint32_t flags = 0;
  uint8_t family = address_family::any;
  uint8_t type = socket_type::stream;
  uint8_t protocol = kTcp;

  static P1Result<Hints> read(const GuestMemory& memory, Ptr at) {
    std::array<uint8_t, kRecordBytes> record;
    P1_FAULT_UNLESS(memory.copy_in(at, record));
    Hints hints{load_le<uint16_t>(record.data()), record[2], record[3], record[4]};
    if ((hints.flags & ~kKnownFlags) != 0) return std::unexpected(Errno::aibadflag);
    if (hints.family > address_family::v6) return std::unexpected(Errno::aifamily);
    if (hints.type > socket_type::stream || hints.protocol > kUdp)
      return std::unexpected(Errno::aisocktype);
    if (hints.type == 0)
      hints.type = hints.protocol == kUdp ? socket_type::datagram : socket_type::stream;
    uint8_t its_protocol = hints.type == socket_type::stream ? kTcp : kUdp;
    bool fits = hints.protocol == 0 || hints.protocol == its_protocol;
    if (!fits) return std::unexpected(Errno::aisocktype);
    hints.protocol = its_protocol;
    return hints;
  }
};

// One place that the guest allocated for a result.
class Place {
 public:
  static P1Result<Place> read(const GuestMemory& memory, Ptr at) {
    Place place;
    place.at_ = at;
    P1_FAULT_UNLESS(memory.copy_in(at, place.record_));
    const uint8_t* record = place.record_.data();
    place.address_ = load_le<uint32_t>(record + 12);
    P1_FAULT_UNLESS(memory.copy_in(place.address_, place.address_record_));
    place.data_size_ = load_le<uint32_t>(place.address_record_.data() + 4);
    place.data_ = load_le<uint32_t>(place.address_record_.data() + 8);
    P1_FAULT_UNLESS(memory.contains(place.data_, place.data_size_));
    place.name_ = load_le<uint32_t>(record + 16);
    place.name_size_ = load_le<uint32_t>(record + 20);
    P1_FAULT_UNLESS(memory.contains(place.name_, place.name_size_));
    return place;
  }
  Ptr next() const { return load_le<uint32_t>(record_.data() + 24); }
  bool has_room_for(bool v6) const { return data_size_ >= (v6 ? kV6Data : kV4Data); }

  bool put(const GuestMemory& memory, const Hints& hints, const IpAddress& address, bool v6,
           uint16_t port, std::string_view name) {
    std::array<uint8_t, kV6Data> data{};
    data[0] = static_cast<uint8_t>(port >> 8);
    data[1] = static_cast<uint8_t>(port);
    if (v6) {
      std::ranges::copy(address, &data[6]);
    } else {
      std::copy(address.end() - 4, address.end(), &data[2]);
    }
    Size length = v6 ? kV6Data : kV4Data;
    uint8_t family = v6 ? address_family::v6 : address_family::v4;
    store_le<uint16_t>(record_.data(), static_cast<uint16_t>(hints.flags));
    record_[2] = address_record_[0] = family;
    record_[3] = hints.type;
    record_[4] = hints.protocol;
    store_le<uint32_t>(record_.data() + 8, v6 ? kV6Length : kV4Length);
    store_le<uint32_t>(address_record_.data() + 4, length);
    bool named = !name.empty() && name_size_ > name.size();
    store_le<uint32_t>(record_.data() + 20, named ? static_cast<uint32_t>(name.size()) : 0);
    std::string with_nul(name);
    with_nul += '\0';
    return memory.copy_out(at_, record_) && memory.copy_out(address_, address_record_) &&
           memory.copy_out(data_, Bytes(data).first(length)) &&
           (!named || memory.copy_out(name_, as_bytes(with_nul)));
  }

 private:
  Ptr at_ = 0;
  std::array<uint8_t, kRecordBytes> record_{};
  Ptr address_ = 0;
  std::array<uint8_t, 12> address_record_{};
  Ptr data_ = 0;
  Size data_size_ = 0;
  Ptr name_ = 0;
  Size name_size_ = 0;
};

}  // namespace

// Without a name: this machine, or everywhere it listens.
P1Result<std::vector<IpAddress>> Preview1::addresses_of(std::string_view node, uint32_t flags) {
  if (node.empty()) {
    bool passive = (flags & kPassive) != 0;
    IpAddress v6{};
    if (!passive) v6[15] = 1;
    IpAddress v4 = passive ? from_v4({0, 0, 0, 0}) : from_v4({127, 0, 0, 1});
    return std::vector<IpAddress>{v6, v4};
  }
  if (auto number = parse_address(node)) return std::vector<IpAddress>{*number};
  if ((flags & kNumericHost) != 0) return std::unexpected(Errno::ainoname);
  if (!world_->network()) return std::unexpected(Errno::notcapable);
  return look_up(node);
}

P1Result<std::vector<IpAddress>> Preview1::look_up(std::string_view node) {
  host::HostResult<std::vector<IpAddress>> found;
  if (auto ended = take_ended<ParkedLookUp>()) {
    found = ended->take();
  } else if (!parks()) {
    found = world_->network()->look_up(node);
  } else {
    park(std::make_unique<ParkedLookUp>(world_->network()->start_look_up(node)));
    return std::unexpected(Errno::again);
  }
  if (!found && found.error() == host::Errno::inval) return std::unexpected(Errno::ainoname);
  return P1_TRY(std::move(found));
}

Errno Preview1::sock_getaddrinfo(GuestMemory& memory, Ptr node, Size node_len, Ptr service,
                                 Size service_len, Ptr hints_at, Ptr results, Size max_results,
                                 Ptr count_out) {
  std::string host = P1_TRY(read_text(memory, node, node_len));
  std::string service_text = P1_TRY(read_text(memory, service, service_len));
  auto at = memory.read<uint32_t>(results);
  P1_FAULT_UNLESS(at && memory.contains(count_out, 4));
  Hints hints = P1_TRY(Hints::read(memory, hints_at));
  if (host.empty() && service_text.empty()) return Errno::ainoname;
  if (host.empty() && (hints.flags & kCanonicalName) != 0) return Errno::aibadflag;
  if (max_results == 0) return Errno::aimemory;
  auto port = port_of(service_text, (hints.flags & kNumericService) != 0);
  if (!port) return Errno::aiservice;
  std::vector<Place> places;
  Ptr next = *at;
  for (size_t most = std::min<size_t>(max_results, os::kMaxAddresses); places.size() < most;) {
    places.push_back(P1_TRY(Place::read(memory, next)));
    next = places.back().next();
    if (next == 0) break;
  }

  auto addresses = P1_TRY(addresses_of(host, hints.flags));
  bool any_v6 = std::ranges::any_of(addresses, [](auto& one) { return !is_v4(one); });
  bool maps = hints.family == address_family::v6 && (hints.flags & kMapped) != 0 &&
              (!any_v6 || (hints.flags & kAll) != 0);
  bool names = (hints.flags & kCanonicalName) != 0;
  uint32_t count = 0;
  for (const IpAddress& address : addresses) {
    bool v6 = !is_v4(address) || maps;
    bool wanted = hints.family == address_family::any || v6 == (hints.family == address_family::v6);
    if (count == places.size()) break;
    if (!wanted || !places[count].has_room_for(v6)) continue;
    std::string_view name = names && count == 0 ? std::string_view(host) : std::string_view();
    P1_FAULT_UNLESS(places[count].put(memory, hints, address, v6, *port, name));
    ++count;
  }
  if (count == 0) return Errno::ainodata;
  P1_FAULT_UNLESS(memory.write<uint32_t>(count_out, count));
  return Errno::success;
}

}  // namespace nacre::wasi::p1
