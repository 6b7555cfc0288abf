// run: --dir %root::/ --env A=b
// setup: mkdir d; echo content > f; ln -s f link; ln -s nowhere dangling
// args: 1
// Calls of every function with arguments that a program would not make: whatever comes back, the
// host stays whole, the call ends, and the guest's own data is where it was.
#include "check.h"
#include "random.h"

#define IMPORT(name) \
  __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) uint32_t raw_##name

IMPORT(args_get)(uint32_t, uint32_t);
IMPORT(args_sizes_get)(uint32_t, uint32_t);
IMPORT(environ_get)(uint32_t, uint32_t);
IMPORT(environ_sizes_get)(uint32_t, uint32_t);
IMPORT(clock_res_get)(uint32_t, uint32_t);
IMPORT(clock_time_get)(uint32_t, uint64_t, uint32_t);
IMPORT(fd_advise)(uint32_t, uint64_t, uint64_t, uint32_t);
IMPORT(fd_allocate)(uint32_t, uint64_t, uint64_t);
IMPORT(fd_close)(uint32_t);
IMPORT(fd_datasync)(uint32_t);
IMPORT(fd_fdstat_get)(uint32_t, uint32_t);
IMPORT(fd_fdstat_set_flags)(uint32_t, uint32_t);
IMPORT(fd_fdstat_set_rights)(uint32_t, uint64_t, uint64_t);
IMPORT(fd_filestat_get)(uint32_t, uint32_t);
IMPORT(fd_filestat_set_size)(uint32_t, uint64_t);
IMPORT(fd_filestat_set_times)(uint32_t, uint64_t, uint64_t, uint32_t);
IMPORT(fd_pread)(uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
IMPORT(fd_prestat_get)(uint32_t, uint32_t);
IMPORT(fd_prestat_dir_name)(uint32_t, uint32_t, uint32_t);
IMPORT(fd_pwrite)(uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
IMPORT(fd_read)(uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(fd_readdir)(uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
IMPORT(fd_renumber)(uint32_t, uint32_t);
IMPORT(fd_seek)(uint32_t, uint64_t, uint32_t, uint32_t);
IMPORT(fd_sync)(uint32_t);
IMPORT(fd_tell)(uint32_t, uint32_t);
IMPORT(fd_write)(uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(path_create_directory)(uint32_t, uint32_t, uint32_t);
IMPORT(path_filestat_get)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(path_filestat_set_times)
(uint32_t, uint32_t, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t);
IMPORT(path_link)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(path_open)
(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t, uint32_t);
IMPORT(path_readlink)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(path_remove_directory)(uint32_t, uint32_t, uint32_t);
IMPORT(path_rename)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(path_symlink)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(path_unlink_file)(uint32_t, uint32_t, uint32_t);
IMPORT(poll_oneoff)(uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(proc_raise)(uint32_t);
IMPORT(sched_yield)(void);
IMPORT(random_get)(uint32_t, uint32_t);
IMPORT(sock_accept)(uint32_t, uint32_t, uint32_t);
IMPORT(sock_recv)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_send)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_shutdown)(uint32_t, uint32_t);

enum { kArena = 1 << 16, kCalls = 60000 };
// Where pointers that are no nonsense point to: scratch for the host to write into, and texts.
static uint8_t arena[kArena] __attribute__((aligned(16)));
static const char* const kNames[] = {"f",
                                     "d",
                                     "d/x",
                                     "link",
                                     "dangling",
                                     "..",
                                     ".",
                                     "",
                                     "/",
                                     "d/../f",
                                     "f/",
                                     "d//x/",
                                     "../outside/secret",
                                     "link/",
                                     "new",
                                     "d/.",
                                     "a\xff",
                                     "d/link",
                                     "x/y",
                                     "./f",
                                     "d/.."};
enum { kNameCount = sizeof kNames / sizeof kNames[0] };

static uint32_t pointer(void) {
  switch (pick(16)) {
    case 0:
      return 0xFFFFFFFFu - pick(64);
    case 1:
      return (uint32_t)__builtin_wasm_memory_size(0) * 65536u - pick(64);
    case 2:
      return 0x80000000u + pick(64);
    default:
      return (uint32_t)(uintptr_t)arena + pick(kArena / 2);
  }
}
static uint32_t size(void) {
  switch (pick(12)) {
    case 0:
      return 0xFFFFFFFFu - pick(8);
    case 1:
      return 0x7FFFFFFFu + pick(8);
    case 2:
      return 0;
    default:
      return pick(kArena / 2);
  }
}
static uint64_t wide(void) {
  static const uint64_t kEdges[] = {0,          1,          4096,       INT64_MAX,
                                    UINT64_MAX, 1ull << 63, 1ull << 32, 999999999ull};
  return pick(2) == 0 ? kEdges[pick(8)] : pick(100000);
}
static uint32_t name_size;
static uint32_t name(void) {
  const char* text = kNames[pick(kNameCount)];
  name_size = (uint32_t)strlen(text);
  if (pick(30) == 0) name_size = size();
  return pick(30) == 0 ? pointer() : (uint32_t)(uintptr_t)text;
}
// A list of buffers in the arena, most of them sound. Never a list of whatever the arena holds:
// such a call may overwrite this program.
static uint32_t buffers(void) {
  uint32_t at = (uint32_t)(uintptr_t)arena + (pick(kArena / 4) & ~3u);
  for (uint32_t i = 0; i < 4; ++i) {
    uint32_t entry[2] = {pointer(), pick(3) == 0 ? size() : pick(512)};
    memcpy((void*)(uintptr_t)(at + i * 8), entry, 8);
  }
  return pick(20) == 0 ? 0x80000000u + pick(64) : at;
}
static uint32_t buffer_count(void) { return pick(40) == 0 ? 0x7FFFFFFFu + pick(8) : pick(5); }
// Subscriptions that do not wait: a clock long ago beside whatever else.
static uint32_t subscriptions(uint32_t count) {
  __wasi_subscription_t list[4] = {0};
  for (uint32_t i = 0; i < count && i < 4; ++i) {
    list[i].userdata = next();
    list[i].u.tag = (uint8_t)(pick(10) == 0 ? next() : 1 + pick(2));
    list[i].u.u.fd_read.file_descriptor = descriptor();
  }
  list[0].u.tag = __WASI_EVENTTYPE_CLOCK;
  list[0].u.u.clock.id = pick(5);
  list[0].u.u.clock.timeout = pick(1000);
  memcpy(arena, list, sizeof list);
  return (uint32_t)(uintptr_t)arena;
}

static uint32_t call(uint32_t which) {
  // Arguments are made in a fixed order, so that a seed stands for one run.
  uint32_t fd = descriptor(), other = descriptor(), p = pointer(), q = pointer(), n = size();
  uint64_t a = wide(), b = wide();
  uint32_t f = flags(), g = flags();
  uint32_t path = name(), path_size = name_size, path2 = name(), path2_size = name_size;
  switch (which) {
    case 0:
      return raw_args_get(p, q);
    case 1:
      return raw_args_sizes_get(p, q);
    case 2:
      return raw_environ_get(p, q);
    case 3:
      return raw_environ_sizes_get(p, q);
    case 4:
      return raw_clock_res_get(f, p);
    case 5:
      return raw_clock_time_get(f, a, p);
    case 6:
      return raw_fd_advise(fd, a, b, f);
    case 7:
      return raw_fd_allocate(fd, pick(100000), pick(100000));
    case 8:
      return fd == 3 ? 0 : raw_fd_close(fd);
    case 9:
      return raw_fd_datasync(fd);
    case 10:
      return raw_fd_fdstat_get(fd, p);
    case 11:
      return raw_fd_fdstat_set_flags(fd, f);
    case 12:
      return fd == 3 ? 0 : raw_fd_fdstat_set_rights(fd, next(), next());
    case 13:
      return raw_fd_filestat_get(fd, p);
    case 14:
      return raw_fd_filestat_set_size(fd, pick(100000));
    case 15:
      return raw_fd_filestat_set_times(fd, a, b, f);
    case 16:
      return raw_fd_pread(fd, buffers(), buffer_count(), a, q);
    case 17:
      return raw_fd_prestat_get(fd, p);
    case 18:
      return raw_fd_prestat_dir_name(fd, p, n);
    case 19:
      return raw_fd_pwrite(fd, buffers(), buffer_count(), pick(100000), q);
    case 20:
      return raw_fd_readdir(fd, p, n, a, q);
    case 21:
      return other == 3 || fd == 3 ? 0 : raw_fd_renumber(fd, other);
    case 22:
      return raw_fd_seek(fd, a, f, p);
    case 23:
      return raw_fd_sync(fd);
    case 24:
      return raw_fd_tell(fd, p);
    case 25:
      return raw_path_create_directory(fd, path, path_size);
    case 26:
      return raw_path_filestat_get(fd, f, path, path_size, p);
    case 27:
      return raw_path_filestat_set_times(fd, f, path, path_size, a, b, g);
    case 28:
      return raw_path_link(fd, f, path, path_size, other, path2, path2_size);
    case 29:
      return raw_path_readlink(fd, path, path_size, p, n, q);
    case 30:
      return raw_path_remove_directory(fd, path, path_size);
    case 31:
      return raw_path_rename(fd, path, path_size, other, path2, path2_size);
    case 32:
      return raw_path_symlink(path, path_size, fd, path2, path2_size);
    case 33:
      return raw_path_unlink_file(fd, path, path_size);
    case 34:
      return raw_poll_oneoff(subscriptions(1 + pick(4)), p, 1 + pick(4), q);
    case 35:
      return raw_sched_yield();
    case 36:
      return raw_random_get(p, n);
    case 37:
      return raw_sock_accept(fd, f, p);
    case 38:
      return raw_sock_recv(fd, buffers(), buffer_count(), f, p, q);
    case 39:
      return raw_sock_send(fd, buffers(), buffer_count(), f, p);
    case 40:
      return raw_sock_shutdown(fd, f);
    case 41:
      return raw_fd_read(fd, buffers(), buffer_count(), q);
    case 42:
      return raw_fd_write(fd, buffers(), buffer_count(), q);
    default:
      return raw_path_open(pick(2) == 0 ? 3 : fd, f, path, path_size, g | pick(16),
                           pick(3) == 0 ? next() : ~0ull, pick(3) == 0 ? next() : ~0ull,
                           pick(4) == 0 ? flags() : __WASI_FDFLAGS_NONBLOCK, p);
  }
}

int main(int argc, char** argv) {
  seed_from(argc, argv);
  const uint32_t known_errors = __WASI_ERRNO_NOTCAPABLE + 1;
  int answers[__WASI_ERRNO_NOTCAPABLE + 1] = {0};
  for (int i = 0; i < kCalls; ++i) {
    uint32_t which = pick(56);
    uint32_t error = call(which);
    if (error >= known_errors) {
      printf("call %d of function %u: error %u does not exist\n", i, which, error);
      return 1;
    }
    ++answers[error];
  }
  // It was about something: calls of several ends, and still a working host.
  CHECK(answers[__WASI_ERRNO_SUCCESS] > kCalls / 20);
  CHECK(answers[__WASI_ERRNO_FAULT] > kCalls / 100);
  CHECK(answers[__WASI_ERRNO_BADF] > kCalls / 100);
  CHECK(answers[__WASI_ERRNO_NOENT] > 100);
  CHECK(answers[__WASI_ERRNO_PERM] > 100);
  CHECK(answers[__WASI_ERRNO_NOTCAPABLE] > 100);
  for (uint32_t fd = 4; fd < 16; ++fd) raw_fd_close(fd);
  int fd = -1;
  EQUAL(raw_open(ROOT, "last", __WASI_OFLAGS_CREAT, WRITE_RIGHTS, &fd), 0);
  EQUAL(__wasi_fd_close(fd), 0);
  return finish();
}
