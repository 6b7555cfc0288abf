#include "wasi/p1/guest_io.h"

#include <algorithm>
#include <limits>

namespace nacre::wasi::p1 {
namespace {

// Beyond POSIX's IOV_MAX: no program needs it, and looking at each costs time.
constexpr Size kMaxListed = 1024;
constexpr size_t kMaxTotal = std::numeric_limits<int32_t>::max();

}  // namespace

P1Result<std::string> read_path(const GuestMemory& memory, Ptr path, Size length) {
  P1_FAULT_UNLESS(memory.contains(path, length));
  if (length > host::kMaxPathLength) return std::unexpected(Errno::nametoolong);
  std::string text(length, '\0');
  P1_FAULT_UNLESS(memory.copy_in(path, {reinterpret_cast<uint8_t*>(text.data()), text.size()}));
  return text;
}

P1Result<GuestBuffers> GuestBuffers::read(const GuestMemory& memory, Ptr iovs, Size count) {
  if (count > kMaxListed) return std::unexpected(Errno::inval);
  GuestBuffers buffers;
  for (Size i = 0; i < count; ++i) {
    uint64_t at = uint64_t{iovs} + uint64_t{i} * 8;
    auto address = memory.read<uint32_t>(at);
    auto length = memory.read<uint32_t>(at + 4);
    P1_FAULT_UNLESS(address && length);
    P1_FAULT_UNLESS(memory.contains(*address, *length));
    size_t room = kMaxTotal - buffers.total_;
    auto taken = static_cast<Size>(std::min<size_t>(*length, room));
    if (taken == 0 || buffers.count_ == buffers.pieces_.size()) continue;
    buffers.pieces_[buffers.count_++] = {*address, taken};
    buffers.total_ += taken;
  }
  return buffers;
}

void GuestBuffers::skip(size_t bytes) {
  total_ -= bytes;
  size_t first = 0;
  while (first < count_ && bytes >= pieces_[first].length) bytes -= pieces_[first++].length;
  std::move(pieces_.begin() + static_cast<std::ptrdiff_t>(first),
            pieces_.begin() + static_cast<std::ptrdiff_t>(count_), pieces_.begin());
  count_ -= first;
  if (bytes == 0) return;
  pieces_[0].address += static_cast<Ptr>(bytes);
  pieces_[0].length -= static_cast<Size>(bytes);
}

bool write_filestat(const GuestMemory& memory, Ptr out, const host::FileStat& stat, bool unstable) {
  std::array<uint8_t, 64> record{};
  uint8_t* at = record.data();
  store_le<uint64_t>(at, stat.device);
  store_le<uint64_t>(at + 8, stat.inode);
  at[16] = filetype_number(stat.type);
  if (unstable) {
    store_le<uint32_t>(at + 20,
                       static_cast<uint32_t>(std::min<uint64_t>(stat.link_count, UINT32_MAX)));
    at += 24;
  } else {
    store_le<uint64_t>(at + 24, stat.link_count);
    at += 32;
  }
  store_le<uint64_t>(at, stat.size_bytes);
  store_le<uint64_t>(at + 8, stat.access_time);
  store_le<uint64_t>(at + 16, stat.modified_time);
  store_le<uint64_t>(at + 24, stat.change_time);
  return memory.copy_out(out, Bytes(record).subspan(0, filestat_size(unstable)));
}

P1Result<host::FileTimes> to_times(Timestamp atim, Timestamp mtim, uint32_t fst_flags) {
  constexpr uint32_t kBothAtim = fstflags::atim | fstflags::atim_now;
  constexpr uint32_t kBothMtim = fstflags::mtim | fstflags::mtim_now;
  if ((fst_flags & ~fstflags::all) != 0 || (fst_flags & kBothAtim) == kBothAtim ||
      (fst_flags & kBothMtim) == kBothMtim) {
    return std::unexpected(Errno::inval);
  }
  host::FileTimes times;
  if ((fst_flags & fstflags::atim) != 0) times.access = atim;
  if ((fst_flags & fstflags::mtim) != 0) times.modified = mtim;
  times.access_now = (fst_flags & fstflags::atim_now) != 0;
  times.modified_now = (fst_flags & fstflags::mtim_now) != 0;
  return times;
}

}  // namespace nacre::wasi::p1
