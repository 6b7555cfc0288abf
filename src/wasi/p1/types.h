// The numbers of WASI preview 1: errno, rights, flags (preview1/typenames.witx).
#pragma once

#include <cstdint>
#include <string_view>

#include "host/errno.h"
#include "host/handle.h"

namespace nacre::wasi::p1 {

using Fd = uint32_t;
using Ptr = uint32_t;   // into the guest's memory
using Size = uint32_t;  // bytes or elements there
using Filesize = uint64_t;
using Timestamp = uint64_t;  // nanoseconds

enum class Errno : uint16_t {
#define WASI_ERRNO(name) name,
#include "wasi/p1/errno.def"
#undef WASI_ERRNO
};

// What a host object refuses for lack of a grant is perm: notcapable is for rights of a
// descriptor that the guest itself gave up.
Errno from_host(host::Errno error);
std::string_view errno_name(Errno error);

// Of the socket extension.
namespace address_family {
inline constexpr uint8_t any = 0, v4 = 1, v6 = 2;
}
namespace socket_type {
inline constexpr uint8_t any = 0, datagram = 1, stream = 2;
}

using Rights = uint64_t;
namespace rights {
namespace bit {
enum : unsigned {
#define RIGHT(name) name,
#include "wasi/p1/rights.def"
#undef RIGHT
};
}  // namespace bit
inline constexpr Rights none = 0;
#define RIGHT(name) inline constexpr Rights name = Rights{1} << bit::name;
#include "wasi/p1/rights.def"
#undef RIGHT
inline constexpr Rights all = 0
#define RIGHT(name) | name
#include "wasi/p1/rights.def"
#undef RIGHT
    ;

// The rights that apply to each type of file.
inline constexpr Rights of_directory =
    fd_datasync | fd_fdstat_set_flags | fd_sync | path_create_directory | path_create_file |
    path_link_source | path_link_target | path_open | fd_readdir | path_readlink |
    path_rename_source | path_rename_target | path_filestat_get | path_filestat_set_size |
    path_filestat_set_times | fd_filestat_get | fd_filestat_set_times | path_symlink |
    path_remove_directory | path_unlink_file;
inline constexpr Rights of_file = fd_datasync | fd_read | fd_seek | fd_fdstat_set_flags | fd_sync |
                                  fd_tell | fd_write | fd_advise | fd_allocate | fd_filestat_get |
                                  fd_filestat_set_size | fd_filestat_set_times | poll_fd_readwrite;
inline constexpr Rights of_stream = fd_datasync | fd_read | fd_seek | fd_fdstat_set_flags |
                                    fd_sync | fd_tell | fd_write | fd_filestat_get |
                                    poll_fd_readwrite;
// Standard streams: what comes in is not changed, and what goes out is not read.
inline constexpr Rights changing =
    fd_write | fd_allocate | fd_filestat_set_size | fd_filestat_set_times;
inline constexpr Rights reading = fd_read;
inline constexpr Rights of_socket = fd_read | fd_fdstat_set_flags | fd_write | fd_filestat_get |
                                    poll_fd_readwrite | sock_shutdown | sock_accept;
}  // namespace rights

namespace fdflags {
inline constexpr uint32_t append = 1;
inline constexpr uint32_t dsync = 2;
inline constexpr uint32_t nonblock = 4;
inline constexpr uint32_t rsync = 8;
inline constexpr uint32_t sync = 16;
inline constexpr uint32_t all = 31;
}  // namespace fdflags

namespace oflags {
inline constexpr uint32_t creat = 1;
inline constexpr uint32_t directory = 2;
inline constexpr uint32_t excl = 4;
inline constexpr uint32_t trunc = 8;
inline constexpr uint32_t all = 15;
}  // namespace oflags

namespace fstflags {
inline constexpr uint32_t atim = 1;
inline constexpr uint32_t atim_now = 2;
inline constexpr uint32_t mtim = 4;
inline constexpr uint32_t mtim_now = 8;
inline constexpr uint32_t all = 15;
}  // namespace fstflags

inline constexpr uint32_t kSymlinkFollow = 1;  // the only bit of $lookupflags

// $filetype; a pipe has no number of its own.
uint8_t filetype_number(host::FileType type);

enum class Whence : uint8_t { set, cur, end };

}  // namespace nacre::wasi::p1
