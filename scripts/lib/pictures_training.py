"""Pictures of what happens inside a training, from the samples of its rows."""
import math

import matplotlib.pyplot as plt

import pictures_style as style
import results_rows as rows_of


def series(row, name):
    """A sample as numbers; what was not finite is null in JSON, and a gap in a line."""
    return [math.nan if v is None else v for v in row["samples"][name]]


def sampled(results, names):
    """Tables of the rows with all these samples, each row the first seed of its case."""
    rows = [r for r in results["rows"]
            if all((r.get("samples") or {}).get(name) for name in names)
            and len({len(r["samples"][name]) for name in names}) == 1]
    first = {}
    for row in rows:
        case = tuple((k, str(v)) for k, v in row["case"].items() if k != "seed")
        kept = first.setdefault(case, row)
        if row["case"].get("seed", 0) < kept["case"].get("seed", 0):
            first[case] = row
    rows = rows_of.at_extremes(list(first.values()), results)
    return rows_of.tables_of(rows, {"normalizer", "seed"}, results)


def seed_of(members):
    seeds = sorted({row["case"]["seed"] for row in members if "seed" in row["case"]})
    return f" seed {seeds[0]}." if len(seeds) == 1 else ""


def lines_of(members, results):
    """(label, style without a marker, row) of each normalizer."""
    lines = rows_of.lines_of(members, results)
    styles = style.styles_of(lines)
    return [(label, {"color": styles[label]["color"], "linestyle": styles[label]["linestyle"]},
             rows[0]) for label, rows in lines.items()]


def span(row, low, high):
    values = [v for name in (low, high) for v in series(row, name) if math.isfinite(v)]
    return max(values) - min(values) if values else 0


def percentiles(results, folder):
    """arXiv 1502.03167, figure 1 b, c: the input of one typical hidden unit."""
    names = ("percentile_steps", "percentile_15", "percentile_50", "percentile_85")
    pictures = []
    for key, members in sampled(results, names).items():
        lines = lines_of(members, results)
        columns = min(3, len(lines))
        spans = [span(row, "percentile_15", "percentile_85") for _, _, row in lines]
        together = max(spans) <= 5 * min(spans)  # else the largest would flatten the others
        figure, grid = plt.subplots(
            math.ceil(len(lines) / columns), columns, squeeze=False, sharex=True, sharey=together,
            figsize=(max(style.COLUMN_INCHES, 2.0 * columns),
                     0.6 + 1.9 * math.ceil(len(lines) / columns)))
        for axes in grid.flat[len(lines):]:
            axes.set_visible(False)
        for axes in grid.flat[max(0, len(lines) - columns):len(lines)]:  # nothing is below them
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("step")
        for axes, (label, look, row) in zip(grid.flat, lines):
            x, low, middle, high = (series(row, name) for name in names)
            colour = look["color"]
            axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
            for values, dash in ((low, "--"), (high, "--"), (middle, "-")):
                axes.plot(x, values, color=colour, linestyle=dash,
                          linewidth=1.3 if dash == "-" else 0.9)
            axes.set_title(style.plain(label), fontsize=8.5)
            axes.xaxis.set_major_locator(plt.MaxNLocator(3, integer=True))
        for row in grid:
            row[0].set_ylabel("input of the unit")
        pictures.append(style.save(figure, folder, style.numbered(pictures, "percentiles"),
                                   style.caption("Input of one hidden unit over the training: its "
                                                 "15th, 50th and 85th percentile." +
                                                 seed_of(members), key)))
    return pictures


LANDSCAPE = (
    ("loss", "landscape_loss_low", "landscape_loss_high", "loss along the gradient",
     "Range of the loss over the steps tried along the gradient."),
    ("gradient", "landscape_gradient_change_low", "landscape_gradient_change_high",
     "change of the gradient (l2)",
     "Range of the distance of the gradient from itself after the steps tried along it."),
    ("beta", "landscape_beta", None, "effective beta smoothness",
     "The largest change of the gradient over the distance moved along it."),
)


def landscape(results, folder):
    """arXiv 1805.11604, figure 4: loss, change of the gradient, effective beta smoothness."""
    pictures = []
    for part, low, high, label, text in LANDSCAPE:
        names = ("landscape_steps", low) + ((high,) if high else ())
        of_part = []
        for key, members in sampled(results, names).items():
            of_part.append(landscape_part((part, low, high, label, text), key, members, results,
                                          folder, style.numbered(of_part, "landscape-" + part)))
        pictures += of_part
    return pictures


def landscape_part(which, key, members, results, folder, name):
    _, low, high, y_label, text = which
    figure, axes = plt.subplots()
    lines = lines_of(members, results)
    values = []
    for label, look, row in lines:
        x = series(row, "landscape_steps")
        lower = series(row, low)
        values += lower
        if high is None:
            axes.plot(x, lower, linewidth=1.3, label=style.plain(label), **look)
            continue
        upper = series(row, high)
        values += upper
        axes.fill_between(x, lower, upper, color=look["color"], linewidth=0,
                          alpha=0.3 if len(lines) < 4 else 0.12)
        axes.plot(x, lower, linewidth=0.8, **look)
        axes.plot(x, upper, linewidth=0.8, label=style.plain(label), **look)
    style.log_axis(axes, values)
    axes.set_xlabel("step")
    axes.set_ylabel(y_label)
    style.head(axes, key)
    return style.save(figure, folder, name, style.caption(text + seed_of(members), key))


def covariate_shift(results, folder):
    """arXiv 1805.11604, figure 3: a layer's gradient before and after the layers below moved."""
    names = ("covariate_shift_steps", "covariate_shift_distance", "covariate_shift_cosine")
    pictures = []
    for key, members in sampled(results, names).items():
        figure, panels = plt.subplots(2, 1, sharex=True, figsize=(style.COLUMN_INCHES, 4.8))
        lines = lines_of(members, results)
        distances = []
        for label, look, row in lines:
            x, distance, cosine = (series(row, name) for name in names)
            distances += distance
            panels[0].plot(x, distance, linewidth=1.1, label=style.plain(label), **look)
            panels[1].plot(x, cosine, linewidth=1.1, **look)
        style.log_axis(panels[0], distances)
        panels[0].set_ylabel("distance (l2)")
        panels[1].set_ylabel("cosine of the angle")
        panels[1].set_xlabel("step")
        style.head(panels[0], key)
        pictures.append(style.save(
            figure, folder, style.numbered(pictures, "covariate-shift"),
            style.caption("A layer's gradient before and after the layers below it took their "
                          "step: distance and cosine of the angle between the two." +
                          seed_of(members), key)))
    return pictures
