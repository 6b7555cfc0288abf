"""Runs things and notes what each run cost. What it means is for figures.py to say."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import engines as engines_module
import figures
from engines import HERE, MADE, REPO

sys.path.insert(0, os.path.join(REPO, "tests", "programs"))
import cases  # noqa: E402

RUN_TIMEOUT = 900  # seconds, for one run of anything


NOT_OFFERED = 3  # exit code of a command that measures what this engine does not do


class Failed(Exception):
    """One engine cannot do one thing; the others go on."""


class NotOffered(Failed):
    """... because it does no such thing: an interpreter compiles nothing."""


class Cell:
    """One engine on one thing: `once` measures one run and returns it as a dict."""

    def __init__(self, engine, once):
        self.engine = engine
        self.once = once
        self.runs = []
        self.spent = 0.0
        self.failed = None
        self.offered = True

    def wants_another(self, limits):
        if self.failed or not self.offered or len(self.runs) >= limits["times"]:
            return False
        # Not if the next run is likely to end beyond what a cell may take.
        return not self.runs or self.spent * (1 + 1 / len(self.runs)) <= limits["cell_seconds"]

    def sample(self):
        begin = time.monotonic()
        try:
            self.runs.append(self.once())
        except NotOffered:
            self.offered = False
        except (Failed, cases.CaseError, OSError, subprocess.SubprocessError) as error:
            self.failed = str(error)
        self.spent += time.monotonic() - begin


def interleave(cells, limits):
    """Runs the cells by turns, so that what disturbs the machine for a while disturbs all of them."""
    for _ in range(limits["times"]):
        for cell in cells:
            if cell.wants_another(limits):
                cell.sample()


def checked(who, outcome, measuring=False):
    if outcome.code == NOT_OFFERED and measuring:
        raise NotOffered(who)
    if outcome.code != 0:
        said = (outcome.stderr or outcome.stdout).decode(errors="replace").strip()
        raise Failed("%s exited with %d: %s" % (who, outcome.code, said[:300] or "no message"))
    return outcome


def as_run(outcome, inside):
    return {"wall": outcome.seconds, "processor": outcome.processor_seconds, "inside": inside}


def inside_of(outcome):
    """Seconds that a command says it ran the guest, or None."""
    said = re.search(rb"\brun ([0-9.]+) ms", outcome.stderr)
    return float(said[1]) / 1e3 if said else None


def kernel_names():
    folder = os.path.join(HERE, "kernels")
    return sorted(file[:-2] for file in os.listdir(folder) if file.endswith(".c"))


def kernel_cell(engine, name):
    native = os.path.join(MADE, "kernels", name)
    command = [native] if engine.name == "native" else (
        engine.commands["run"] + [engine.prepare(native + ".wasm")])

    def once():
        outcome = checked(engine.name, cases.execute(command, MADE, timeout=RUN_TIMEOUT))
        said = re.fullmatch(rb"(\d+) ns\s*", outcome.stdout)
        if not said:
            raise Failed("%s printed no time: %r" % (engine.name, outcome.stdout[:100]))
        return as_run(outcome, int(said[1]) / 1e9)

    return Cell(engine, once)


def program_cell(engine, case, directory, wanted):
    """wanted: a list that gets the native output, which every other must print too."""
    if engine.name == "native":
        command, source, target = cases.guest_command(case, case.one("native"), [])
    else:
        command, source, target = cases.guest_command(case, case.one("run"),
                                                      engine.commands["run"])
        command = [engine.prepare(word) if word.endswith(".wasm") else word for word in command]

    def once():
        outcome = checked(engine.name, cases.execute(command, directory, source, target,
                                                     timeout=RUN_TIMEOUT))
        if engine.name == "native":
            wanted[:] = [outcome.stdout]
        elif wanted != [outcome.stdout]:
            raise Failed("%s prints something else than the native program" % engine.name)
        return as_run(outcome, inside_of(outcome))

    return Cell(engine, once)


class Measurement:
    """Everything measured so far, as it goes into the JSON file."""

    def __init__(self, present, settings, quick, only):
        self.present = present
        self.settings = settings
        self.limits = settings["runs"]["quick" if quick else "full"]
        self.quick = quick
        self.only = set(only)
        self.measured = {}
        self.failures = []
        self.partial = set()  # groups of which not everything was measured: their means are not the goals'

    def wanted(self, group, *names):
        if not self.only or group in self.only or self.only.intersection(names):
            return True
        self.partial.add(group)
        return False

    def cells(self, what, engines, make):
        """A cell for each engine; what cannot even be prepared is a failure."""
        made = []
        for engine in engines:
            try:
                made.append(make(engine))
            except (Failed, cases.CaseError, OSError, subprocess.SubprocessError) as error:
                self.failures.append({"what": what, "engine": engine.name, "why": str(error)})
        return made

    def measure(self, group, name, cells, limits=None):
        begin = time.monotonic()
        interleave(cells, limits or self.limits)
        for cell in cells:
            if cell.failed:
                self.failures.append({"what": "%s %s" % (group, name), "engine": cell.engine.name,
                                      "why": cell.failed})
        self.measured.setdefault(group, {})[name] = {
            cell.engine.name: cell.runs for cell in cells if cell.offered and not cell.failed}
        print("  %-9s %-28s %5.1f s" % (group, name, time.monotonic() - begin), flush=True)

    def kernels(self):
        running = engines_module.worth_running(self.present, self.quick)
        for name in kernel_names():
            if self.wanted("kernels", name):
                self.measure("kernels", name, self.cells("kernels " + name, running,
                                                         lambda e, n=name: kernel_cell(e, n)))

    def programs(self):
        running = engines_module.worth_running(self.present, self.quick)
        for path in cases.find([], ".bench"):
            case = cases.Case(path)
            if not self.wanted("programs", case.name, case.program):
                continue
            directory = tempfile.mkdtemp(prefix="nacre-bench-")
            try:
                case.prepare(directory)
                wanted = []
                self.measure("programs", case.name, self.cells(
                    "programs " + case.name, running,
                    lambda e: program_cell(e, case, directory, wanted)))
            finally:
                shutil.rmtree(directory, ignore_errors=True)

    def throughput(self, group):
        """Compiling or validating whole modules."""
        for name, module in self.settings["compile"].items():
            if not self.wanted(group, name):
                continue
            path = os.path.join(cases.PROGRAMS, module["file"])
            with open(path, "rb") as file:
                size = figures.code_section_bytes(file.read())
            self.measured.setdefault("code_bytes", {})[name] = size
            able = [engine for engine in self.present if group in engine.commands and not (
                group == "compile" and self.quick and engine.compiles_slowly
                and not module.get("quick"))]
            self.measure(group, name, [Cell(e, self.timed_load(e, group, path)) for e in able])

    @staticmethod
    def timed_load(engine, group, path):
        def once():
            outcome = checked(engine.name, cases.execute(engine.commands[group] + [path], MADE,
                                                         timeout=RUN_TIMEOUT), measuring=True)
            if outcome.stdout.strip().startswith(b"{"):
                return json.loads(outcome.stdout)
            return {"seconds": outcome.processor_seconds}

        return once

    def starts(self):
        for name, start in self.settings["start"].items():
            if not self.wanted("start", name):
                continue
            times = min(self.limits["starts"], start.get("times", self.limits["starts"]))
            cells = []
            for engine in self.present:
                words = start.get("native") if engine.name == "native" else start["run"]
                if words and (engine.name == "native" or "start" in engine.commands):
                    command = engine.commands.get("start", []) + [
                        re.sub("^@", cases.PROGRAMS + "/", word.replace("{made}", MADE))
                        for word in words]
                    cells.append(Cell(engine, lambda c=command: launch(c)))
            self.measure("start", name, cells, dict(self.limits, times=times))

    def embedding(self):
        if not self.wanted("embed", "embed"):
            return
        small = os.path.join(MADE, "small.wasm")
        cells = [Cell(e, lambda e=e: json.loads(checked(e.name, cases.execute(
            e.commands["embed"] + [small], MADE, timeout=RUN_TIMEOUT), measuring=True).stdout))
            for e in self.present if "embed" in e.commands]
        self.measure("embed", "small.wat", cells)
        self.measured["embed"] = self.measured["embed"]["small.wat"]


def launch(command):
    """One cold process, started by a process that is as small as one can be."""
    done = subprocess.run([os.path.join(MADE, "launch"), "1"] + command, capture_output=True,
                          cwd=MADE, timeout=RUN_TIMEOUT, check=False)
    if done.returncode != 0:
        raise Failed(done.stderr.decode(errors="replace").strip()[:300])
    wall, processor, memory = map(int, done.stdout.split())
    return {"wall": wall / 1e9, "processor": processor / 1e9, "memory_kb": memory}
