"""The terminal's view of the figures."""

import figures


def columns(found, names, group):
    """The engines that have a figure whose name begins so, in the order of the table."""
    having = {engine for figure, engine in found if figure.startswith(group)}
    return [name for name in names if name in having]


def cell(value, pattern):
    return "-" if value is None else pattern % value


def grid(title, head, rows):
    """rows of texts; the first column to the left, the others to the right."""
    lines = [head] + rows
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = ["", title]
    for line in lines:
        text.append("  " + line[0].ljust(widths[0]) + "".join(
            "  " + word.rjust(width) for word, width in zip(line[1:], widths[1:])))
    return text


def run_table(found, names, group, kind, items, title):
    own = columns(found, names, "%s.%s." % (group, kind))
    if not own:
        return []
    guests = [engine for engine in own if engine != "native"]
    rows = []
    for item in items:
        name = "%s.%s.%s" % (group, kind, item)
        native = found.get((name, "native"))
        quotients = [found[name, engine] / native if native and (name, engine) in found else None
                     for engine in guests]
        rows.append([item, cell(native, "%.3f")] + [cell(q, "%.2f") for q in quotients])
    mean = "%s.%s.mean" % (group, kind)
    rows.append(["geometric mean", ""] + [cell(found.get((mean, e)), "%.2f") for e in guests])
    return grid(title, ["", "native s"] + guests, rows)


def plain_table(found, names, group, items, title, pattern):
    own = columns(found, names, group + ".")
    if not own:
        return []
    rows = [[item] + [cell(found.get(("%s.%s" % (group, item), engine)), pattern) for engine in own]
            for item in items]
    return grid(title, [""] + own, rows)


def goal_table(found, goals, partial):
    rows = []
    for goal in goals:
        value, met = figures.judge(goal, found, partial)
        wanted = "<= %g" % goal["at_most"] if "at_most" in goal else ">= %g" % goal["at_least"]
        verdict = {True: "met", False: "MISSED", None: "not measured"}[met]
        rows.append([goal["says"], wanted, cell(value, "%.2f"), verdict, goal.get("others", "")])
    text = grid("goals", ["", "wanted", "got", "", "others, November 2026"], rows)
    return [line.rstrip() for line in text]


def items_of(measured, group):
    return list(measured.get(group, {}))


def show(results, goals):
    """All tables as one text."""
    measured, clock = results["measured"], results["clock"]
    found = figures.of(measured, clock)
    names = list(results["engines"])
    text = []
    for group in ("kernels", "programs"):
        for kind, says in (("inside", "without start and loading"), ("process", "whole process")):
            text += run_table(found, names, group, kind, items_of(measured, group),
                              "%s, times native: %s" % (group, says))
    for group in ("compile", "validate"):
        text += plain_table(found, names, group, items_of(measured, group) + ["mean"],
                            "%s, MB of code a second on one core" % group, "%.2f")
    starts = items_of(measured, "start")
    text += plain_table(found, names, "start", [s + ".time" for s in starts],
                        "start, cold process, ms", "%.2f")
    text += plain_table(found, names, "start", [s + ".memory" for s in starts],
                        "start, peak memory, MB", "%.1f")
    embed = sorted({figure[6:] for figure, _ in found if figure.startswith("embed.")})
    text += plain_table(found, names, "embed", embed, "embedding: calls in ns, instances in us",
                        "%.2f")
    text += goal_table(found, goals, results["partial"])
    for failure in results["failures"]:
        text.append("failed: %(what)s, %(engine)s: %(why)s" % failure)
    for name, why in results["absent"].items():
        text.append("not here: %s: %s" % (name, why))
    share = figures.processor_share(measured)
    if share is not None and share < 0.95:
        text.append("the machine was busy: native code had a processor for %.0f %% of its time%s" % (
            100 * share, "" if clock == "processor" else "; times by --clock=processor are nearer"))
    return "\n".join(text) + "\n"
