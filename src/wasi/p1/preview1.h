// WASI preview 1 for one guest: all 46 functions as ordinary typed methods over host objects, those
// of preview 0 (wasi_unstable) that differ, as unstable_NAME, and those of the socket extension.
//
// Each method takes the guest's memory as it is during this call and returns the errno that the
// guest sees; pointers outside memory are fault, and are found before anything is read or written
// elsewhere. Pointers need no alignment. Input is copied out of the memory once and checked in the
// copy; only transfers that the host does in one call use the guest's bytes directly.
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abi/guest_memory.h"
#include "abi/trap.h"
#include "base/checked.h"
#include "host/world.h"
#include "wasi/p1/fd_table.h"
#include "wasi/p1/parked_call.h"
#include "wasi/p1/types.h"

namespace nacre::wasi::p1 {

using abi::GuestMemory;
using host::World;

class GuestBuffers;

// proc_exit: the guest's call ends here with this code.
struct Exit {
  uint32_t code;
};

// The standard streams, directories and `sockets` of a world, in this order.
std::vector<Descriptor> first_descriptors(const World& world,
                                          std::vector<std::shared_ptr<host::Socket>> sockets);

class Preview1 {
 public:
  // For one guest with `world`. `first`: its initial descriptors, from first_descriptors().
  // `written`: counts the bytes that it writes; null: they are not limited.
  Preview1(std::shared_ptr<const World> world, std::vector<Descriptor> first,
           std::shared_ptr<host::WrittenBytes> written);

  const World& world() const { return *world_; }
  const FdTable& descriptors() const { return table_; }
  host::CallLog* call_log() const { return call_log_; }
  // A limit that was set and that the last call reached, which ends the guest; else none.
  abi::TrapKind take_reached() { return std::exchange(reached_, abi::TrapKind::none); }

  // How calls wait. By default each blocks its thread. Otherwise it parks: it returns at once, its
  // result means nothing, nothing has happened that the guest could see, and take_parked() says
  // what it waits for. When that is over, the same call is made once more with the same arguments,
  // after go_on(); it may park again. Other calls may be made meanwhile.
  void set_parks(bool parks);
  // Threads for calls that no descriptor can be polled for: on files. null, the default: such calls
  // block.
  void set_workers(std::shared_ptr<os::WorkerThreads> workers) { workers_ = std::move(workers); }
  bool is_parked() const { return parked_ != nullptr; }
  // The state of the last call, if it parked, else null. It no longer uses that given to go_on().
  std::unique_ptr<ParkedCall> take_parked();
  void go_on(std::unique_ptr<ParkedCall> ended) { ended_ = std::move(ended); }

  Errno args_get(GuestMemory& memory, Ptr argv, Ptr argv_buf);
  Errno args_sizes_get(GuestMemory& memory, Ptr argc_out, Ptr argv_buf_size_out);
  Errno environ_get(GuestMemory& memory, Ptr environ, Ptr environ_buf);
  Errno environ_sizes_get(GuestMemory& memory, Ptr count_out, Ptr buf_size_out);

  Errno clock_res_get(GuestMemory& memory, uint32_t id, Ptr resolution_out);
  Errno clock_time_get(GuestMemory& memory, uint32_t id, Timestamp precision, Ptr time_out);

  Errno fd_advise(GuestMemory& memory, Fd fd, Filesize offset, Filesize length, uint32_t advice);
  Errno fd_allocate(GuestMemory& memory, Fd fd, Filesize offset, Filesize length);
  Errno fd_close(GuestMemory& memory, Fd fd);
  Errno fd_datasync(GuestMemory& memory, Fd fd);
  Errno fd_fdstat_get(GuestMemory& memory, Fd fd, Ptr stat_out);
  Errno fd_fdstat_set_flags(GuestMemory& memory, Fd fd, uint32_t flags);
  Errno fd_fdstat_set_rights(GuestMemory& memory, Fd fd, Rights base, Rights inheriting);
  Errno fd_filestat_get(GuestMemory& memory, Fd fd, Ptr stat_out);
  Errno unstable_fd_filestat_get(GuestMemory& memory, Fd fd, Ptr stat_out);
  Errno fd_filestat_set_size(GuestMemory& memory, Fd fd, Filesize size);
  Errno fd_filestat_set_times(GuestMemory& memory, Fd fd, Timestamp atim, Timestamp mtim,
                              uint32_t fst_flags);
  Errno fd_pread(GuestMemory& memory, Fd fd, Ptr iovs, Size iovs_len, Filesize offset,
                 Ptr nread_out);
  Errno fd_prestat_get(GuestMemory& memory, Fd fd, Ptr prestat_out);
  Errno fd_prestat_dir_name(GuestMemory& memory, Fd fd, Ptr path, Size path_len);
  Errno fd_pwrite(GuestMemory& memory, Fd fd, Ptr iovs, Size iovs_len, Filesize offset,
                  Ptr nwritten_out);
  Errno fd_read(GuestMemory& memory, Fd fd, Ptr iovs, Size iovs_len, Ptr nread_out);
  Errno fd_readdir(GuestMemory& memory, Fd fd, Ptr buf, Size buf_len, uint64_t cookie,
                   Ptr bufused_out);
  Errno fd_renumber(GuestMemory& memory, Fd fd, Fd to);
  Errno fd_seek(GuestMemory& memory, Fd fd, int64_t offset, uint32_t whence, Ptr newoffset_out);
  Errno unstable_fd_seek(GuestMemory& memory, Fd fd, int64_t offset, uint32_t whence,
                         Ptr newoffset_out);
  Errno fd_sync(GuestMemory& memory, Fd fd);
  Errno fd_tell(GuestMemory& memory, Fd fd, Ptr offset_out);
  Errno fd_write(GuestMemory& memory, Fd fd, Ptr iovs, Size iovs_len, Ptr nwritten_out);

  Errno path_create_directory(GuestMemory& memory, Fd fd, Ptr path, Size path_len);
  Errno path_filestat_get(GuestMemory& memory, Fd fd, uint32_t flags, Ptr path, Size path_len,
                          Ptr stat_out);
  Errno unstable_path_filestat_get(GuestMemory& memory, Fd fd, uint32_t flags, Ptr path,
                                   Size path_len, Ptr stat_out);
  Errno path_filestat_set_times(GuestMemory& memory, Fd fd, uint32_t flags, Ptr path, Size path_len,
                                Timestamp atim, Timestamp mtim, uint32_t fst_flags);
  Errno path_link(GuestMemory& memory, Fd old_fd, uint32_t old_flags, Ptr old_path,
                  Size old_path_len, Fd new_fd, Ptr new_path, Size new_path_len);
  Errno path_open(GuestMemory& memory, Fd fd, uint32_t dirflags, Ptr path, Size path_len,
                  uint32_t open_flags, Rights base, Rights inheriting, uint32_t flags, Ptr fd_out);
  Errno path_readlink(GuestMemory& memory, Fd fd, Ptr path, Size path_len, Ptr buf, Size buf_len,
                      Ptr bufused_out);
  Errno path_remove_directory(GuestMemory& memory, Fd fd, Ptr path, Size path_len);
  Errno path_rename(GuestMemory& memory, Fd fd, Ptr old_path, Size old_path_len, Fd new_fd,
                    Ptr new_path, Size new_path_len);
  Errno path_symlink(GuestMemory& memory, Ptr old_path, Size old_path_len, Fd fd, Ptr new_path,
                     Size new_path_len);
  Errno path_unlink_file(GuestMemory& memory, Fd fd, Ptr path, Size path_len);

  Errno poll_oneoff(GuestMemory& memory, Ptr in, Ptr out, Size nsubscriptions, Ptr nevents_out);
  Errno unstable_poll_oneoff(GuestMemory& memory, Ptr in, Ptr out, Size nsubscriptions,
                             Ptr nevents_out);

  Exit proc_exit(GuestMemory& memory, uint32_t rval);
  Errno proc_raise(GuestMemory& memory, uint32_t sig);
  Errno sched_yield(GuestMemory& memory);
  Errno random_get(GuestMemory& memory, Ptr buf, Size buf_len);

  Errno sock_accept(GuestMemory& memory, Fd fd, uint32_t flags, Ptr fd_out);
  Errno sock_recv(GuestMemory& memory, Fd fd, Ptr ri_data, Size ri_data_len, uint32_t ri_flags,
                  Ptr ro_datalen_out, Ptr ro_flags_out);
  Errno sock_send(GuestMemory& memory, Fd fd, Ptr si_data, Size si_data_len, uint32_t si_flags,
                  Ptr so_datalen_out);
  Errno sock_shutdown(GuestMemory& memory, Fd fd, uint32_t how);

  // The socket extension; see p1.def.
  Errno sock_open(GuestMemory& memory, uint32_t family, uint32_t type, Ptr fd_out);
  Errno sock_bind(GuestMemory& memory, Fd fd, Ptr address, uint32_t port);
  Errno sock_listen(GuestMemory& memory, Fd fd, uint32_t backlog);
  Errno sock_accept_plain(GuestMemory& memory, Fd fd, Ptr fd_out);
  Errno sock_connect(GuestMemory& memory, Fd fd, Ptr address, uint32_t port);
  Errno sock_recv_from(GuestMemory& memory, Fd fd, Ptr ri_data, Size ri_data_len, Ptr address,
                       uint32_t ri_flags, Ptr port_out, Ptr ro_datalen_out, Ptr ro_flags_out);
  Errno sock_recv_from_portless(GuestMemory& memory, Fd fd, Ptr ri_data, Size ri_data_len,
                                Ptr address, uint32_t ri_flags, Ptr ro_datalen_out,
                                Ptr ro_flags_out);
  Errno sock_send_to(GuestMemory& memory, Fd fd, Ptr si_data, Size si_data_len, Ptr address,
                     uint32_t port, uint32_t si_flags, Ptr so_datalen_out);
  Errno sock_getsockopt(GuestMemory& memory, Fd fd, uint32_t level, uint32_t name, Ptr value_out,
                        Ptr size_inout);
  Errno sock_setsockopt(GuestMemory& memory, Fd fd, uint32_t level, uint32_t name, Ptr value,
                        Size size);
  Errno sock_getlocaladdr(GuestMemory& memory, Fd fd, Ptr address, Ptr type_out, Ptr port_out);
  Errno sock_getlocaladdr_typed(GuestMemory& memory, Fd fd, Ptr address, Ptr port_out);
  Errno sock_getpeeraddr(GuestMemory& memory, Fd fd, Ptr address, Ptr type_out, Ptr port_out);
  Errno sock_getpeeraddr_typed(GuestMemory& memory, Fd fd, Ptr address, Ptr port_out);
  Errno sock_getaddrinfo(GuestMemory& memory, Ptr node, Size node_len, Ptr service,
                         Size service_len, Ptr hints, Ptr results, Size max_results, Ptr count_out);

 private:
  struct Subscription;
  struct Event;
  struct PollState;
  struct ParkedPoll;

  P1Result<host::Dir*> dir(Fd fd, Operation operation);
  Errno filestat_get(GuestMemory& memory, Fd fd, Ptr stat_out, bool unstable);
  Errno filestat_get_at(GuestMemory& memory, Fd fd, uint32_t flags, Ptr path, Size path_len,
                        Ptr stat_out, bool unstable);
  Errno seek(GuestMemory& memory, Fd fd, int64_t offset, Whence whence, Ptr newoffset_out);
  Errno poll(GuestMemory& memory, Ptr in, Ptr out, Size nsubscriptions, Ptr nevents_out,
             bool unstable);
  P1Result<size_t> read_some(Descriptor& descriptor, std::span<const MutableBytes> to);
  P1Result<size_t> write_some(Descriptor& descriptor, std::span<const Bytes> from);
  // again, if waiting would be needed and the descriptor does not want it, or the call parks.
  P1Result<void> before_transfer(Descriptor& descriptor, bool writing);
  P1Result<size_t> read_file(const Descriptor& descriptor, std::span<const MutableBytes> to,
                             uint64_t offset);
  Errno sync(Fd fd, Operation operation, bool data_only);

  // Whether a call must not wait for the descriptor: it does not want that, or calls park.
  bool is_nonblocking(const Descriptor& descriptor) const {
    return ((descriptor.flags | implied_flags_) & fdflags::nonblock) != 0;
  }
  bool parks() const { return implied_flags_ != 0; }
  void park(std::unique_ptr<ParkedCall> call) { parked_ = std::move(call); }
  // The transfer cannot be done now: the call parks, if calls do and the descriptor wants to wait
  // and its time is not over.
  void would_wait(const Descriptor& descriptor, bool writing);
  // The result of a transfer as it is; the call parks if it would have to wait.
  template <class T>
  host::HostResult<T> done_or_parked(const Descriptor& descriptor, bool writing,
                                     host::HostResult<T> result) {
    if (result) [[likely]]
      return result;
    bool waits = result.error() == host::Errno::again ||
                 result.error() == host::Errno::inprogress ||
                 result.error() == host::Errno::already;
    if (waits) would_wait(descriptor, writing);
    return result;
  }
  // The state that this call left when it parked; null: it is made for the first time.
  template <class Call>
  std::unique_ptr<Call> take_ended() {
    if (ended_ == nullptr || ended_->kind() != Call::kKind) return nullptr;
    return std::unique_ptr<Call>(static_cast<Call*>(ended_.release()));
  }

  Errno receive_from(GuestMemory& memory, Descriptor& descriptor, Ptr ri_data, Size ri_data_len,
                     uint32_t ri_flags, Ptr ro_datalen_out, Ptr ro_flags_out,
                     std::optional<Endpoint>& sender);
  // Reads until the buffers are full or the end is reached; may park between the parts.
  P1Result<size_t> receive_all(GuestMemory& memory, Descriptor& descriptor, GuestBuffers& buffers);
  Errno receive_datagram(GuestMemory& memory, Fd fd, Ptr ri_data, Size ri_data_len, Ptr address,
                         uint32_t ri_flags, std::optional<Ptr> port_out, Ptr ro_datalen_out,
                         Ptr ro_flags_out);
  Errno write_end(GuestMemory& memory, Fd fd, bool of_peer, Ptr address,
                  std::optional<Ptr> type_out, Ptr port_out);
  // The listening socket that was granted for just this address.
  std::shared_ptr<host::Socket> granted_listener(const Endpoint& at) const;
  P1Result<std::vector<IpAddress>> addresses_of(std::string_view node, uint32_t flags);
  P1Result<std::vector<IpAddress>> look_up(std::string_view node);

  void subscribe_clock(PollState& state, const Subscription& subscription);
  void subscribe_descriptor(PollState& state, const Subscription& subscription);
  P1Result<void> subscribe(PollState& state, GuestMemory& memory, Ptr in, Size nsubscriptions,
                           bool unstable);
  // Whether there are events; where calls park, there may be none.
  P1Result<bool> wait_for_events(PollState& state);
  void park_poll(PollState state);

  // The error of a call that wants one descriptor too many.
  Errno no_descriptor();
  // Whether this many bytes more may be written; if not, the guest has reached its limit.
  bool may_write(uint64_t bytes);
  void note_written(uint64_t bytes);
  // How much a write at `offset`, or at the descriptor's position, makes a file longer beyond its
  // own bytes: the gap between the old end and it. 0 if writing is not limited.
  P1Result<uint64_t> gap_before(const Descriptor& descriptor, std::optional<uint64_t> offset);
  // write(from), counted, after such a gap.
  template <class Write>
  P1Result<size_t> counted(std::span<const Bytes> from, Write write, uint64_t gap = 0) {
    uint64_t total = 0;
    for (Bytes bytes : from) total += bytes.size();
    if (total != 0 && !may_write(total + gap)) return std::unexpected(Errno::nospc);
    size_t written = P1_TRY(write(from));
    if (written != 0) note_written(written + gap);
    return written;
  }
  // Calls change(), which makes a file at least this long.
  template <class Change>
  Errno lengthen(const Descriptor& descriptor, uint64_t size_bytes, Change change);

  std::shared_ptr<const World> world_;
  host::CallLog* call_log_;  // the world's
  std::shared_ptr<host::WrittenBytes> written_;
  FdTable table_;
  std::vector<std::weak_ptr<host::Socket>> granted_sockets_;
  abi::TrapKind reached_ = abi::TrapKind::none;
  // fdflags that all descriptors have in addition: none, or nonblock if calls park.
  uint32_t implied_flags_ = 0;
  std::shared_ptr<os::WorkerThreads> workers_;  // null: none
  std::unique_ptr<ParkedCall> parked_;          // the last call
  std::unique_ptr<ParkedCall> ended_;           // the next call, as it was when it parked
};

}  // namespace nacre::wasi::p1
