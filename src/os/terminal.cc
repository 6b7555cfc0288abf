#include "os/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace nacre::os {

Sys<Terminal> Terminal::open_controlling() {
  int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return std::unexpected(errno);
  return Terminal(OwnedFd(fd));
}

bool Terminal::can_ask() const {
  termios mode;
  if (tcgetattr(fd_.get(), &mode) != 0) return false;
  constexpr tcflag_t kLines = ICANON | ECHO;
  return (mode.c_lflag & kLines) == kLines && tcgetpgrp(fd_.get()) == getpgrp();
}

Sys<void> Terminal::discard_input() {
  if (tcflush(fd_.get(), TCIFLUSH) != 0) return std::unexpected(errno);
  return {};
}

Sys<void> Terminal::write(std::string_view text) {
  while (!text.empty()) {
    Bytes bytes = as_bytes(text);
    Sys<size_t> written = write_vectors(fd_.get(), std::span<const Bytes>(&bytes, 1));
    if (!written) return std::unexpected(written.error());
    text.remove_prefix(*written);
  }
  return {};
}

Sys<std::optional<std::string>> Terminal::read_line(size_t max_bytes) {
  std::string line;
  bool too_long = false;
  for (;;) {
    uint8_t byte;
    MutableBytes buffer(&byte, 1);
    Sys<size_t> count = read_vectors(fd_.get(), std::span<const MutableBytes>(&buffer, 1));
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return std::nullopt;
    if (byte == '\n') break;
    too_long |= line.size() == max_bytes;
    if (!too_long) line += static_cast<char>(byte);
  }
  if (too_long) return std::unexpected(EMSGSIZE);
  return line;
}

}  // namespace nacre::os
