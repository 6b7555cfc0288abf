// The controlling terminal: the person in front of it, whatever standard input and output are.
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

  // Whether an answer that is read would be a person's: this process is in the foreground and the
  // terminal hands over whole lines, edited and shown. In raw mode some program owns the keyboard.
  bool can_ask() const;
  // How many columns and rows are seen; 0 where the terminal does not know.
  struct Size {
    uint32_t columns = 0;
    uint32_t rows = 0;
  };
  Size size() const;
  // Ends whatever earlier output left open or switched on, so that what is written next is seen as
  // it is, on lines of its own with nothing behind or below it. No list of such states is complete:
  // that a person has seen something only an answer can show which depends on it.
  Sys<void> make_plain();
  // Throws away what was typed and not read yet.
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
// Waits until what was written to such a one was read, and a moment more, in which its reader may
// show it; false if that takes longer than `milliseconds`.
bool wait_until_read(int pipe, int milliseconds);

}  // namespace nacre::os
