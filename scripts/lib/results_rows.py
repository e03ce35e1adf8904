"""What results.json says, for plot.py and its page: which columns are swept, and rows by them."""
import gzip
import json
import os
import zlib

BATCH_AXES = ("batch_size", "normalization_batch_size")  # of an error curve, the first that is swept


class NoResults(Exception):
    """A folder without readable results; the text names the file and what was expected."""


def read(folder):
    """results.json of a folder, or results.json.gz where only that is there."""
    path = os.path.join(folder, "results.json")
    if not os.path.exists(path) and os.path.exists(path + ".gz"):
        path += ".gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else \
                open(path, encoding="utf-8") as file:
            results = json.load(file)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise NoResults(f"{path}: {reason}, expected a folder that normsweep run wrote") from error
    except ValueError as error:
        raise NoResults(f"{path}: {error}, expected JSON") from error
    if not isinstance(results, dict) or not {"config", "rows", "summary"} <= set(results):
        raise NoResults(f"{path}: expected the object with config, rows and summary that normsweep "
                        "run writes")
    return results


def swept(results):
    return list(results["config"].get("sweep") or {})


def is_detail(column, results):
    """A part of a swept object, such as normalizer.groups, which its label has already."""
    paths = swept(results)
    return column not in paths and any(column.startswith(path + ".") for path in paths)


def columns_of(rows, results):
    """The columns that tell rows apart, in their order."""
    columns = {}
    for row in rows:
        columns.update(dict.fromkeys(row["case"]))
    return [c for c in columns if not is_detail(c, results)]


def label_of(case, results):
    """The normalizer of a case, its options included."""
    label = case.get("normalizer") or case.get("normalizer.name")
    if label is None:
        label = results["config"].get("normalizer", {})
        label = label.get("name", "") if isinstance(label, dict) else label
    return str(label)


def name_of(label):
    return label.split("(")[0]


def lines_of(rows, results):
    """Rows by normalizer, in the order of the results."""
    lines = {}
    for row in rows:
        lines.setdefault(label_of(row["case"], results), []).append(row)
    return lines


def mean_of(row, metric):
    return (row["metrics"].get(metric) or {}).get("mean")


def interval_of(row, metric):
    """(low, high), or None with one seed."""
    value = row["metrics"].get(metric) or {}
    low, high = value.get("ci95_low"), value.get("ci95_high")
    return None if low is None or high is None else (low, high)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def numeric_axis(rows, results):
    """The axis of the curves: a batch size, or else the first swept path of several numbers."""
    for path in (*BATCH_AXES, *swept(results)):
        values = {json.dumps(row["case"].get(path)) for row in rows}
        numbers = all(is_number(row["case"].get(path)) for row in rows)
        if path != "seed" and numbers and (len(values) > 1 or (values and path in BATCH_AXES)):
            return path
    return None


def tables_of(rows, hidden, results):
    """Rows by what they have in common beside the `hidden` columns: one picture each."""
    tables = {}
    for row in rows:
        key = tuple((k, str(v)) for k, v in row["case"].items()
                    if k not in hidden and not is_detail(k, results))
        tables.setdefault(key, []).append(row)
    return tables


def title_of(key):
    """What the rows of a picture have in common; an object without its quotes and braces."""
    def shown(value):
        if not value.startswith("{"):
            return value
        return "(" + value.strip("{}").replace('"', "").replace(",", ", ") + ")"

    return ", ".join(f"{k}={shown(v)}" for k, v in key)


def at_extremes(rows, results):
    """Rows at the smallest and the largest batch, where a batch size is swept."""
    axis = next((a for a in BATCH_AXES if a in swept(results)), None)
    values = [row["case"][axis] for row in rows if is_number(row["case"].get(axis))] if axis else []
    if not values:
        return rows
    return [row for row in rows if row["case"].get(axis) in (min(values), max(values))]
