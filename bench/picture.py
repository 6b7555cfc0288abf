"""The picture that the README shows: times native, compile speed, start of a large program.

An SVG whose text and lines take their colour from the reader's light or dark scheme.
"""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

import figures  # noqa: E402

# Stand-ins in the drawing for what the style sheet decides.
INK, FAINT = "#010203", "#040506"
STYLE = """<style>
:root { --ink: #1f2328; --faint: #d0d7de; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #3d444d; } }
</style>
"""
PANELS = (
    ("kernels.inside.mean", "Kernels", "times native, less is better", "%.1f"),
    ("programs.inside.mean", "Real programs", "times native, less is better", "%.1f"),
    ("compile.mean", "Compiling, one core", "MB of code a second, more is better", "%.1f"),
    ("start.ruby.time", "ruby -e 'puts 1', nothing cached", "ms, less is better", "%.0f"),
)


def bars(axes, panel, found, engines):
    name, title, unit, pattern = panel
    rows = [(engine, found[name, engine]) for engine in engines
            if (name, engine) in found and engine != "native"]
    rows.reverse()
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=INK)
    axes.set_xlabel(unit, fontsize=8, color=INK)
    axes.barh([engines[engine]["label"] for engine, _ in rows], [value for _, value in rows],
              color=[engines[engine]["colour"] for engine, _ in rows], height=0.62)
    values = [value for _, value in rows]
    axes.set_xscale("log")
    axes.set_xlim(min(values) / 2 if "mean" not in name or "compile" in name else
                  min(1, min(values)), max(values) * 2.2)
    for row, value in enumerate(values):
        axes.text(value * 1.05, row, pattern % value, va="center", fontsize=8, color=INK)
    axes.tick_params(axis="y", length=0, labelsize=8, colors=INK)
    axes.tick_params(axis="x", which="both", length=0, labelbottom=False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(FAINT)


def draw(results, path):
    """Writes the SVG; says what was done, or that there was nothing to draw."""
    found = figures.of(results["measured"], results["clock"])
    engines = results["engines"]
    panels = [panel for panel in PANELS if any(
        (panel[0], engine) in found for engine in engines if engine != "native")]
    if not panels:
        return "no picture: it shows means, and none could be made"
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "nacre", "font.family": "sans-serif"})
    heights = [1.2 + sum((panel[0], engine) in found for engine in engines) for panel in panels]
    figure, all_axes = plt.subplots(len(panels), 1, figsize=(7.2, 0.26 * sum(heights)),
                                    gridspec_kw={"height_ratios": heights}, squeeze=False)
    for axes, panel in zip(all_axes[:, 0], panels):
        bars(axes, panel, found, engines)
    about = results["about"]
    figure.text(0.01, 0.005, "%s, %d cores, %s; logarithmic scales" % (
        about["processor"], about["cores"], about["date"][:10]), fontsize=7, color=INK)
    figure.tight_layout(rect=(0, 0.015, 1, 1))
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = text.replace(INK, "var(--ink)").replace(FAINT, "var(--faint)")
    begin = text.index("<defs>")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text[:begin] + STYLE + text[begin:])
    return path
