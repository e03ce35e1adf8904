#!/usr/bin/python3
"""plot.py DIR...: pictures and report.html from a run's results.json(.gz), written beside it.

What is drawn follows from the results: verdicts of claims, error curves, what happens inside a
training, statistics with their theory, dialects, speed over the copy line. Each picture is an SVG and
a PNG; report.html has all of it inline and needs no network.
"""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "lib"))
import results_rows  # noqa: E402

try:
    import matplotlib  # noqa: F401
except ImportError:
    sys.exit("plot.py: matplotlib is missing, expected the package python3-matplotlib")

import pictures_error  # noqa: E402
import pictures_others  # noqa: E402
import pictures_training  # noqa: E402
import pictures_style  # noqa: E402
import report_page  # noqa: E402
import results_check  # noqa: E402

KINDS = (
    pictures_others.claim_intervals,
    pictures_error.error_pictures,
    pictures_error.learning_curves,
    pictures_training.percentiles,
    pictures_training.landscape,
    pictures_training.covariate_shift,
    pictures_others.statistics_curves,
    pictures_others.dialect_matrix,
    pictures_others.speed_bars,
)


def draw(folder):
    results = results_rows.read(folder)
    results_check.check(results)
    pictures = []
    for kind in KINDS:
        pictures += kind(results, folder)
    report_page.write(results, pictures, folder)
    print(os.path.join(folder, "report.html"))


def reason_for(error, folder):
    """Why there is no report of a folder; the last resort names the exception of an odd value."""
    if isinstance(error, results_check.OddResults):
        return f"{folder}: {error}"
    if isinstance(error, results_rows.NoResults):
        return str(error)  # it begins with the file
    if isinstance(error, OSError):
        return f"{folder}: {error}"
    return f"{folder}: {type(error).__name__}: {error}, expected results of normsweep run"


def main(arguments):
    if not arguments or any(a.startswith("-") for a in arguments):
        sys.exit("usage: plot.py DIR...")
    failed = False
    for folder in arguments:
        try:
            draw(folder)
        except (results_rows.NoResults, OSError, ArithmeticError, AttributeError, LookupError,
                TypeError, ValueError) as error:
            print("plot.py: " + " ".join(reason_for(error, folder).split()), file=sys.stderr)
            pictures_style.plt.close("all")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    # Ends like Ctrl-C does: no file that is half written stays.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main(sys.argv[1:])
