"""What measurements mean: from the runs of bench/run to figures, and from figures to goals.

Figures are named by (figure, engine):

    kernels.inside.NAME     seconds by the guest's or harness's own clock; programs.* likewise
    kernels.process.NAME    seconds of the whole process
    kernels.inside.mean     geometric mean of the quotients by native; kernels.process.mean likewise
    compile.NAME, .mean     MB of code section a second of processor time; validate.* likewise
    start.NAME.time         ms; start.NAME.memory: peak MB
    embed.call_in, embed.call_out                                           ns
    embed.first_instance, embed.next_instance, embed.pooled_instance        us

A mean is there only if the engine has every item that the others have: it must be of the same things.
"""

import math
import statistics


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


def inside(run, clock):
    """Seconds inside one run; by the processor's clock, its share of the whole process's wall time.

    A process that waits for a processor half of the time measures twice too much with a clock on
    the wall. What other threads did besides must not make it more than it measured.
    """
    if run.get("inside") is None:
        return None
    if clock == "wall":
        return run["inside"]
    return run["inside"] * min(1.0, run["processor"] / run["wall"])


def typical(runs, value):
    """The median over runs, or None where one has no such value."""
    values = [value(run) for run in runs]
    return statistics.median(values) if values and None not in values else None


def run_times(group, items, clock):
    """Figures of kernels or programs."""
    found = {}
    for name, engines in items.items():
        for engine, runs in engines.items():
            for kind, value in (("process", lambda run: run[clock]),
                                ("inside", lambda run: inside(run, clock))):
                seconds = typical(runs, value)
                if seconds is None and engine == "native":
                    seconds = typical(runs, lambda run: run[clock])  # it starts in no time
                if seconds is not None:
                    found["%s.%s.%s" % (group, kind, name), engine] = seconds
    names = {engine for _, engine in found}
    for kind in ("process", "inside"):
        for engine in names:
            quotients = []
            for name in items:
                own = found.get(("%s.%s.%s" % (group, kind, name), engine))
                native = found.get(("%s.%s.%s" % (group, kind, name), "native"))
                quotients.append(own / native if own and native else None)
            if quotients and None not in quotients:
                found["%s.%s.mean" % (group, kind), engine] = geometric_mean(quotients)
    return found


def throughputs(group, items, code_bytes):
    """Figures of compiling or validating."""
    found = {}
    for name, engines in items.items():
        for engine, runs in engines.items():
            seconds = typical(runs, lambda run: run["seconds"])
            if seconds:
                found["%s.%s" % (group, name), engine] = code_bytes[name] / seconds / 1e6
    for engine in {engine for _, engine in found}:
        own = [found.get(("%s.%s" % (group, name), engine)) for name in items]
        if None not in own:
            found["%s.mean" % group, engine] = geometric_mean(own)
    return found


def starts(items, clock):
    found = {}
    for name, engines in items.items():
        for engine, runs in engines.items():
            if not runs:
                continue
            found["start.%s.time" % name, engine] = typical(runs, lambda run: run[clock]) * 1e3
            found["start.%s.memory" % name, engine] = (
                typical(runs, lambda run: run["memory_kb"]) / 1024)
    return found


def embedding(items):
    """Medians over processes; what makes instances is told in microseconds."""
    found = {}
    for engine, runs in items.items():
        for name in runs[0] if runs else ():
            value = typical(runs, lambda run: run.get(name))
            if value is not None:
                found["embed." + name, engine] = value / (1e3 if "instance" in name else 1)
    return found


def of(measured, clock):
    """All figures of {group: what bench/run measured of it}."""
    found = {}
    for group in ("kernels", "programs"):
        found.update(run_times(group, measured.get(group, {}), clock))
    for group in ("compile", "validate"):
        found.update(throughputs(group, measured.get(group, {}), measured.get("code_bytes", {})))
    found.update(starts(measured.get("start", {}), clock))
    found.update(embedding(measured.get("embed", {})))
    return found


def processor_share(measured):
    """How much of a processor native code got while it ran: 1 on an idle machine; None if unknown."""
    shares = [run["processor"] / run["wall"] for group in ("kernels", "programs")
              for engines in measured.get(group, {}).values() for run in engines.get("native", ())]
    return min(1.0, statistics.median(shares)) if shares else None


def judge(goal, figures, partial=()):
    """(value, met) of a goal; (None, None) if it was not measured, or only a part of its group."""
    group, *_, last = goal["figure"].split(".")
    if last == "mean" and group in partial:
        return None, None
    value = figures.get((goal["figure"], goal["engine"]))
    for key, combine in (("times", lambda a, b: a / b), ("above", lambda a, b: a - b)):
        if value is not None and key in goal:
            other = figures.get((goal["figure"], goal[key]))
            value = combine(value, other) if other is not None else None
    if value is None:
        return None, None
    if "at_most" in goal:
        return value, value <= goal["at_most"]
    return value, value >= goal["at_least"]


def code_section_bytes(module):
    """Bytes of code in a binary module: the content of its code section."""
    if module[:4] != b"\0asm":
        raise ValueError("this is no WebAssembly module")
    at = 8
    while at < len(module):
        kind = module[at]
        at += 1
        size = shift = 0
        while True:
            byte = module[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        if kind == 10:
            return size
        at += size
    return 0
