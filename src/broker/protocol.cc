#include "broker/protocol.h"

#include <algorithm>

namespace nacre::broker {
namespace {

using host::DirEntry;
using host::FileStat;
using host::FileTimes;
using host::FileType;
using host::OpenOptions;

// The flags of OpenOptions in the order of their bits.
constexpr bool OpenOptions::* kFlags[] = {
    &OpenOptions::read,      &OpenOptions::write,    &OpenOptions::create,
    &OpenOptions::exclusive, &OpenOptions::truncate, &OpenOptions::directory,
    &OpenOptions::follow,    &OpenOptions::sync,     &OpenOptions::data_sync,
};

FileType read_type(Reader& from) {
  auto type = from.number<uint8_t>();
  return type > static_cast<uint8_t>(FileType::pipe) ? FileType::unknown
                                                     : static_cast<FileType>(type);
}

void write_time(Writer& to, const std::optional<uint64_t>& time, bool now) {
  to.number<uint8_t>(static_cast<uint8_t>((time ? 1 : 0) | (now ? 2 : 0))).number(time.value_or(0));
}

void read_time(Reader& from, std::optional<uint64_t>& time, bool& now) {
  auto flags = from.number<uint8_t>();
  auto value = from.number<uint64_t>();
  if ((flags & 1) != 0) time = value;
  now = (flags & 2) != 0;
}

}  // namespace

Writer success() {
  Writer writer;
  writer.number<uint8_t>(0);
  return writer;
}

Reader reader_of(const os::Channel::Message& answer) {
  return Reader(Bytes(answer.bytes).subspan(kErrorAt + 1));
}

void write(Writer& to, const OpenOptions& options) {
  uint16_t bits = 0;
  for (size_t i = 0; i < std::size(kFlags); ++i) {
    if (options.*kFlags[i]) bits |= static_cast<uint16_t>(1 << i);
  }
  to.number(bits);
}

OpenOptions read_options(Reader& from) {
  OpenOptions options;
  auto bits = from.number<uint16_t>();
  for (size_t i = 0; i < std::size(kFlags); ++i) options.*kFlags[i] = ((bits >> i) & 1) != 0;
  return options;
}

void write(Writer& to, const FileStat& stat) {
  to.number(stat.device).number(stat.inode).number(stat.type).number(stat.link_count);
  to.number(stat.size_bytes).number(stat.access_time).number(stat.modified_time);
  to.number(stat.change_time);
}

FileStat read_stat(Reader& from) {
  FileStat stat;
  stat.device = from.number<uint64_t>();
  stat.inode = from.number<uint64_t>();
  stat.type = read_type(from);
  stat.link_count = from.number<uint64_t>();
  stat.size_bytes = from.number<uint64_t>();
  stat.access_time = from.number<uint64_t>();
  stat.modified_time = from.number<uint64_t>();
  stat.change_time = from.number<uint64_t>();
  return stat;
}

void write(Writer& to, const FileTimes& times) {
  write_time(to, times.access, times.access_now);
  write_time(to, times.modified, times.modified_now);
}

FileTimes read_times(Reader& from) {
  FileTimes times;
  read_time(from, times.access, times.access_now);
  read_time(from, times.modified, times.modified_now);
  return times;
}

void write(Writer& to, const DirEntry& entry) {
  to.number(entry.next_cookie).number(entry.inode).number(entry.type).text(entry.name);
}

DirEntry read_entry(Reader& from) {
  DirEntry entry{};
  entry.next_cookie = from.number<uint64_t>();
  entry.inode = from.number<uint64_t>();
  entry.type = read_type(from);
  entry.name = from.text();
  return entry;
}

void write(Writer& to, const policy::CallLine& line) {
  to.text(line.call).number(line.uses).text(line.object).text(line.result);
  to.number(line.time).number(line.count);
}

policy::CallLine read_call(Reader& from) {
  policy::CallLine line;
  line.call = from.text();
  line.uses = from.number<grant::Uses>();
  line.object = from.text();
  line.result = from.text();
  line.time = from.number<uint64_t>();
  line.count = from.number<uint64_t>();
  return line;
}

void write(Writer& to, const IpAddress& address) { to.text(as_text(Bytes(address))); }

IpAddress read_address(Reader& from) {
  IpAddress address{};
  std::string_view bytes = from.text();
  if (bytes.size() != address.size()) {
    from.fail();
  } else {
    std::ranges::copy(bytes, address.begin());
  }
  return address;
}

void write(Writer& to, const Endpoint& endpoint) {
  write(to, endpoint.address);
  to.number(endpoint.port);
}

Endpoint read_endpoint(Reader& from) {
  Endpoint endpoint;
  endpoint.address = read_address(from);
  endpoint.port = from.number<uint16_t>();
  return endpoint;
}

void write(Writer& to, const host::SocketPlan& plan) {
  to.number<uint8_t>(plan.family == os::IpFamily::v6)
      .number<uint8_t>(plan.type == os::SocketType::stream);
  to.number<uint8_t>(plan.source.has_value());
  write(to, plan.source.value_or(IpAddress{}));
  for (auto [option, value] : plan.options) to.number(option).number(value);
}

std::optional<host::SocketPlan> read_plan(Reader& from) {
  host::SocketPlan plan;
  plan.family = from.flag() ? os::IpFamily::v6 : os::IpFamily::v4;
  plan.type = from.flag() ? os::SocketType::stream : os::SocketType::datagram;
  bool has_source = from.flag();
  IpAddress source = read_address(from);
  if (has_source) plan.source = source;
  while (from.more()) {
    auto option = from.number<uint8_t>();
    auto value = from.number<int64_t>();
    bool known = option < os::kSocketOptions;
    if (!known || !os::is_settable(static_cast<os::SocketOption>(option))) return std::nullopt;
    plan.options[static_cast<os::SocketOption>(option)] = value;
  }
  if (!from.complete()) return std::nullopt;
  return plan;
}

}  // namespace nacre::broker
