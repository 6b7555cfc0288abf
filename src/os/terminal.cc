#include "os/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace nacre::os {
namespace {

// Control functions of ECMA-48, DEC's terminals, xterm and the Linux console. A terminal ignores
// those that it does not have.
constexpr std::string_view kPlain =
    "\030\033\\"                    // an open control string: CAN ends most, ST the others
    "\033<"                         // the language of the VT52
    "\033[4i\033[?4i\033[0$}"       // output that goes to a printer, or to a status line
    "\033[!p"                       // soft reset: modes, character sets, margins, attributes
    "\033[?47l"                     // the alternate screen
    "\033[?69l\0337\033[r\0338"     // margins, where no soft reset is known; the cursor stays
    "\033[4l\033[?7h\033[?5l"       // inserting, cutting off long lines, exchanged colours
    "\017\033(B"                    // line drawing in place of letters
    "\033[?2026l"                   // output that is held back
    "\033]104\033\\\033]R\033\\"    // other colours of the palette
    "\033]110\033\\\033]111\033\\"  // ... and of what has none
    "\033[0m\r\n\033[J";            // attributes; then a new line with nothing behind or below it

}  // namespace

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

Terminal::Size Terminal::size() const {
  winsize size{};
  if (ioctl(fd_.get(), TIOCGWINSZ, &size) != 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

Sys<void> Terminal::make_plain() { return write(kPlain); }

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

Sys<OwnedFd> duplicate_pipe(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return std::unexpected(errno);
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) return std::unexpected(ENOTSUP);
  return duplicate(fd);
}

bool wait_until_read(int pipe, int milliseconds) {
  constexpr int kStepMs = 5, kMomentMs = 20;
  for (;;) {
    int bytes = 0;
    // Of a pipe, what was not read yet; of a socket, what was not sent.
    bool known = ioctl(pipe, TIOCOUTQ, &bytes) == 0 || ioctl(pipe, FIONREAD, &bytes) == 0;
    if (!known || bytes == 0) break;
    if (milliseconds <= 0) return false;
    ::poll(nullptr, 0, kStepMs);
    milliseconds -= kStepMs;
  }
  ::poll(nullptr, 0, kMomentMs);
  return true;
}

}  // namespace nacre::os
