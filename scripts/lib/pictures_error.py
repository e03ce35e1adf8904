"""Pictures of the test error: curves over an axis, dots over names, curves over the epochs."""
import matplotlib.pyplot as plt

import pictures_style as style
import results_rows as rows_of

METRIC = "test_error"


def error_pictures(results, folder):
    rows = [r for r in results["summary"] if rows_of.mean_of(r, METRIC) is not None]
    if not rows:
        return []
    axis = rows_of.numeric_axis(rows, results)
    if axis is None:
        return error_dots(rows, results, folder)
    pictures = []
    for key, members in rows_of.tables_of(rows, {axis, "normalizer"}, results).items():
        pictures.append(error_curve(members, axis, key, results, folder,
                                    style.numbered(pictures, "error")))
    return pictures


def error_curve(members, axis, key, results, folder, name):
    figure, axes = plt.subplots()
    lines = rows_of.lines_of(members, results)
    styles = style.styles_of(lines)
    for label, line in lines.items():
        line.sort(key=lambda row: row["case"][axis])
        x = [row["case"][axis] for row in line]
        axes.plot(x, [rows_of.mean_of(row, METRIC) for row in line], markersize=4, linewidth=1.3,
                  label=style.plain(label), **styles[label])
        band = [rows_of.interval_of(row, METRIC) for row in line]
        if all(band):
            axes.fill_between(x, [b[0] for b in band], [b[1] for b in band],
                              color=styles[label]["color"], alpha=0.18, linewidth=0)
    style.number_axis(axes, axis, [row["case"][axis] for row in members])
    axes.set_ylabel("test error in %")
    style.log_axis(axes, [rows_of.mean_of(row, METRIC) for row in members])
    low, high = axes.get_ylim()  # the interval of few seeds may leave what a percentage can be
    axes.set_ylim(max(low, -2 if axes.get_yscale() == "linear" else low), min(high, 102))
    style.head(axes, key)
    return style.save(figure, folder, name, style.caption(
        f"Test error by {style.words(axis)}: mean over the seeds, band: 95 % interval.", key))


def error_dots(rows, results, folder):
    """What is swept has no order: one line a combination, its normalizers side by side."""
    lines = rows_of.lines_of(rows, results)
    styles = style.styles_of(lines)
    tables = list(rows_of.tables_of(rows, {"normalizer"}, results).items())
    step = 0.7 / max(1, len(lines) - 1) if len(lines) > 1 else 0
    height = 1.0 + max(1.0, len(tables) * (0.25 + 0.13 * len(lines)))
    figure, axes = plt.subplots(figsize=(style.COLUMN_INCHES, height))
    places = {label: i for i, label in enumerate(lines)}
    for top, (_, members) in enumerate(tables):
        for row in members:
            label = rows_of.label_of(row["case"], results)
            y = top + step * places[label] - 0.35 * (len(lines) > 1)
            look = {"color": styles[label]["color"], "marker": styles[label]["marker"]}
            interval = rows_of.interval_of(row, METRIC)
            if interval:
                axes.plot(interval, [y, y], color=look["color"], linewidth=1.5)
            axes.plot(rows_of.mean_of(row, METRIC), y, linestyle="", markersize=4.5,
                      markerfacecolor="white" if styles[label]["linestyle"] != "-" else None,
                      label=style.plain(label) if top == 0 else None, **look)
    if len(tables) == 1 and len(lines) > 1:
        axes.set_yticks([step * i - 0.35 for i in range(len(lines))])
        axes.set_yticklabels(map(style.plain, lines))
    else:
        axes.set_yticks(range(len(tables)))
        axes.set_yticklabels([style.plain("\n".join(f"{style.words(k)}: {v}" for k, v in key))
                              for key, _ in tables], fontsize=7.5)
        style.head(axes, right=True)
    axes.set_ylim(len(tables) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("test error in %")
    return [style.save(figure, folder, "error", "Test error: mean over the seeds, bar: 95 % "
                                                "interval.")]


def learning_curves(results, folder):
    metric = "test_error_per_epoch"
    rows = [r for r in results["rows"] if len(r["metrics"].get(metric) or []) > 1
            and None not in r["metrics"][metric]]
    pictures = []
    rows = rows_of.at_extremes(rows, results)
    for key, members in rows_of.tables_of(rows, {"normalizer", "seed"}, results).items():
        figure, axes = plt.subplots()
        lines = rows_of.lines_of(members, results)
        styles = style.styles_of(lines)
        for label, line in lines.items():
            curves = [row["metrics"][metric] for row in line]
            epochs = range(1, min(map(len, curves)) + 1)  # all of them: one that diverged is shorter
            means = [sum(c[e - 1] for c in curves) / len(curves) for e in epochs]
            axes.plot(epochs, means, markersize=3, label=style.plain(label), **styles[label])
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_ylabel("test error in %")
        style.head(axes, key)
        pictures.append(style.save(
            figure, folder, style.numbered(pictures, "learning"),
            style.caption("Test error after each epoch, mean over the seeds.", key)))
    return pictures
