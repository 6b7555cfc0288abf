// The controlling terminal: the person in front of it, whatever standard input and output are.
#pragma once

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

}  // namespace nacre::os
