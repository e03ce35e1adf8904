#!/usr/bin/python3
"""plot.py DIR...: pictures and report.html from a run's results.json, written beside it.

What is drawn follows from the results: error against batch size, learning curves, statistics with
their theory, speed over the copy line. Each picture is an SVG and a PNG; report.html has all of it
inline and needs no network.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import report_page  # noqa: E402

try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
except ImportError:
    sys.exit("plot.py: matplotlib is missing, expected the package python3-matplotlib")

# Okabe and Ito's colours, which colour-blind readers tell apart; one normalizer, one colour and one
# marker in every picture.
STYLES = {
    "batch": ("#D55E00", "o"),
    "batch_renorm": ("#E69F00", "s"),
    "layer": ("#0072B2", "^"),
    "instance": ("#56B4E9", "v"),
    "group": ("#009E73", "D"),
    "weight": ("#CC79A7", "P"),
    "spectral": ("#8B7500", "X"),
    "none": ("#555555", "*"),
}
AXES = ("batch_size", "normalization_batch_size")  # of an error curve, the first that is swept
COLUMN_INCHES = 4.6  # readable in a column of a paper

plt.rcParams.update({
    "figure.figsize": (COLUMN_INCHES, 3.2),
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "svg.hashsalt": "normsweep",  # the same file from the same results
    "svg.fonttype": "path",
})


def name_of(case):
    return case.get("normalizer.name") or str(case.get("normalizer", "")).split("(")[0]


def style_of(case):
    return STYLES.get(name_of(case), ("#000000", "."))


def swept(results):
    return list(results["config"].get("sweep", {}))


def mean_of(row, metric):
    return (row["metrics"].get(metric) or {}).get("mean")


def tables_of(rows, hidden):
    """Rows by what they have in common beside `hidden` columns: one picture each."""
    tables = {}
    for row in rows:
        key = tuple((k, str(v)) for k, v in row["case"].items() if k not in hidden and "." not in k)
        tables.setdefault(key, []).append(row)
    return tables


def title_of(key):
    return ", ".join(f"{k}={v}" for k, v in key)


def save(figure, folder, name):
    figure.tight_layout()
    for kind in ("svg", "png"):
        figure.savefig(os.path.join(folder, f"{name}.{kind}"), dpi=200,
                       metadata={"Date": None} if kind == "svg" else {"Software": None})
    width, height = figure.get_size_inches()
    plt.close(figure)
    return {"name": name, "width": round(width * 96), "height": round(height * 96)}


def numbered(names, stem):
    return stem if not names else f"{stem}-{len(names) + 1}"


def batch_axis(axes, label):
    axes.set_xscale("log", base=2)
    axes.invert_xaxis()  # the batch falls to the right, as in arXiv 1803.08494, figure 1
    axes.set_xlabel(label)
    axes.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())


def error_curves(results, folder):
    axis = next((a for a in AXES if a in swept(results)), None)
    if axis is None:
        return []
    pictures = []
    rows = [r for r in results["summary"] if mean_of(r, "test_error") is not None]
    for key, members in tables_of(rows, {axis, "normalizer"}).items():
        figure, axes = plt.subplots()
        lines = {}
        for row in members:
            lines.setdefault(row["case"].get("normalizer", ""), []).append(row)
        ticks = sorted({row["case"][axis] for row in members})
        for label, line in lines.items():
            line.sort(key=lambda row: row["case"][axis])
            colour, marker = style_of(line[0]["case"])
            x = [row["case"][axis] for row in line]
            y = [mean_of(row, "test_error") for row in line]
            axes.plot(x, y, color=colour, marker=marker, markersize=4, linewidth=1.3, label=label)
            band = [row["metrics"]["test_error"] for row in line]
            if all(b["ci95_low"] is not None for b in band):
                axes.fill_between(x, [b["ci95_low"] for b in band], [b["ci95_high"] for b in band],
                                  color=colour, alpha=0.18, linewidth=0)
        batch_axis(axes, axis.replace("_", " "))
        axes.set_xticks(ticks)
        axes.set_ylabel("test error in %")
        values = [mean_of(row, "test_error") for row in members]
        if min(values) > 0 and max(values) > 5 * min(values):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda v, _: f"{v:g}"))
            axes.yaxis.set_minor_formatter(matplotlib.ticker.FuncFormatter(
                lambda v, _: f"{v:g}" if f"{v:g}"[0] in "235" else ""))
        axes.set_title(title_of(key), fontsize=8)
        axes.legend(ncol=2)
        pictures.append(save(figure, folder, numbered(pictures, "error")))
        pictures[-1]["caption"] = ("Test error by " + axis.replace("_", " ") +
                                   ": mean over the seeds, band: 95 % interval. " + title_of(key))
    return pictures


def learning_curves(results, folder):
    rows = [r for r in results["rows"] if len(r["metrics"].get("test_error_per_epoch") or []) > 1]
    if not rows:
        return []
    axis = next((a for a in AXES if a in swept(results)), None)
    pictures = []
    for key, members in tables_of(rows, {"normalizer", "seed"}).items():
        if axis and dict(key).get(axis) not in (str(e) for e in extremes(results, axis)):
            continue  # the smallest and the largest batch
        figure, axes = plt.subplots()
        lines = {}
        for row in members:
            lines.setdefault(row["case"].get("normalizer", ""), []).append(row)
        for label, line in lines.items():
            colour, marker = style_of(line[0]["case"])
            curves = [row["metrics"]["test_error_per_epoch"] for row in line]
            epochs = range(1, len(curves[0]) + 1)
            means = [sum(c[e - 1] for c in curves) / len(curves) for e in epochs]
            axes.plot(epochs, means, color=colour, marker=marker, markersize=3, label=label)
        axes.set_xlabel("epoch")
        axes.set_ylabel("test error in %")
        axes.set_title(title_of(key), fontsize=8)
        axes.legend(ncol=2)
        pictures.append(save(figure, folder, numbered(pictures, "learning")))
        pictures[-1]["caption"] = "Test error after each epoch, mean over the seeds. " + title_of(key)
    return pictures


def extremes(results, axis):
    values = results["config"]["sweep"][axis]
    return (min(values), max(values))


def statistics_curves(results, folder):
    rows = [r for r in results["summary"] if mean_of(r, "mean_error") is not None]
    pictures = []
    shades = plt.get_cmap("viridis")
    for key, members in tables_of(rows, {"layer", "batch_size"}).items():
        figure, axes = plt.subplots()
        layers = sorted({row["case"]["layer"] for row in members})
        for i, layer in enumerate(layers):
            line = sorted((r for r in members if r["case"]["layer"] == layer),
                          key=lambda r: r["case"]["batch_size"])
            colour = shades(0.85 * i / max(1, len(layers) - 1))
            x = [r["case"]["batch_size"] for r in line]
            axes.plot(x, [mean_of(r, "mean_error") for r in line], "o", markersize=4, color=colour,
                      label=f"layer {layer}, rho {mean_of(line[0], 'rho'):.2f}")
            axes.plot(x, [mean_of(r, "mean_error_theory") for r in line], "-", color=colour)
            axes.plot(x, [mean_of(r, "mean_error_if_independent") for r in line], ":", color=colour,
                      linewidth=0.8)
        batch_axis(axes, "batch size")
        axes.set_xticks(sorted({r["case"]["batch_size"] for r in members}))
        axes.set_yscale("log")
        axes.set_ylabel("error of the batch mean, in deviations")
        axes.set_title(title_of(key), fontsize=8)
        axes.legend()
        pictures.append(save(figure, folder, numbered(pictures, "statistics")))
        pictures[-1]["caption"] = ("Error of the batch mean: dots measured, lines sqrt(rho / n), "
                                   "dotted if the values of an image were independent. " +
                                   title_of(key))
    return pictures


def speed_bars(results, folder):
    """Fraction of the copy, by normalizer and mode: all cells as dots, the median as a bar."""
    cells = {}
    for row in results["rows"]:
        case, fraction = row["case"], row["timings"].get("fraction_of_copy")
        if case.get("contestant") != "native" or fraction is None or case.get("cache") == "cold":
            continue
        cells.setdefault((case["mode"], name_of(case)), []).append(fraction)
    if not cells:
        return []
    modes = [m for m in ("eval", "train", "backward") if any(k[0] == m for k in cells)]
    figure, all_axes = plt.subplots(1, len(modes), sharey=True, figsize=(COLUMN_INCHES * 1.5, 3.2))
    for axes, mode in zip(all_axes if len(modes) > 1 else [all_axes], modes):
        names = [n for n in STYLES if (mode, n) in cells]
        for i, name in enumerate(names):
            values = sorted(cells[(mode, name)])
            axes.bar(i, values[len(values) // 2], color=STYLES[name][0], alpha=0.85, width=0.7)
            axes.plot([i] * len(values), values, ".", color="black", markersize=2, alpha=0.5)
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set_xticks(range(len(names)))
        axes.set_xticklabels(names, rotation=60, ha="right")
        axes.set_title(mode)
        axes.grid(axis="x", visible=False)
    (all_axes if len(modes) == 1 else all_axes[0]).set_ylabel("time of a copy / time")
    picture = save(figure, folder, "speed")
    picture["caption"] = ("Time of the better copy of the same bytes over native's: bars are medians, "
                          "dots the cells with hot caches, the line the copy.")
    return [picture]


def claim_intervals(results, folder):
    claims = [c for c in results.get("claims", []) if c["low"] is not None and c["high"] is not None]
    claims = [c for c in claims if c["expect"] in ("greater", "less", "equal")]
    if not claims:
        return []
    colours = {"supported": "#009E73", "refuted": "#D55E00", "undecided": "#555555"}
    figure, axes = plt.subplots(figsize=(COLUMN_INCHES * 1.4, 0.5 + 0.45 * len(claims)))
    for i, claim in enumerate(reversed(claims)):
        colour = colours[claim["verdict"]]
        axes.plot([claim["low"], claim["high"]], [i, i], color=colour, linewidth=2)
        axes.plot(claim["effect"], i, "o", color=colour, markersize=5)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(claims)))
    axes.set_yticklabels([shorten(c["name"]) for c in reversed(claims)], fontsize=7)
    axes.set_xlabel("effect, in units of the metric")
    picture = save(figure, folder, "claims")
    picture["caption"] = ("Effects of the claims with their intervals: green supported, vermillion "
                          "refuted, grey undecided.")
    return [picture]


def shorten(text, most=48):
    return text if len(text) <= most else text[:most - 1] + "…"


def draw(folder):
    path = os.path.join(folder, "results.json")
    try:
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
    except OSError as error:
        sys.exit(f"plot.py: {path}: {error.strerror}, expected a folder that normsweep run wrote")
    except ValueError as error:
        sys.exit(f"plot.py: {path}: {error}, expected JSON")
    pictures = []
    for kind in (claim_intervals, error_curves, learning_curves, statistics_curves, speed_bars):
        pictures += kind(results, folder)
    report_page.write(results, pictures, folder)
    print(os.path.join(folder, "report.html"))


def main(arguments):
    if not arguments or any(a.startswith("-") for a in arguments):
        sys.exit("usage: plot.py DIR...")
    for folder in arguments:
        draw(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
