// Construction, arguments, environment, clocks, randomness, process.
#include "wasi/p1/preview1.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "wasi/p1/guest_io.h"

namespace nacre::wasi::p1 {
namespace {

// The descriptors 0, 1, 2. A stream that was not given is there without rights, so that its number
// is not taken by something else.
Descriptor standard_descriptor(std::shared_ptr<host::Stream> stream, bool input) {
  Descriptor descriptor;
  if (!stream) {
    descriptor.handle = host::make_null_stream(false, false);
    return descriptor;
  }
  auto stat = stream->stat();
  if (stat) descriptor.type = stat->type;
  Rights held = stream->seekable() ? rights::of_file : rights::of_stream;
  held &= ~(input ? rights::changing : rights::reading);
  // A terminal has no position; that is how programs tell one.
  if (stream->is_terminal()) held &= ~(rights::fd_seek | rights::fd_tell);
  descriptor.base = held;
  os::OpenedAs opened = stream->opened_as();
  if (opened.append) descriptor.flags |= fdflags::append;
  if (opened.data_sync) descriptor.flags |= fdflags::dsync;
  if (opened.sync) descriptor.flags |= fdflags::sync | fdflags::rsync;
  descriptor.handle = std::move(stream);
  return descriptor;
}

// Texts one behind the other, each ended by a NUL, and a pointer to each.
Errno write_texts(GuestMemory& memory, const std::vector<std::string>& texts, Ptr pointers,
                  Ptr buffer) {
  uint64_t pointer = pointers;
  uint64_t address = buffer;
  for (const std::string& text : texts) {
    if (address > UINT32_MAX) return Errno::overflow;
    Bytes with_nul(reinterpret_cast<const uint8_t*>(text.c_str()), text.size() + 1);
    P1_FAULT_UNLESS(memory.write<uint32_t>(pointer, static_cast<uint32_t>(address)));
    P1_FAULT_UNLESS(memory.copy_out(address, with_nul));
    pointer += 4;
    address += with_nul.size();
  }
  return Errno::success;
}

Errno write_sizes(GuestMemory& memory, const std::vector<std::string>& texts, Ptr count_out,
                  Ptr size_out) {
  uint64_t size = 0;
  for (const std::string& text : texts) size += text.size() + 1;
  if (size > UINT32_MAX || texts.size() > UINT32_MAX) return Errno::overflow;
  P1_FAULT_UNLESS(memory.write<uint32_t>(count_out, static_cast<uint32_t>(texts.size())));
  P1_FAULT_UNLESS(memory.write<uint32_t>(size_out, static_cast<uint32_t>(size)));
  return Errno::success;
}

std::vector<std::string> variables_of(const host::Env& env) {
  std::vector<std::string> result;
  auto add = [&](const host::Variables& variables) {
    for (const auto& [name, value] : variables) {
      std::string& text = result.emplace_back(name);
      text += '=';
      text += value;
    }
  };
  add(env.variables);
  if (env.undecided) add(env.undecided->decided());
  return result;
}

std::optional<host::ClockKind> clock_kind(uint32_t id) {
  if (id > static_cast<uint32_t>(host::ClockKind::thread_cputime)) return std::nullopt;
  return static_cast<host::ClockKind>(id);
}

}  // namespace

std::vector<Descriptor> first_descriptors(const World& world,
                                          std::vector<std::shared_ptr<host::Socket>> sockets) {
  std::vector<Descriptor> first;
  for (size_t number = 0; number < 3; ++number)
    first.push_back(standard_descriptor(world.stream(number), number == 0));
  for (const host::Preopen& preopen : world.preopens()) {
    first.push_back({.handle = preopen.dir,
                     .type = host::FileType::directory,
                     .base = rights::of_directory,
                     .inheriting = rights::all,
                     .preopen_name = preopen.guest_path});
  }
  for (auto& socket : sockets) {
    bool is_stream = socket->is_stream();
    first.push_back(
        {.handle = std::move(socket),
         .type = is_stream ? host::FileType::socket_stream : host::FileType::socket_datagram,
         .base = rights::of_socket,
         .inheriting = rights::of_socket});
  }
  return first;
}

Preview1::Preview1(std::shared_ptr<const World> world, std::vector<Descriptor> first,
                   std::shared_ptr<host::WrittenBytes> written)
    : world_(std::move(world)),
      call_log_(world_->call_log().get()),
      written_(std::move(written)),
      table_(world_->limits().max_handles) {
  for (Descriptor& descriptor : first) {
    if (descriptor.handle->kind() == host::HandleKind::socket)
      granted_sockets_.push_back(std::static_pointer_cast<host::Socket>(descriptor.handle));
    // A grant of more than fits was refused before.
    auto inserted = table_.insert(std::move(descriptor));
    static_cast<void>(inserted);
  }
}

void Preview1::set_parks(bool parks) { implied_flags_ = parks ? fdflags::nonblock : 0; }

std::unique_ptr<ParkedCall> Preview1::take_parked() {
  ended_ = nullptr;
  return std::move(parked_);
}

Errno Preview1::no_descriptor() {
  if (world_->limits().handles_are_set) reached_ = abi::TrapKind::handles_limit;
  return Errno::mfile;
}

bool Preview1::may_write(uint64_t bytes) {
  const std::optional<uint64_t>& most = world_->limits().max_written_bytes;
  if (!most || in_bounds(written_->load(), bytes, *most)) return true;
  reached_ = abi::TrapKind::written_limit;
  return false;
}

void Preview1::note_written(uint64_t bytes) {
  if (world_->limits().max_written_bytes) written_->fetch_add(bytes, std::memory_order_relaxed);
}

Errno Preview1::args_get(GuestMemory& memory, Ptr argv, Ptr argv_buf) {
  return write_texts(memory, world_->env().arguments, argv, argv_buf);
}

Errno Preview1::args_sizes_get(GuestMemory& memory, Ptr argc_out, Ptr argv_buf_size_out) {
  return write_sizes(memory, world_->env().arguments, argc_out, argv_buf_size_out);
}

Errno Preview1::environ_get(GuestMemory& memory, Ptr environ, Ptr environ_buf) {
  return write_texts(memory, variables_of(world_->env()), environ, environ_buf);
}

Errno Preview1::environ_sizes_get(GuestMemory& memory, Ptr count_out, Ptr buf_size_out) {
  return write_sizes(memory, variables_of(world_->env()), count_out, buf_size_out);
}

Errno Preview1::clock_res_get(GuestMemory& memory, uint32_t id, Ptr resolution_out) {
  auto kind = clock_kind(id);
  if (!kind) return Errno::inval;
  if (!world_->clock()) return Errno::notcapable;
  uint64_t resolution = P1_TRY(world_->clock()->resolution(*kind));
  P1_FAULT_UNLESS(memory.write<uint64_t>(resolution_out, resolution));
  return Errno::success;
}

Errno Preview1::clock_time_get(GuestMemory& memory, uint32_t id, Timestamp, Ptr time_out) {
  auto kind = clock_kind(id);
  if (!kind) return Errno::inval;
  if (!world_->clock()) return Errno::notcapable;
  uint64_t time = P1_TRY(world_->clock()->now(*kind));
  P1_FAULT_UNLESS(memory.write<uint64_t>(time_out, time));
  return Errno::success;
}

Exit Preview1::proc_exit(GuestMemory&, uint32_t rval) { return Exit{rval}; }

// Gone from later versions; no runtime ever sent a signal.
Errno Preview1::proc_raise(GuestMemory&, uint32_t) { return Errno::notsup; }

Errno Preview1::sched_yield(GuestMemory&) {
  std::this_thread::yield();
  return Errno::success;
}

Errno Preview1::random_get(GuestMemory& memory, Ptr buf, Size buf_len) {
  constexpr size_t kChunk = 4096;
  if (!world_->random()) return Errno::notcapable;
  P1_FAULT_UNLESS(memory.contains(buf, buf_len));
  std::array<uint8_t, kChunk> chunk;
  uint64_t address = buf;
  for (size_t left = buf_len; left != 0;) {
    MutableBytes part(chunk.data(), std::min(left, kChunk));
    P1_TRY(world_->random()->fill(part));
    P1_FAULT_UNLESS(memory.copy_out(address, part));
    address += part.size();
    left -= part.size();
  }
  return Errno::success;
}

}  // namespace nacre::wasi::p1
