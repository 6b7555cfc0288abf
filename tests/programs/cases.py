"""Reads .test and .bench files (README.md says what is in them) and runs one line of a case."""

import os
import re
import shlex
import shutil
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
PROGRAMS = os.path.abspath(os.environ.get("NACRE_PROGRAMS_DIR") or
                           os.path.join(REPO, "build", "programs"))

# key: may it stand more than once
KEYS = {"about": False, "copy": True, "make": True, "run": True, "native": False, "exit": False,
        "stdout": False, "stderr": False, "same": True, "check": True, "timeout": False}


class CaseError(Exception):
    """A case file, or the machine it runs on, is not as it must be."""


class Case:
    def __init__(self, path):
        self.path = path
        self.program = os.path.basename(os.path.dirname(path))
        self.name = self.program + "/" + os.path.splitext(os.path.basename(path))[0]
        self.built = os.path.join(PROGRAMS, self.program)
        self.native_built = os.path.join(PROGRAMS, "native", self.program)
        self.values = {key: [] for key in KEYS}
        with open(path, encoding="utf-8") as file:
            self.parse(file.read().splitlines())
        if not self.values["run"]:
            raise CaseError("%s: there is no 'run:' line" % path)

    def parse(self, lines):
        number = 0
        while number < len(lines):
            line = lines[number]
            number += 1
            if not line or line.startswith("#"):
                continue
            match = re.match(r"([a-z]+):(?: (.*))?$", line)
            if not match or match[1] not in KEYS:
                raise CaseError("%s:%d: expected one of %s, then ':'" %
                                (self.path, number, ", ".join(KEYS)))
            key, value = match[1], match[2]
            if value is None:
                block = []
                while number < len(lines) and (lines[number].startswith("  ") or not lines[number]):
                    block.append(lines[number][2:])
                    number += 1
                while block and not block[-1]:
                    block.pop()
                value = "".join(text + "\n" for text in block)
            if self.values[key] and not KEYS[key]:
                raise CaseError("%s:%d: a second '%s:'" % (self.path, number, key))
            self.values[key].append(value)

    def one(self, key, default=None):
        return self.values[key][0] if self.values[key] else default

    def prepare(self, directory):
        """Fills a directory with the case's files: its own, or those made beside the program."""
        for line in self.values["copy"]:
            for name in line.split():
                for folder in (os.path.dirname(self.path), self.built, self.native_built):
                    source = os.path.join(folder, name)
                    if os.path.exists(source):
                        break
                else:
                    raise CaseError("%s is neither in tests/programs/%s nor in %s" %
                                    (name, self.program, self.built))
                target = os.path.join(directory, os.path.basename(name))
                if os.path.isdir(source):
                    shutil.copytree(source, target, symlinks=True)
                else:
                    shutil.copyfile(source, target)
        for command in self.values["make"]:
            shell(command, directory)

    def expand(self, word):
        """@NAME is a file of the program, @native/NAME one of its native build."""
        return re.sub(r"(?<![^ =:])@(native/)?",
                      lambda m: (self.native_built if m[1] else self.built) + "/", word)


class Outcome:
    def __init__(self, code, stdout, stderr, seconds, processor_seconds):
        self.code = code
        self.stdout = stdout
        self.stderr = stderr
        self.seconds = seconds
        self.processor_seconds = processor_seconds


def guest_command(case, line, runner):
    """The words of a `run:` line behind the runner's, and its `< FILE` and `> FILE`, or None."""
    words = shlex.split(line)
    files = {"<": None, ">": None}
    while len(words) >= 2 and words[-2] in files:
        files[words[-2]] = words[-1]
        words = words[:-2]
    return runner + [case.expand(word) for word in words], files["<"], files[">"]


def execute(command, directory, stdin=None, stdout=None, timeout=120):
    """Runs a command in a directory; redirections name files there."""
    # No environment but what finds programs: cases must not depend on who runs them.
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                   "HOME": directory}
    source = open(os.path.join(directory, stdin), "rb") if stdin else subprocess.DEVNULL
    target = open(os.path.join(directory, stdout), "wb") if stdout else subprocess.PIPE
    begin = time.monotonic()
    try:
        process = subprocess.Popen(command, cwd=directory, stdin=source, stdout=target,
                                   stderr=subprocess.PIPE, env=environment)
    except OSError as error:
        raise CaseError("cannot start %s: %s" % (command[0], error.strerror)) from error
    # Collected by hand, so that wait4 can say how much processor time this one process took.
    collected = {}
    readers = [threading.Thread(target=lambda n=n, p=p: collected.__setitem__(n, p.read()))
               for n, p in (("out", process.stdout), ("err", process.stderr)) if p]
    for reader in readers:
        reader.start()
    late = threading.Event()
    killer = threading.Timer(timeout, lambda: (late.set(), process.kill()))
    killer.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    killer.cancel()
    for reader in readers:
        reader.join()
    for file in (source, target):
        if file not in (subprocess.DEVNULL, subprocess.PIPE):
            file.close()
    errors = collected.get("err", b"")
    if late.is_set():
        errors += b"\n(stopped after %d s)\n" % timeout
    return Outcome(process.returncode, collected.get("out", b""), errors,
                   seconds, usage.ru_utime + usage.ru_stime)


def shell(command, directory):
    """Runs native tools; the outcome, which must be success unless the caller looks."""
    outcome = execute(["bash", "-c", "set -o pipefail; " + command], directory)
    return outcome


def runner_command(tier, runner):
    """What stands before a `run:` line's words."""
    if runner:
        return shlex.split(runner)
    nacre = os.environ.get("NACRE") or os.path.join(REPO, "build", "nacre")
    if not os.access(nacre, os.X_OK):
        raise CaseError("there is no %s: build it (./dev build) or name one in $NACRE" % nacre)
    return [os.path.abspath(nacre), "run"] + (["--tier=" + tier] if tier else [])


def find(names, suffix):
    """The case files of the named programs or cases (all if none is named), sorted."""
    found = []
    for program in sorted(os.listdir(HERE)):
        folder = os.path.join(HERE, program)
        if os.path.isdir(folder):
            found += [os.path.join(folder, file) for file in sorted(os.listdir(folder))
                      if file.endswith(suffix)]
    if not names:
        return found
    chosen = []
    for name in names:
        matches = [path for path in found
                   if name in (os.path.basename(os.path.dirname(path)),
                               os.path.relpath(path, HERE)[:-len(suffix)])]
        if not matches:
            raise CaseError("no program or case is called '%s'" % name)
        chosen += [path for path in matches if path not in chosen]
    return chosen
