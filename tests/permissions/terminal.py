"""A program on a pseudo-terminal, with somebody who reads and types."""

import os
import pty
import re
import select
import signal
import termios
import time

QUESTION = b"\r\n> "
TIMEOUT_SECONDS = 20
WORDS_THAT_ALLOW = ("once", "run", "always", "always dir", "always signer")
# What makes the terminal plain before a question.
PLAIN = re.compile(r"\x18.*?\x1b\[J", re.DOTALL)


def letters(asked):
    """What has to be typed behind a word that allows."""
    return re.findall(r"these letters: once ([a-z]+)\s", asked)[-1]


def with_letters(word, asked):
    return f"{word} {letters(asked)}" if word in WORDS_THAT_ALLOW else word


class Terminal:
    def __init__(self, command, directory, environment, raw=False, redirect=None, size=None):
        """`raw`: the terminal is in raw mode. `redirect`: what happens in the child before it starts.
        `size`: rows and columns, where the terminal knows them."""
        self.seen = b""  # and not waited for yet
        self.all = b""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                # Whoever started the tests in the background made ^C be ignored.
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.chdir(directory)
                if size:
                    termios.tcsetwinsize(0, size)
                if raw:
                    import tty
                    tty.setraw(0)
                if redirect:
                    redirect()
                os.execvpe(command[0], command, environment)
            finally:
                os._exit(127)

    def read_some(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other end is closed
            data = b""
        self.seen += data
        self.all += data
        return data != b""

    def wait_for(self, text, seconds=TIMEOUT_SECONDS):
        """What came up to and with `text`, which is then forgotten."""
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            left = deadline - time.monotonic()
            if left <= 0 or not self.read_some(left):
                raise AssertionError(f"{text!r} did not come, but {self.seen!r}")
        end = self.seen.index(text) + len(text)
        came, self.seen = self.seen[:end], self.seen[end:]
        return came

    def question(self):
        """The next question, as text."""
        return self.wait_for(QUESTION).decode("utf-8", "backslashreplace")

    def type(self, text):
        os.write(self.fd, text.encode())

    def answer(self, word):
        asked = self.question()
        self.type(with_letters(word, asked) + "\n")
        return asked

    def end(self):
        """Everything that came, and the exit code."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self.read_some(max(0, deadline - time.monotonic())):
            pass
        if time.monotonic() >= deadline:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError(f"it does not end; {self.seen!r}")
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        text = PLAIN.sub("\n", self.all.decode("utf-8", "backslashreplace"))
        return text.replace("\r\n", "\n"), os.waitstatus_to_exitcode(status)
