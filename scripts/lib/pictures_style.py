"""How every picture of plot.py looks, and how it is written."""
import io
import math
import os
import textwrap

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

import results_rows  # noqa: E402
import whole_file  # noqa: E402

# Okabe and Ito's colours, which colour-blind readers tell apart; one normalizer, one colour and one
# marker in every picture. Its variants differ in their dashes.
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
DASHES = ("-", "--", ":", "-.")
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


def plain(value):
    """Without the dollars that would begin a formula."""
    return str(value).replace("$", r"\$")


def styles_of(labels):
    """label -> colour, marker and linestyle, as plot takes them."""
    styles, seen = {}, {}
    for label in labels:
        name = results_rows.name_of(label)
        colour, marker = STYLES.get(name, ("#000000", "."))
        variant = seen[name] = seen.get(name, -1) + 1
        styles[label] = {"color": colour, "marker": marker,
                         "linestyle": DASHES[variant % len(DASHES)]}
    return styles


def save(figure, folder, name, caption):
    figure.tight_layout()
    for kind in ("svg", "png"):
        content = io.BytesIO()
        figure.savefig(content, format=kind, dpi=200,
                       metadata={"Date": None} if kind == "svg" else {"Software": None})
        whole_file.write(os.path.join(folder, f"{name}.{kind}"), content.getvalue())
    width, height = figure.get_size_inches()
    plt.close(figure)
    return {"name": name, "width": round(width * 96), "height": round(height * 96),
            "wide": width > 1.2 * COLUMN_INCHES, "caption": caption}


def numbered(pictures, stem):
    return stem if not pictures else f"{stem}-{len(pictures) + 1}"


def caption(text, key):
    title = results_rows.title_of(key)
    return text + (" " + title + "." if title else "")


def words(path):
    return path.replace("_", " ").replace(".", ": ")


def plain_ticks(axis):
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda v, _: f"{v:g}"))


def number_axis(axes, path, values):
    """A logarithmic x axis with the swept values as ticks."""
    if min(values) > 0:
        axes.set_xscale("log", base=2)
    elif max(values) > 0:  # zero has a place of its own
        axes.set_xscale("symlog", base=2, linthresh=min(v for v in values if v > 0))
    if path in results_rows.BATCH_AXES:
        axes.invert_xaxis()  # the batch falls to the right, as in arXiv 1803.08494, figure 1
    axes.set_xlabel(words(path))
    plain_ticks(axes.xaxis)
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    axes.set_xticks(sorted(set(values)))


def log_axis(axes, values, least=5):
    """A logarithmic y axis where the finite values span at least this; with numbers within a
    decade too."""
    values = [v for v in values if math.isfinite(v)]
    if not values or min(values) <= 0 or max(values) <= least * min(values):
        return
    axes.set_yscale("log")
    plain_ticks(axes.yaxis)
    digits = "235" if max(values) < 100 * min(values) else ""
    axes.yaxis.set_minor_formatter(matplotlib.ticker.FuncFormatter(
        lambda v, _: f"{v:g}" if f"{v:e}"[0] in digits else ""))


def legend_columns(labels, inches):
    """As many as fit, at most four; a legend is filled column by column."""
    for columns in (4, 3, 2):
        lines = math.ceil(len(labels) / columns)
        widest = [max(map(len, labels[i:i + lines])) for i in range(0, len(labels), lines)]
        if sum(0.058 * characters + 0.4 for characters in widest) < inches:
            return len(widest)
    return 1


def head(axes, key=(), right=False):
    """The legend above the picture, where it hides nothing, and above it what the picture is of.

    `right`: the axes are narrow, and this may stand above their labels too.
    """
    labels = axes.get_legend_handles_labels()[1]
    inches = axes.figure.get_size_inches()[0]
    lines = 0
    if len(labels) > 1:
        columns = legend_columns(labels, inches)
        lines = math.ceil(len(labels) / columns)
        place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0)} if right else \
            {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
        axes.legend(ncol=columns, borderaxespad=0.2, columnspacing=1.2, handlelength=1.8,
                    handletextpad=0.5, **place)
    if key:
        title = textwrap.fill(results_rows.title_of(key), round(12 * inches))
        axes.set_title(plain(title), fontsize=8, pad=6 + 11.5 * lines,
                       loc="right" if right else "center")
