// run: --listen 127.0.0.1:0 --net 127.0.0.1 --net udp://[::1] --lookup localhost
// args: 1
// Calls of every function of the socket extension with arguments that a program would not make, and
// with some that connect it to itself: the host stays whole, each call ends, and no error is
// unknown.
#include "check.h"
#include "random.h"

#define IMPORT(name) \
  __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) uint32_t raw_##name

IMPORT(sock_open)(uint32_t, uint32_t, uint32_t);
IMPORT(sock_bind)(uint32_t, uint32_t, uint32_t);
IMPORT(sock_listen)(uint32_t, uint32_t);
IMPORT(sock_accept)(uint32_t, uint32_t, uint32_t);
IMPORT(sock_connect)(uint32_t, uint32_t, uint32_t);
IMPORT(sock_recv)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_recv_from)
(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_send)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_send_to)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_shutdown)(uint32_t, uint32_t);
IMPORT(sock_getsockopt)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_setsockopt)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_getlocaladdr)(uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_getpeeraddr)(uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(sock_getaddrinfo)
(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(fd_read)(uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(fd_write)(uint32_t, uint32_t, uint32_t, uint32_t);
IMPORT(fd_close)(uint32_t);

enum {
  kArena = 1 << 16,
  kCalls = 30000,
  kListener = 3,
  kLastError = 87,  // of those that lookups have
  kV4 = 1,
  kV6 = 2,
  kDatagram = 1,
  kStream = 2,
  kPlaces = 4
};
static uint8_t arena[kArena] __attribute__((aligned(16)));
static uint32_t own_port;

static uint32_t at(const void* place) { return (uint32_t)(uintptr_t)place; }

static uint32_t pointer(void) {
  switch (pick(24)) {
    case 0:
      return 0xFFFFFFFFu - pick(64);
    case 1:
      return (uint32_t)__builtin_wasm_memory_size(0) * 65536u - pick(64);
    default:
      return at(arena) + pick(kArena / 2);
  }
}
static uint32_t size(void) {
  switch (pick(12)) {
    case 0:
      return 0xFFFFFFFFu - pick(8);
    case 1:
      return 0;
    default:
      return pick(256);
  }
}
static uint32_t port(void) { return pick(3) != 0 ? own_port : pick(6) == 0 ? next() : pick(3); }

// The record of an address, most of them of this machine.
static uint32_t address(void) {
  static const uint8_t kHere[4] = {127, 0, 0, 1};
  static const uint32_t kSizes[] = {4, 16, 128};
  static uint8_t bytes[128];
  static uint32_t record[2];
  uint32_t length = kSizes[pick(3)];
  memset(bytes, 0, sizeof bytes);
  if (length == 4) {
    memcpy(bytes, kHere, 4);
  } else if (length == 16) {
    bytes[15] = 1;
  } else {
    bytes[0] = (uint8_t)(kV4 + pick(2));
    memcpy(bytes + 2, kHere, 4);
  }
  if (pick(6) == 0) bytes[pick(16)] = (uint8_t)next();
  record[0] = pick(20) == 0 ? pointer() : at(bytes);
  record[1] = pick(20) == 0 ? size() : length;
  return pick(30) == 0 ? pointer() : at(record);
}
static uint32_t buffers(void) {
  static uint32_t list[4][2];
  for (uint32_t i = 0; i < 4; ++i) {
    list[i][0] = pointer();
    list[i][1] = pick(6) == 0 ? size() : pick(64);
  }
  return pick(20) == 0 ? 0x80000000u + pick(64) : at(list);
}
static uint32_t buffer_count(void) { return pick(40) == 0 ? 0x7FFFFFFFu + pick(8) : pick(5); }

// A list for results, some of whose links lead anywhere, or in a circle.
static uint32_t places(void) {
  static uint8_t data[kPlaces][32];
  static uint32_t addresses[kPlaces][3];
  static uint32_t records[kPlaces][7];
  static char names[kPlaces][40];
  static uint32_t head;
  for (uint32_t i = 0; i < kPlaces; ++i) {
    addresses[i][0] = (uint32_t)next();
    addresses[i][1] = pick(10) == 0 ? size() : 14 + pick(2) * 12;
    addresses[i][2] = pick(20) == 0 ? pointer() : at(data[i]);
    uint32_t following = i + 1 < kPlaces ? at(records[i + 1]) : 0;
    uint32_t record[7] = {0,
                          0,
                          0,
                          pick(20) == 0 ? pointer() : at(addresses[i]),
                          pick(20) == 0 ? pointer() : at(names[i]),
                          pick(10) == 0 ? size() : sizeof names[i],
                          pick(20) == 0 ? at(records[0]) : following};
    memcpy(records[i], record, sizeof record);
  }
  head = pick(20) == 0 ? pointer() : at(records[0]);
  return pick(20) == 0 ? pointer() : at(&head);
}
static uint32_t look_up(void) {
  static const char* const kNames[] = {"localhost",  "127.0.0.1", "::1", "",
                                       "not a name", "\xff.",     "a..b"};
  static const char* const kServices[] = {"", "80", "https", "65536", "-1", "nothing"};
  static uint32_t hints[7];
  const char* node = kNames[pick(7)];
  const char* service = kServices[pick(6)];
  memset(hints, 0, sizeof hints);
  hints[0] = pick(4) == 0 ? (uint32_t)next() : pick(3) << 16;
  uint32_t node_size = pick(20) == 0 ? size() : strlen(node);
  uint32_t results = places();
  return raw_sock_getaddrinfo(pick(20) == 0 ? pointer() : at(node), node_size, at(service),
                              strlen(service), pick(20) == 0 ? pointer() : at(hints), results,
                              pick(10) == 0 ? (uint32_t)next() : 1 + pick(6), pointer());
}

// Nothing here may wait: each socket is told so before it is used.
static uint32_t open_socket(void) {
  static uint32_t fd;
  uint32_t error = raw_sock_open(pick(10) == 0 ? flags() : kV4 + pick(2),
                                 pick(10) == 0 ? flags() : kDatagram + pick(2), at(&fd));
  if (error == 0) EQUAL(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK), 0);
  return error;
}

static uint32_t call(uint32_t which) {
  // Arguments are made in a fixed order, so that a seed stands for one run.
  uint32_t fd = descriptor(), p = pointer(), q = pointer(), r = pointer(), n = size(), f = flags();
  uint32_t list = buffers(), count = buffer_count(), end = address(), number = port();
  static uint32_t four = 4;
  switch (which) {
    case 0:
    case 1:
      return open_socket();
    case 2:
      return fd == kListener ? 0 : raw_sock_bind(fd, end, number);
    case 3:
      return raw_sock_listen(fd, f);
    case 4:
    case 5:
      return fd == kListener ? 0 : raw_sock_connect(fd, end, number);
    case 6:
      return raw_sock_accept(pick(2) == 0 ? kListener : fd, __WASI_FDFLAGS_NONBLOCK, p);
    case 7:
      return raw_sock_recv(fd, list, count, f, p, q);
    case 8:
      return raw_sock_recv_from(fd, list, count, end, f, p, q, r);
    case 9:
      return raw_sock_send(fd, list, count, pick(4) == 0 ? f : 0, p);
    case 10:
      return raw_sock_send_to(fd, list, count, end, number, pick(4) == 0 ? f : 0, p);
    case 11:
      return pick(8) == 0 ? raw_sock_shutdown(fd, f) : 0;
    case 12:
      return raw_sock_getsockopt(fd, pick(10) == 0 ? f : 0, pick(18), p,
                                 pick(4) == 0 ? q : at(&four));
    case 13:
      return raw_sock_setsockopt(fd, pick(10) == 0 ? f : 0, pick(18), p, pick(4) == 0 ? n : 16);
    case 14:
      return raw_sock_getlocaladdr(fd, end, p, q);
    case 15:
      return raw_sock_getpeeraddr(fd, end, p, q);
    case 16:
      return look_up();
    case 17:
      return raw_fd_read(fd, list, count, p);
    case 18:
      return raw_fd_write(fd, list, count, p);
    default:
      return fd == kListener || pick(2) == 0 ? 0 : raw_fd_close(fd);
  }
}

static void open_connected(uint32_t* fd) {
  static uint8_t here[4] = {127, 0, 0, 1};
  uint32_t record[2] = {at(here), sizeof here};
  for (uint32_t used = 4; used < 16; ++used) raw_fd_close(used);
  EQUAL(raw_sock_open(kV4, kDatagram, at(fd)), 0);
  EQUAL(raw_sock_connect(*fd, at(record), own_port), 0);
}

int main(int argc, char** argv) {
  seed_from(argc, argv);
  uint8_t bytes[4] = {0};
  uint32_t record[2] = {at(bytes), sizeof bytes};
  uint32_t type = 0;
  EQUAL(raw_sock_getlocaladdr(kListener, at(record), at(&type), at(&own_port)), 0);
  CHECK(own_port != 0);
  EQUAL(__wasi_fd_fdstat_set_flags(kListener, __WASI_FDFLAGS_NONBLOCK), 0);
  int answers[kLastError + 1] = {0};
  for (int i = 0; i < kCalls; ++i) {
    uint32_t which = pick(20);
    uint32_t error = call(which);
    if (error > kLastError) {
      printf("call %d of function %u: error %u does not exist\n", i, which, error);
      return 1;
    }
    ++answers[error];
  }
  // A connection is not a place to be named when somebody accepts there.
  uint32_t fd = 0;
  open_connected(&fd);
  EQUAL(raw_sock_accept(fd, 0, at(arena)), __WASI_ERRNO_INVAL);
  // It was about something, and the host still works.
  CHECK(answers[__WASI_ERRNO_SUCCESS] > kCalls / 20);
  CHECK(answers[__WASI_ERRNO_FAULT] > kCalls / 100);
  CHECK(answers[__WASI_ERRNO_NOTCAPABLE] > 100);
  CHECK(answers[__WASI_ERRNO_NOTCONN] > 100);
  for (uint32_t fd = 4; fd < 16; ++fd) raw_fd_close(fd);
  EQUAL(raw_sock_open(kV4, kDatagram, at(&fd)), 0);
  EQUAL(raw_fd_close(fd), 0);
  return finish();
}
