"""Who is compared: engines.toml, and which of them are there on this machine."""

import os
import subprocess
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(HERE)
MADE = os.path.join(REPO, "build", "bench")
TOOLS = {
    "bench": HERE,
    "nacre": os.path.join(REPO, "build", "nacre"),
    "nacre_bench": os.path.join(REPO, "build", "nacre_bench"),
    "node": os.path.join(REPO, "build", "programs", "node", "bin", "node"),
    "wasmtime": os.path.join(MADE, "peers", "wasmtime_cli", "wasmtime"),
}
COMMANDS = ("run", "start", "prepare", "compile", "validate", "embed")


def load(name):
    with open(os.path.join(HERE, name), "rb") as file:
        return tomllib.load(file)


class Engine:
    """One row of engines.toml; a row with tiers is one engine a tier."""

    def __init__(self, row, tier=None):
        self.kind = row["name"]
        self.name = row["name"].replace("{tier}", tier or "")
        self.label = row["label"].replace("{tier}", tier or "")
        self.colour = row["colour"]
        self.tier = tier
        self.needs = row.get("needs")
        self.compiles_slowly = row.get("slow") == "compile"
        self.runs_slowly = tier in row.get("slow_tiers", ())
        self.commands = {}
        for key in COMMANDS:
            if key in row:
                self.commands[key] = [self.fill(word) for word in row[key]]
        if "run" in self.commands:
            self.commands.setdefault("start", self.commands["run"])

    def fill(self, word):
        for name, value in dict(TOOLS, tier=self.tier or "").items():
            word = word.replace("{" + name + "}", value)
        return word

    def prepare(self, program):
        """The file to run instead of `program`; made anew, so that it is of this engine's version."""
        if "prepare" not in self.commands:
            return program
        folder = os.path.join(MADE, "prepared", self.name)
        os.makedirs(folder, exist_ok=True)
        # Two programs of one name in different folders must not meet.
        out = os.path.join(folder, os.path.relpath(program, REPO).replace("/", "_"))
        words = [word.replace("{in}", program).replace("{out}", out)
                 for word in self.commands["prepare"]]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        return out

    def missing(self):
        """Why the engine cannot take part, or None."""
        if self.needs and not os.access(TOOLS[self.needs], os.X_OK):
            return "%s is not there" % self.needs
        if self.tier:
            command = self.commands["start"] + [os.path.join(MADE, "hello.wasm")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return done.stderr.strip() or "exit code %d" % done.returncode
        return None


def find():
    """(engines that are there, {name: why not} of the others), in the order of the table."""
    present, absent = [], {}
    for row in load("engines.toml")["engine"]:
        for engine in [Engine(row, tier) for tier in row.get("tiers", (None,))]:
            why = engine.missing()
            if why is None:
                present.append(engine)
            else:
                absent[engine.name] = why
    return present, absent


def worth_running(engines, quick):
    """Those that run kernels and programs: a slow tier steps back in a quick run if it is not alone."""
    running = [engine for engine in engines if "run" in engine.commands or engine.name == "native"]
    if not quick:
        return running
    return [engine for engine in running if not engine.runs_slowly or
            not any(other.kind == engine.kind and not other.runs_slowly for other in running)]


def versions(present):
    """What the tools call themselves."""
    found = {}
    needed = {"nacre"} | {engine.needs for engine in present if engine.needs}
    for tool, command in [(tool, [TOOLS[tool], "--version"]) for tool in sorted(needed)] + [
            ("clang", ["clang-19", "--version"])]:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found[tool] = (done.stdout.splitlines() or ["unknown"])[0]
    return found
