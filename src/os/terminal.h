// The controlling terminal, for talking to the person at it, whatever standard input and output
// are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "os/file.h"

namespace nacre::os {

class Terminal {
 public:
  // ENXIO where this process has none.
  static Sys<Terminal> open_controlling();

  // Whether a line that is read would come from a person: this process is in the foreground and the
  // terminal is in line mode with echo. In raw mode some program reads the keyboard.
  bool can_ask() const;
  // The visible columns and rows; 0 where the terminal does not tell.
  struct Size {
    uint32_t columns = 0;
    uint32_t rows = 0;
  };
  Size size() const;
  // Resets modes and unfinished sequences of earlier output, so that what is written next is shown
  // as it is, on lines of its own with nothing after or below it. No such list of modes is
  // complete: only an answer that depends on what was shown proves that a person saw it.
  Sys<void> make_plain();
  // Discards what was typed and not read yet.
  Sys<void> discard_input();
  Sys<void> write(std::string_view text);
  // Waits for a line, without its end; nothing at the end of input. A line of more than `max_bytes`
  // is read to its end and is EMSGSIZE.
  Sys<std::optional<std::string>> read_line(size_t max_bytes);

 private:
  explicit Terminal(OwnedFd fd) : fd_(std::move(fd)) {}
  OwnedFd fd_;
};

// Another descriptor of the pipe or socket at `fd`; ENOTSUP for other files.
Sys<OwnedFd> duplicate_pipe(int fd);
// Waits until everything that was written to such a pipe or socket was read, and a moment longer,
// so that its reader can show it; false if that takes longer than `milliseconds`.
bool wait_until_read(int pipe, int milliseconds);

}  // namespace nacre::os
