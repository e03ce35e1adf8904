"""report.html: one page with everything inline, for plot.py."""
import base64
import html
import json
import os
import shlex

import results_rows
import whole_file

MOST_ROWS = 10000  # of a table in the page

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --line: #d5d5d5;
  --soft: #f4f4f2; --supported: #00694d; --refuted: #a84700; --undecided: #555555; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #161616; --line: #3c3c3c;
  --soft: #222222; --supported: #4cd3a9; --refuted: #ff9a5c; --undecided: #b0b0b0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0.5rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; }
figure { margin: 1rem 0; } figcaption { font-size: 0.85rem; max-width: 48rem; }
figure img { max-width: 100%; height: auto; background: #ffffff; border: 1px solid var(--line); }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr));
  gap: 1rem; }
.pictures .wide { grid-column: 1 / -1; }
.claim { border-left: 4px solid var(--undecided); padding: 0.3rem 0.8rem; margin: 0.6rem 0;
  background: var(--soft); }
.claim.supported { border-color: var(--supported); } .claim.refuted { border-color: var(--refuted); }
.verdict { font-weight: 600; } .supported .verdict { color: var(--supported); }
.refuted .verdict { color: var(--refuted); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.85rem; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
th button:focus-visible, td button:focus-visible { outline: 2px solid currentColor; }
td button { font: inherit; padding: 0 0.4rem; cursor: pointer; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; font-size: 0.9rem; }
dd { margin: 0; } details { margin: 0.5rem 0; } code { font-size: 0.85em; }
@media (max-width: 480px) { dl { grid-template-columns: 1fr; } dt { font-weight: 600; } }
"""

# Sorting: numbers as numbers, empty cells last; a second click turns the order around.
SCRIPT = """
for (const button of document.querySelectorAll('th button')) {
  button.addEventListener('click', () => {
    const head = button.closest('th'), body = head.closest('table').tBodies[0];
    const down = head.getAttribute('aria-sort') === 'ascending';
    for (const other of head.parentElement.children) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const key = row => row.cells[head.cellIndex].dataset.value ?? row.cells[head.cellIndex].textContent;
    const rows = [...body.rows].sort((a, b) => {
      const x = key(a), y = key(b);
      if (x === '' || y === '') return (x === '') - (y === '');
      const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
      return down ? -order : order;
    });
    body.append(...rows);
  });
}
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'copied';
    } catch { window.prompt('Copy this line', button.dataset.copy); }
  });
}
"""


def text(value):
    return html.escape("" if value is None else str(value), quote=True)


def number(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return text(value)


def selector_text(selector):
    """normalizer.name=batch, batch_size=2; a text is of results that have it as JSON's."""
    if not isinstance(selector, dict):
        return text(selector)
    return ", ".join(f"{text(k)}={text(v if isinstance(v, str) else json.dumps(v))}"
                     for k, v in selector.items())


# Between what is claimed to compare and what it is compared with.
LINKS = {"equal": "to", "correlation": "with", "crossover": "with"}


def compared(claim):
    """What is compared: test_error of batch_size=2 greater than that of batch_size=32 by 1."""
    expect = claim["expect"]
    words = [text(claim["metric"])]
    if claim.get("case"):
        words.append("of " + selector_text(claim["case"]))
    if claim.get("relative_to"):
        words.append(f"(relative to {selector_text(claim['relative_to'])})")
    words.append(text(expect))
    other = [number(claim["than"])] if claim.get("than") is not None else []
    if claim.get("with"):
        other.append(text(claim["with"]))
    if claim.get("against") and claim["expect"] not in ("rising", "falling", "correlation"):
        other.append(("" if other else "that ") + "of " + selector_text(claim["against"]))
    if other:
        words += [LINKS.get(expect, "than"), *other]
    if claim.get("axis"):
        words.append("along " + text(claim["axis"]))
    if claim["by"]:
        words.append(("within " if expect == "equal" else "by ") + number(claim["by"]))
    return " ".join(words)


def p_text(claim):
    """The p that decided: of a refuted claim that of its contrary."""
    p, of = claim.get("p_adjusted"), ""
    if claim["verdict"] == "refuted" and claim.get("p_contrary_adjusted") is not None:
        p, of = claim["p_contrary_adjusted"], " of the contrary"
    return f"p{of} -" if p is None else f"p{of} {p:.2g} (Holm)"


def claim_block(claim):
    effect = f"{number(claim['effect']) or '-'}"
    if claim["low"] is not None or claim["high"] is not None:
        effect += f" [{number(claim['low']) or '-∞'}, {number(claim['high']) or '∞'}]"
        if claim.get("confidence") is not None:
            effect += f" at {100 * claim['confidence']:.4g} %"
    source = f" <cite>{text(claim['source'])}</cite>" if claim["source"] else ""
    reason = f"; {text(claim['reason'])}" if claim["reason"] else ""
    count = f", n {number(claim['n'])}" if claim["n"] is not None else ""
    verdict = text(claim["verdict"])
    return (f'<div class="claim {verdict}"><div><span class="verdict">{verdict}'
            f"</span>: {text(claim['name'])}{source}</div><div>{compared(claim)}: {effect}, "
            f"{p_text(claim)}{count}{' pairs' if claim['paired'] else ''}{reason}</div></div>")


def picture_block(picture, folder):
    with open(os.path.join(folder, picture["name"] + ".svg"), encoding="utf-8") as file:
        svg = file.read()
    data = base64.b64encode(svg.encode()).decode()
    wide = ' class="wide"' if picture["wide"] else ""
    return (f'<figure{wide}><img src="data:image/svg+xml;base64,{data}" width="{picture["width"]}" '
            f'height="{picture["height"]}" alt="{text(picture["caption"])}">'
            f"<figcaption>{text(picture['caption'])}</figcaption></figure>")


def table(heads, rows):
    """rows: lists of (shown, value to sort by)."""
    head = "".join(f'<th scope="col"><button type="button">{text(h)}</button></th>' for h in heads)
    def cell(shown, value):
        key = "" if shown == text(value) else f' data-value="{text(value)}"'
        return f"<td{key}>{shown}</td>"

    body = "".join("<tr>" + "".join(cell(*one) for one in row) + "</tr>" for row in rows)
    return (f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
            "</table></div>")


def summary_table(results):
    rows = results["summary"]
    columns = results_rows.columns_of(rows, results)
    metrics = []
    for row in rows:
        metrics += [m for m, v in row["metrics"].items()
                    if m not in metrics and v.get("mean") is not None and "_per_" not in m]
    metrics = [m for m in metrics if not m.rsplit("_", 1)[-1].isdigit()][:12]
    lines = []
    for row in rows:
        line = [(text(row["case"].get(c)), row["case"].get(c)) for c in columns]
        line.append((text(row["n"]), row["n"]))
        for metric in metrics:
            value = row["metrics"].get(metric) or {}
            mean, low = value.get("mean"), value.get("ci95_low")
            half = f" ± {mean - low:.2g}" if mean is not None and low is not None else ""
            line.append((number(mean) + half, mean))
        lines.append(line)
    return table(columns + ["n"] + metrics, lines)


# What a row of a table of cases shows of its experiment's metrics and times.
CASE_NUMBERS = ("test_error", "worst_error", "tolerance", "mean_error", "mean_error_theory",
                "dialect_distance", "median_ns", "gb_per_s", "fraction_of_copy", "seconds")


def number_in(row, name):
    value = row["metrics"].get(name, row["timings"].get(name))
    return value if results_rows.is_number(value) else None


def case_table(results):
    columns = results_rows.columns_of(results["rows"], results)
    numbers = [n for n in CASE_NUMBERS if any(number_in(row, n) is not None
                                              for row in results["rows"])]
    lines = []
    for row in results["rows"]:
        line = [(text(row["case"].get(c)), row["case"].get(c)) for c in columns]
        line += [(number(number_in(row, n)), number_in(row, n)) for n in numbers]
        line.append((text(row["status"]), row["status"]))
        line.append((text(row["reason"]), row["reason"]))
        button = f'<button type="button" data-copy="{text(row["repro"])}">copy</button>'
        line.append((f"{button} <code>{text(row['repro'])}</code>", row["repro"]))
        lines.append(line)
    return table(columns + numbers + ["status", "reason", "repeat alone"], lines)


def environment_list(environment):
    def shown(value):
        if isinstance(value, dict):
            return ", ".join(f"{text(k)} {text(v)}" for k, v in value.items())
        if isinstance(value, list):
            return f"<code>{text(' '.join(map(str, value)))}</code>"
        return text(value)

    if not environment:
        return ""
    return "<h2>Where it ran</h2><dl>" + "".join(
        f"<dt>{text(k)}</dt><dd>{shown(v)}</dd>" for k, v in environment.items()) + "</dl>"


def source_of(environment):
    """Processor, time and the source that was built."""
    if not environment:
        return " It is not known where it ran."
    commit = environment.get("commit")
    source = f"commit <code>{text(str(commit)[:12])}</code>" if commit else "no commit"
    if commit and not environment.get("tree_clean"):
        source += " with changes"
    return (f" {text(environment.get('processor'))}, {text(environment.get('cores'))} cores, "
            f"{text(environment.get('time'))}, normsweep {text(environment.get('normsweep'))}, "
            f"{source}.")


def introduction(results):
    """What was run, where, and of which source."""
    config, environment = results["config"], results["environment"]
    swept = ", ".join(f"{text(path)} ({len(values)})" if isinstance(values, list) else text(path)
                      for path, values in config["sweep"].items())
    command = environment.get("command_line")
    command = " ".join(map(shlex.quote, map(str, command))) if isinstance(command, list) else ""
    return (f"<p>Experiment <code>{text(config.get('experiment'))}</code>"
            f"{', swept: ' + swept if swept else ''}; {len(results['rows'])} rows."
            f"{source_of(environment)}</p>" +
            (f"<p><code>{text(command)}</code></p>" if command else ""))


def summary_section(results):
    rows = results["summary"]
    if not any(row["n"] > 1 for row in rows):
        return ""  # every case says it itself
    if len(rows) > MOST_ROWS:
        return f"<h2>Over the seeds</h2><p>{len(rows)} rows, in <code>summary.csv</code>.</p>"
    return ("<h2>Over the seeds</h2><p>Mean and half of the 95 % interval; a click on a head "
            "sorts.</p>" + summary_table(results))


def case_section(results):
    rows = results["rows"]
    if len(rows) > MOST_ROWS:
        return f"<h2>Every case</h2><p>{len(rows)} rows, in <code>results.csv</code>.</p>"
    return ("<h2>Every case</h2><details><summary>Status, and the line that repeats it alone"
            "</summary>" + case_table(results) + "</details>")


def write(results, pictures, folder):
    name = results["config"].get("name", "")
    parts = [f"<h1>{text(name)}</h1>", introduction(results)]
    if results.get("claims"):
        parts.append("<h2>Verdicts</h2>")
        parts += [claim_block(claim) for claim in results["claims"]]
    if pictures:
        blocks = "".join(picture_block(picture, folder) for picture in pictures)
        parts.append(f'<h2>Pictures</h2><div class="pictures">{blocks}</div>')
    parts += [summary_section(results), case_section(results),
              environment_list(results["environment"])]
    page = (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<link rel="icon" href="data:,">'
            f"<title>{text(name)} - normsweep</title><style>{STYLE}</style></head><body>"
            + "".join(parts) + f"<script>{SCRIPT}</script></body></html>\n")
    whole_file.write(os.path.join(folder, "report.html"), page.encode())
