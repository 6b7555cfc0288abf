// A program that uses the network as its arguments say, one after the other, and prints what came
// of it. It imports the socket extension of preview 1.
//   lookup NAME    connect ADDR PORT (v4 or v6; then sends "hello" and prints the answer)
//   open ADDR PORT (connects without waiting, then polls)   reach NAME PORT (looks up, then
//   connects) udp ADDR PORT (sends "hello", prints the answer)   serve ADDR PORT (one connection,
//   echoes) hear ADDR PORT (prints one datagram) read FILE   write FILE   clock
// Errors are printed as their number in WASI: 76 is "not capable", 14 "connection refused".
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasi/api.h>

#define IMPORT(name) \
  __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) int32_t name

typedef struct {
  uint8_t* bytes;
  uint32_t size;
} Address;
typedef struct {
  uint8_t* at;
  uint32_t size;
} Buffer;
typedef struct {
  uint8_t family;
  uint32_t size;
  uint8_t* data;
} SocketAddress;
typedef struct AddressInfo {
  uint16_t flags;
  uint8_t family, type, protocol;
  uint32_t size;
  SocketAddress* address;
  char* name;
  uint32_t name_size;
  struct AddressInfo* next;
} AddressInfo;
_Static_assert(sizeof(AddressInfo) == 28, "as the extension has it");

IMPORT(sock_open)(int32_t family, int32_t type, uint32_t* fd);
IMPORT(sock_bind)(uint32_t fd, Address* address, uint32_t port);
IMPORT(sock_listen)(uint32_t fd, uint32_t backlog);
IMPORT(sock_accept)(uint32_t fd, uint32_t* accepted);  // the older form
IMPORT(sock_connect)(uint32_t fd, Address* address, uint32_t port);
IMPORT(sock_send)(uint32_t fd, Buffer* from, uint32_t count, int32_t flags, uint32_t* sent);
IMPORT(sock_recv)
(uint32_t fd, Buffer* to, uint32_t count, int32_t flags, uint32_t* got, uint32_t* out_flags);
IMPORT(sock_send_to)
(uint32_t fd, Buffer* from, uint32_t count, Address* address, uint32_t port, int32_t flags,
 uint32_t* sent);
IMPORT(sock_recv_from)
(uint32_t fd, Buffer* to, uint32_t count, Address* address, int32_t flags, uint32_t* port,
 uint32_t* got, uint32_t* out_flags);
IMPORT(sock_getsockopt)(uint32_t fd, int32_t level, int32_t name, int32_t* value, uint32_t* size);
IMPORT(sock_setsockopt)(uint32_t fd, int32_t level, int32_t name, int32_t* value, uint32_t size);
IMPORT(sock_getaddrinfo)
(const char* node, uint32_t node_size, const char* service, uint32_t service_size,
 const AddressInfo* hints, AddressInfo** results, uint32_t most, uint32_t* count);

enum { kV4 = 1, kV6 = 2, kDatagram = 1, kStream = 2, kReuse = 0, kError = 2, kMost = 8 };

static int32_t show(const char* what, int32_t error) {
  if (error != 0) printf("%s: error %d\n", what, error);
  return error;
}

// "127.0.0.1" or "::1" into 4 or 16 bytes.
static uint32_t parse(const char* text, uint8_t* bytes) {
  int v6 = strchr(text, ':') != NULL;
  if (inet_pton(v6 ? AF_INET6 : AF_INET, text, bytes) != 1) printf("\"%s\" is no address\n", text);
  return v6 ? 16 : 4;
}

// In turn, in one line: what is at the other end says something to be printed.
static void talk(const char* what, uint32_t fd) {
  uint8_t text[64] = "hello";
  Buffer out = {text, 5}, in = {text, sizeof text - 1};
  uint32_t count = 0, flags = 0;
  if (show(what, sock_send(fd, &out, 1, 0, &count))) return;
  if (show(what, sock_recv(fd, &in, 1, 0, &count, &flags))) return;
  text[count] = 0;
  printf("%s: %s\n", what, (char*)text);
}

static uint32_t make(int32_t type, uint32_t size) {
  uint32_t fd = 0;
  show("socket", sock_open(size == 4 ? kV4 : kV6, type, &fd));
  return fd;
}

static void connect_to(const char* what, uint8_t* bytes, uint32_t size, uint32_t port) {
  uint32_t fd = make(kStream, size);
  Address address = {bytes, size};
  if (show(what, sock_connect(fd, &address, port)) == 0) talk(what, fd);
  show("close", __wasi_fd_close(fd));
}

static void open_without_waiting(uint8_t* bytes, uint32_t size, uint32_t port) {
  uint32_t fd = make(kStream, size);
  show("flags", __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK));
  Address address = {bytes, size};
  int32_t error = sock_connect(fd, &address, port);
  if (error != 0 && error != __WASI_ERRNO_INPROGRESS) {
    show("open", error);
    return;
  }
  __wasi_subscription_t in = {0};
  in.u.tag = __WASI_EVENTTYPE_FD_WRITE;
  in.u.u.fd_write.file_descriptor = fd;
  __wasi_event_t out;
  __wasi_size_t count = 0;
  show("poll", __wasi_poll_oneoff(&in, &out, 1, &count));
  int32_t value = -1;
  uint32_t value_size = sizeof value;
  show("option", sock_getsockopt(fd, 0, kError, &value, &value_size));
  if (show("open", value)) return;
  show("flags", __wasi_fd_fdstat_set_flags(fd, 0));
  talk("open", fd);
}

static void send_datagram(uint8_t* bytes, uint32_t size, uint32_t port) {
  uint32_t fd = make(kDatagram, size);
  Address to = {bytes, size};
  uint8_t text[64] = "hello", from_bytes[128];
  Buffer out = {text, 5}, in = {text, sizeof text - 1};
  uint32_t count = 0, flags = 0, from_port = 0;
  if (show("udp", sock_send_to(fd, &out, 1, &to, port, 0, &count))) return;
  Address from = {from_bytes, sizeof from_bytes};
  if (show("udp", sock_recv_from(fd, &in, 1, &from, 0, &from_port, &count, &flags))) return;
  text[count] = 0;
  printf("udp: %s, family %d, the same port: %d\n", (char*)text, from_bytes[0], from_port == port);
}

static void serve(uint8_t* bytes, uint32_t size, uint32_t port) {
  uint32_t fd = make(kStream, size), accepted = 0, count = 0, flags = 0;
  Address at = {bytes, size};
  int32_t on = 1;
  show("option", sock_setsockopt(fd, 0, kReuse, &on, sizeof on));
  if (show("serve", sock_bind(fd, &at, port)) || show("serve", sock_listen(fd, 8))) return;
  printf("serve: ready\n");
  fflush(stdout);
  if (show("serve", sock_accept(fd, &accepted))) return;
  uint8_t text[64];
  Buffer in = {text, sizeof text};
  if (show("serve", sock_recv(accepted, &in, 1, 0, &count, &flags))) return;
  Buffer out = {text, count};
  show("serve", sock_send(accepted, &out, 1, 0, &count));
}

static void hear(uint8_t* bytes, uint32_t size, uint32_t port) {
  uint32_t fd = make(kDatagram, size), count = 0, flags = 0, from_port = 0;
  Address at = {bytes, size};
  if (show("hear", sock_bind(fd, &at, port))) return;
  printf("hear: ready\n");
  fflush(stdout);
  uint8_t text[64], from_bytes[16];
  Buffer in = {text, sizeof text - 1};
  Address from = {from_bytes, sizeof from_bytes};
  if (show("hear", sock_recv_from(fd, &in, 1, &from, 0, &from_port, &count, &flags))) return;
  text[count] = 0;
  printf("hear: %s\n", (char*)text);
}

// The first address, as 4 or 16 bytes; prints what was found.
static uint32_t look_up(const char* name, uint8_t* bytes) {
  static uint8_t data[kMost][26];
  SocketAddress addresses[kMost];
  AddressInfo list[kMost], hints = {.type = kStream};
  memset(list, 0, sizeof list);
  for (int i = 0; i < kMost; ++i) {
    addresses[i] = (SocketAddress){0, sizeof data[i], data[i]};
    list[i].address = &addresses[i];
    list[i].next = i + 1 < kMost ? &list[i + 1] : NULL;
  }
  AddressInfo* results = list;
  uint32_t count = 0;
  if (show("lookup",
           sock_getaddrinfo(name, strlen(name), "", 0, &hints, &results, kMost, &count))) {
    return 0;
  }
  printf("lookup: %s\n", count > 0 ? "found" : "nothing");
  uint32_t size = addresses[0].family == kV4 ? 4 : 16;
  memcpy(bytes, data[0] + (size == 4 ? 2 : 6), size);
  return size;
}

static void use_file(const char* word, const char* path) {
  char text[64] = "kept";
  int writes = strcmp(word, "write") == 0;
  FILE* file = fopen(path, writes ? "w" : "r");
  int done = file != NULL && (writes ? fputs(text, file) >= 0 : fgets(text, 64, file) != NULL);
  if (file != NULL) done = fclose(file) == 0 && done;
  printf("%s: %s\n", word, done ? text : "refused");
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* word = argv[i];
    uint8_t bytes[16];
    if (strcmp(word, "lookup") == 0) {
      look_up(argv[++i], bytes);
      continue;
    }
    if (strcmp(word, "clock") == 0) {
      struct timespec now;
      printf("clock: %s\n", clock_gettime(CLOCK_REALTIME, &now) == 0 ? "told" : "refused");
      continue;
    }
    const char* where = argv[++i];
    if (strcmp(word, "read") == 0 || strcmp(word, "write") == 0) {
      use_file(word, where);
      continue;
    }
    uint32_t port = (uint32_t)atoi(argv[++i]);
    if (strcmp(word, "reach") == 0) {
      uint32_t size = look_up(where, bytes);
      if (size != 0) connect_to("reach", bytes, size, port);
      continue;
    }
    uint32_t size = parse(where, bytes);
    if (strcmp(word, "connect") == 0) connect_to("connect", bytes, size, port);
    if (strcmp(word, "open") == 0) open_without_waiting(bytes, size, port);
    if (strcmp(word, "udp") == 0) send_datagram(bytes, size, port);
    if (strcmp(word, "serve") == 0) serve(bytes, size, port);
    if (strcmp(word, "hear") == 0) hear(bytes, size, port);
    fflush(stdout);
  }
  return 0;
}
