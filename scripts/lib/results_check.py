"""Whether results.json says what plot.py draws and shows; what may be missing gets its default."""
import json

import results_rows
from results_rows import is_number

VERDICTS = ("supported", "refuted", "undecided")
EXPECTED = ("greater", "less", "equal", "rising", "falling", "crossover", "correlation")


class OddResults(results_rows.NoResults):
    """Results that are no normsweep run's; the text says which key and what was expected."""


def is_text(value):
    return isinstance(value, str)


def is_object(value):
    return isinstance(value, dict)


def is_numbers(value):
    return isinstance(value, list) and all(v is None or is_number(v) for v in value)


OBJECT = (is_object, "an object")
TEXT = (is_text, "a text")
NUMBER = (is_number, "a number")
NUMBERS = (is_numbers, "a list of numbers and nulls")
REQUIRED = object()  # in place of a default

CLAIM = {
    "name": (*TEXT, REQUIRED), "metric": (*TEXT, REQUIRED),
    "expect": (lambda v: v in EXPECTED, "one of " + ", ".join(EXPECTED), REQUIRED),
    "verdict": (lambda v: v in VERDICTS, "one of " + ", ".join(VERDICTS), REQUIRED),
    **{key: (*TEXT, "") for key in ("source", "with", "axis", "reason")},
    **{key: (*NUMBER, None) for key in ("by", "than", "effect", "low", "high", "confidence", "p",
                                        "p_adjusted", "p_contrary", "p_contrary_adjusted", "n")},
    **{key: (*OBJECT, {}) for key in ("case", "against")},
    "relative_to": (lambda v: is_object(v) or is_text(v), "an object", {}),
    "paired": (lambda v: isinstance(v, bool), "true or false", False),
}
ROW = {
    "case": (*OBJECT, REQUIRED),
    **{key: (*OBJECT, {}) for key in ("metrics", "timings", "samples")},
    **{key: (*TEXT, "") for key in ("status", "reason", "repro")},
}
SUMMARY_ROW = {"case": (*OBJECT, REQUIRED), "n": (*NUMBER, REQUIRED), "metrics": (*OBJECT, {})}
MEANS = {key: (*NUMBER, None) for key in ("mean", "ci95_low", "ci95_high")}
CURVES = {"test_error_per_epoch": (*NUMBERS, [])}
TIMES = {"fraction_of_copy": (*NUMBER, None)}


def complete(found, keys, place):
    """Checks the keys of an object; where one is missing or null it gets its default."""
    if not is_object(found):
        raise OddResults(f"{place or '/'}: expected an object")
    for key, (is_good, expected, default) in keys.items():
        value = found.get(key)
        if value is None and default is not REQUIRED:
            found[key] = type(default)() if isinstance(default, (dict, list)) else default
        elif value is None or not is_good(value):
            shown = json.dumps(value) if key in found else "missing"
            shown = shown if len(shown) < 60 else shown[:56] + " ..."
            raise OddResults(f"{place}/{key}: {shown}, expected {expected}")


def members(results, key):
    """(place, member) of a list."""
    return [(f"/{key}/{i}", one) for i, one in enumerate(results[key])]


def check(results):
    """Raises OddResults for what cannot be drawn; fills in what is harmless to miss."""
    a_list = (lambda v: isinstance(v, list), "a list")
    complete(results, {"config": (*OBJECT, REQUIRED), "environment": (*OBJECT, {}),
                       "rows": (*a_list, REQUIRED), "summary": (*a_list, REQUIRED),
                       "claims": (*a_list, [])}, "")
    complete(results["config"], {"name": (*TEXT, ""), "sweep": (*OBJECT, {})}, "/config")
    for place, row in members(results, "rows"):
        complete(row, ROW, place)
        complete(row["metrics"], CURVES, place + "/metrics")
        complete(row["timings"], TIMES, place + "/timings")
        for name, values in row["samples"].items():
            if values is not None and not is_numbers(values):
                raise OddResults(f"{place}/samples/{name}: expected {NUMBERS[1]}")
    for place, row in members(results, "summary"):
        complete(row, SUMMARY_ROW, place)
        row["metrics"] = {name: {} if v is None else v for name, v in row["metrics"].items()}
        for name, value in row["metrics"].items():
            complete(value, MEANS, f"{place}/metrics/{name}")
    for place, claim in members(results, "claims"):
        complete(claim, CLAIM, place)
