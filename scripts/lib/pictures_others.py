"""Pictures of claims, of batch statistics and dialects, and of speed."""
import textwrap

import matplotlib.pyplot as plt
from matplotlib.colors import LogNorm, Normalize

import pictures_style as style
import results_rows as rows_of

VERDICTS = {"supported": ("#009E73", "o"), "refuted": ("#D55E00", "X"), "undecided": ("#555555", "s")}


def claim_intervals(results, folder):
    """One panel a metric, for each has a unit of its own."""
    panels = {}
    for claim in results.get("claims") or []:
        bounded = claim["effect"] is not None and (claim["low"], claim["high"]) != (None, None)
        if bounded and claim["expect"] in ("greater", "less", "equal"):
            panels.setdefault(claim["metric"], []).append(claim)
    if not panels:
        return []
    sizes = [len(claims) for claims in panels.values()]
    figure, grid = plt.subplots(
        len(panels), 1, squeeze=False, gridspec_kw={"height_ratios": [n + 0.6 for n in sizes]},
        figsize=(style.COLUMN_INCHES * 1.4, 0.2 + 0.6 * len(panels) + 0.42 * sum(sizes)))
    for axes, (metric, claims) in zip(grid[:, 0], panels.items()):
        claim_panel(axes, metric, claims)
    figure.align_ylabels()
    return [style.save(figure, folder, "claims",
                       "Effects of the claims with their intervals: green dot supported, vermillion "
                       "cross refuted, grey square undecided; the tick is what was claimed.")]


def claim_panel(axes, metric, claims):
    ends = [v for c in claims for v in (c["low"], c["high"], c["effect"], 0) if v is not None]
    margin = 0.05 * ((max(ends) - min(ends)) or 1)
    axes.set_xlim(min(ends) - margin, max(ends) + margin)
    edges = axes.get_xlim()
    for y, claim in enumerate(claims):
        colour, marker = VERDICTS[claim["verdict"]]
        low = edges[0] if claim["low"] is None else claim["low"]  # an interval without that end
        high = edges[1] if claim["high"] is None else claim["high"]
        axes.plot([low, high], [y, y], color=colour, linewidth=2)
        axes.plot(claim["effect"], y, marker, color=colour, markersize=5.5)
        bounds = {"greater": [1], "less": [-1], "equal": [-1, 1]}[claim["expect"]]
        for sign in bounds:
            axes.plot(sign * (claim["by"] or 0), y, "|", color="black", markersize=9)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_yticks(range(len(claims)))
    axes.set_yticklabels([style.plain(two_lines(c["name"])) for c in claims], fontsize=7)
    axes.set_ylim(len(claims) - 0.5, -0.5)
    axes.xaxis.set_major_locator(plt.MaxNLocator(6))
    axes.set_xlabel(f"difference of {style.words(metric)}", fontsize=8)


def two_lines(text):
    """The name of a claim is a sentence: two lines of about one length."""
    width = min(72, len(text) // 2 + 8) if len(text) > 40 else 40
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder=" …"))


def statistics_curves(results, folder):
    rows = [r for r in results["summary"]
            if rows_of.mean_of(r, "mean_error") is not None and "layer" in r["case"]]
    axis = "batch_size"
    pictures = []
    shades = plt.get_cmap("viridis")
    for key, members in rows_of.tables_of(rows, {"layer", axis, "normalizer"}, results).items():
        once = {(r["case"]["layer"], r["case"].get(axis)): r for r in reversed(members)}
        members = list(once.values())  # a batch's statistics are those of any normalizer
        figure, axes = plt.subplots()
        layers = sorted({row["case"]["layer"] for row in members})
        for i, layer in enumerate(layers):
            line = sorted((r for r in members if r["case"]["layer"] == layer),
                          key=lambda r: r["case"].get(axis, 0))
            colour = shades(0.85 * i / max(1, len(layers) - 1))
            x = [r["case"].get(axis, results["config"].get(axis, 2)) for r in line]
            axes.plot(x, [rows_of.mean_of(r, "mean_error") for r in line], "o", markersize=4,
                      color=colour, label=f"layer {layer}, rho {rows_of.mean_of(line[0], 'rho'):.2f}")
            for metric, look in (("mean_error_theory", {"linestyle": "-"}),
                                 ("mean_error_if_independent", {"linestyle": ":", "linewidth": 0.8})):
                y = [rows_of.mean_of(r, metric) for r in line]
                if None not in y:
                    axes.plot(x, y, color=colour, **look)
        style.number_axis(axes, axis, [r["case"].get(axis, 2) for r in members])
        style.log_axis(axes, [rows_of.mean_of(r, "mean_error") for r in members], least=1)
        axes.set_ylabel("error of the batch mean, in deviations")
        style.head(axes, key)
        pictures.append(style.save(
            figure, folder, style.numbered(pictures, "statistics"),
            style.caption("Error of the batch mean: dots measured, lines sqrt(rho / n), dotted if "
                          "the values of an image were independent.", key)))
    return pictures


def dialect_matrix(results, folder):
    """How far each dialect's output is from the one that it is measured by, by batch size."""
    rows = [r for r in results["summary"]
            if rows_of.mean_of(r, "dialect_distance") is not None and "normalizer" in r["case"]]
    pictures = []
    for key, members in rows_of.tables_of(rows, {"normalizer", "batch_size"}, results).items():
        cells = {(r["case"]["normalizer"], r["case"].get("batch_size", "")):
                 rows_of.mean_of(r, "dialect_distance") for r in members}
        labels = list(dict.fromkeys(label for label, _ in cells))
        sizes = sorted({size for _, size in cells}, key=lambda s: (isinstance(s, str), s))
        words = 0.08 * max(len(str(label)) for label in labels)
        figure, axes = plt.subplots(
            figsize=(max(style.COLUMN_INCHES, 0.5 + words + 0.45 * len(sizes)),
                     1.3 + 0.32 * len(labels)))
        values = [v for v in cells.values() if v > 0] or [1]  # the measure's own dialect is at zero
        wide = max(values) > 10 * min(values)
        norm = LogNorm(min(values), max(values)) if wide else Normalize(0, max(values))
        grid = [[max(cells.get((label, size), float("nan")), norm.vmin) for size in sizes]
                for label in labels]
        image = axes.imshow(grid, norm=norm, cmap="cividis", aspect="auto")
        for (label, size), value in cells.items():
            dark = image.cmap(norm(max(value, norm.vmin)))[1] < 0.5
            axes.text(sizes.index(size), labels.index(label), f"{value:.2g}", ha="center",
                      va="center", fontsize=7.5, color="white" if dark else "black")
        axes.set_xticks(range(len(sizes)))
        axes.set_xticklabels(sizes)
        axes.set_yticks(range(len(labels)))
        axes.set_yticklabels([style.plain(label) for label in labels])
        axes.set_xlabel("batch size")
        axes.grid(visible=False)
        style.head(axes, key, right=True)
        pictures.append(style.save(
            figure, folder, style.numbered(pictures, "dialects"),
            style.caption("Distance of each dialect's output from that of the measure's own "
                          "(dialect_distance), by batch size; mean over the seeds.", key)))
    return pictures


def speed_bars(results, folder):
    """Fraction of the copy, by normalizer and mode: all cells as dots, the median as a bar."""
    cells = {}
    for row in results["rows"]:
        case, fraction = row["case"], row["timings"].get("fraction_of_copy")
        if case.get("contestant") != "native" or fraction is None or case.get("cache") == "cold":
            continue
        name = rows_of.name_of(rows_of.label_of(case, results))
        cells.setdefault((case["mode"], name), []).append(fraction)
    modes = [m for m in ("eval", "train", "backward") if any(k[0] == m for k in cells)]
    if not modes:
        return []
    figure, grid = plt.subplots(1, len(modes), sharey=True, squeeze=False,
                                figsize=(style.COLUMN_INCHES * 1.5, 3.2))
    for axes, mode in zip(grid[0], modes):
        names = [n for n in style.STYLES if (mode, n) in cells]
        for i, name in enumerate(names):
            values = sorted(cells[(mode, name)])
            axes.bar(i, values[len(values) // 2], color=style.STYLES[name][0], alpha=0.85, width=0.7)
            axes.plot([i] * len(values), values, ".", color="black", markersize=2, alpha=0.5)
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set_xticks(range(len(names)))
        axes.set_xticklabels(names, rotation=60, ha="right")
        axes.set_title(mode)
        axes.grid(axis="x", visible=False)
    grid[0][0].set_ylabel("time of a copy / time")
    return [style.save(figure, folder, "speed",
                       "Time of the better copy of the same bytes over native's: bars are medians, "
                       "dots the cells with hot caches, the line the copy.")]
