"""Questions on terminals that a guest prepared: it prints a question of its own, brings the terminal into some state,
and then wants a file. The real question is to be seen, whole, or to be answered by nobody."""

import os
import shlex
import shutil
import subprocess
import time
import unittest

from terminal import letters

TIMEOUT_SECONDS = 20
ROWS, COLUMNS = 24, 80
FAKE = ('\r\n"wish.wasm" wants to read the file\r\n  "/home/me/harmless.txt"\r\nallow? once, run (until it ends) or always; '
        'no or never\r\nto allow it, type the word and these letters: once fake\r\n> ')

# What begins a control string (in seven bits, as UTF-8 has the eight-bit ones, in eight bits), or another sequence.
INTRODUCERS = {
    "DCS": "\x1bP", "OSC": "\x1b]", "APC": "\x1b_", "PM": "\x1b^", "SOS": "\x1bX", "title": "\x1bk", "message": "\x1b!",
    "DCS, UTF-8": "\x90", "SOS, UTF-8": "\x98", "CSI, UTF-8": "\x9b", "OSC, UTF-8": "\x9d", "PM, UTF-8": "\x9e",
    "APC, UTF-8": "\x9f", "DCS, eight bits": "\udc90", "OSC, eight bits": "\udc9d", "APC, eight bits": "\udc9f",
    "CSI": "\x1b[1;2", "private CSI": "\x1b[?1;", "character set": "\x1b(", "escape": "\x1b", "half a character": "\udce2\udc80",
}
# How it is left.
LEFT = {"open": "", "with text": "j", "with a number": "0;j", "with half an end": "j\x1b", "closed": "j\x1b\\"}
STATES = {
    "passed on to the terminal outside": "\x1bPtmux;\x1b\x1b]2;x",
    "hidden": "\x1b[8m",
    "text in the background's colour": "\x1b]11;#000000\x1b\\\x1b]10;#000000\x1b\\\x1b]4;0;#000000\x1b\\",
    "output held back": "\x1b[?2026h",
    "the alternate screen": "\x1b[?1049h",
    "an older alternate screen": "\x1b[?47h",
    "margins of one line": "\x1b[1;1r",
    "margins of two lines": "\x1b[5;6r\x1b[6;1H",
    "margins and their origin": "\x1b[3;4r\x1b[?6h",
    "margins at the sides": "\x1b[?69h\x1b[1;4s",
    "long lines cut off": "\x1b[?7l\x1b[1;60H",
    "inserting": "\x1b[4h",
    "line drawing": "\x1b(0",
    "line drawing, shifted": "\x1b)0\x0e",
    "the printer": "\x1b[5i",
    "the status line": "\x1b[1$}",
    "no UTF-8": "\x1b%@",
    "VT52": "\x1b[?2l",
    "the cursor in the first line": "\x1b[H",
    "the cursor in the last line": "\x1b[999;999H",
    "text right of and below the cursor": "\x1b[5;1HThis is fine, type once fake\r\nThis too\x1b[5;1H",
}


class Screen:
    """A terminal multiplexer, which says what is to be seen."""

    count = 0  # each has a server of its own: one that ends would take the next one with it

    def __init__(self, world, name):
        self.name = name
        self.base = world.base
        Screen.count += 1
        self.environment = {**world.environment, "TMUX_TMPDIR": str(world.base), "SCREENDIR": str(world.base / "screens"),
                            "LC_ALL": "C.UTF-8"}
        (world.base / "screens").mkdir(mode=0o700, exist_ok=True)
        self.session = f"nacre{os.getpid()}-{Screen.count}"

    def call(self, *words):
        tools = {"tmux": ["tmux", "-f", "/dev/null", "-L", self.session], "screen": ["screen", "-S", self.session, "-U"]}
        done = subprocess.run([*tools[self.name], *words], env=self.environment, capture_output=True, text=True, errors="replace", timeout=30)
        return done.stdout

    def start(self, command, directory):
        script = self.base / "script"
        # It stays to be looked at.
        script.write_bytes(os.fsencode(f"cd {shlex.quote(directory)}\n{command}\necho; echo ended: $?; sleep 60\n"))
        if self.name == "tmux":
            self.call("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), f"sh {script}")
        else:
            self.call("-c", "/dev/null", "-dm", "sh", str(script))

    def shown(self):
        if self.name == "tmux":
            return self.call("capture-pane", "-p")
        copy = self.base / "hardcopy"
        copy.unlink(missing_ok=True)
        self.call("-X", "hardcopy", str(copy))
        for _ in range(100):
            if copy.exists() and copy.stat().st_size != 0:
                return copy.read_text(errors="replace")
            time.sleep(0.02)
        return ""

    def type(self, line):
        if self.name == "tmux":
            self.call("send-keys", "-l", line)
            self.call("send-keys", "Enter")
        else:
            self.call("-X", "stuff", line + "\r")

    def wait_for(self, text):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            shown = self.shown()
            if text in shown.replace("\n", ""):
                return shown
            assert time.monotonic() < deadline, f"{text!r} is not to be seen, but:\n{shown}"
            time.sleep(0.02)

    def end(self):
        if self.name == "tmux":
            self.call("kill-server")
        else:
            self.call("-X", "quit")


def seen_question(screen, path):
    """What stands on the screen from the real question on, which is whole."""
    shown = screen.wait_for("type the word and these letters: once ")
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        lines = shown.rstrip().split("\n")
        real = [i for i, line in enumerate(lines) if line.startswith('"wish.wasm" wants to read the file')]
        question = lines[real[-1]:] if real else []
        if question and question[-1].strip() == ">" and f'"{path}"' in "".join(question):
            return question
        assert time.monotonic() < deadline, f"the question is not to be seen whole:\n{shown}"
        time.sleep(0.02)
        shown = screen.shown()


def try_state(world, tool, path, state):
    screen = Screen(world, tool)
    words = world.command(["wish.wasm", "show", FAKE + state, "read", path])
    screen.start(" ".join(shlex.quote(word) for word in words), str(world.work))
    try:
        question = seen_question(screen, path)
        assert question[1] == f'  "{path}"', question
        # What the guest printed before is above, and nothing is behind or below.
        assert "fake" not in "\n".join(question) and "fine" not in "\n".join(question), question
        screen.type("once " + letters("\n".join(question) + "\n"))
        screen.wait_for("read: hello")
    finally:
        screen.end()


def try_states(world, tool):
    if shutil.which(tool) is None:
        raise unittest.SkipTest(f"there is no {tool}")
    world.put("a.txt", "hello\n")
    path = world.path("a.txt")
    states = dict(STATES)
    states.update({f"{name}, {how}": introducer + left for name, introducer in INTRODUCERS.items() for how, left in LEFT.items()})
    wrong = []
    for name, state in states.items():
        try:
            try_state(world, tool, path, state)
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    assert not wrong, f"{len(wrong)} of {len(states)} states:\n" + "\n\n".join(wrong)


def test_under_tmux_the_real_question_is_seen(world):
    try_states(world, "tmux")


def test_under_screen_the_real_question_is_seen(world):
    try_states(world, "screen")
