"""Draw the pictures of the documentation: terminals, as recorded, and a chart of the benchmarks.

Knows SVG that needs no other file: no fonts, no scripts, light and dark. `python docs/pictures.py`
writes docs/images; `make bench` runs it, since the chart shows its results. Refuses to know how the
recordings and the results come about.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
IMAGES: Final = ROOT / "docs" / "images"
RECORDED_WATCH: Final = ROOT / "tests" / "terminal" / "recorded" / "failure-80-columns.txt"
RESULTS: Final = ROOT / "benchmarks" / "RESULTS.md"

MEASURES: Final = {
    "cold → PUT": "From a cold start to the response, over AWS CDK's provider",
    "warm → PUT": "The same, warm",
    "resident after 200": "Memory",
}
"""The columns of the results that are drawn, and what they are called there."""

_CHARACTER: Final = 8.4
_LINE: Final = 20
_MARGIN: Final = 20
_BAR: Final = 36
_STYLES: Final = """\
  <style>
    .back { fill: #ffffff; stroke: #d0d7de }
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328 }
    .dim { fill: #656d76 } .good { fill: #1a7f37 } .bad { fill: #cf222e }
    .strong { font-weight: 600 }
    .bar { fill: #afb8c1 } .own { fill: #1a7f37 }
    @media (prefers-color-scheme: dark) {
      .back { fill: #0d1117; stroke: #30363d }
      text { fill: #e6edf3 }
      .dim { fill: #8d96a0 } .good { fill: #3fb950 } .bad { fill: #f85149 }
      .bar { fill: #484f58 } .own { fill: #2ea043 }
    }
  </style>
"""
_WORDS: Final = (
    (re.compile(r"^\$ .*"), "strong"),
    (re.compile(r"^\d\d:\d\d:\d\d"), "dim"),
    (re.compile(r"\b[A-Z_]*(?:FAILED|ROLLBACK_COMPLETE)\b|\b[A-Z]\w+Error\b|failed"), "bad"),
    (re.compile(r"\b[A-Z]+_COMPLETE\b|will run|done"), "good"),
)
_LEFT_OUT: Final = re.compile(
    "DELETE_|ROLLBACK_IN_PROGRESS|  0/9|  1/9|  2/9|last log|rows$|[^\x00-\x7f]{4}"
)


def terminal(lines: Sequence[str], title: str) -> str:
    """Draw the lines of a terminal; the title is read to those who do not see it."""
    width = round(max(map(len, lines)) * _CHARACTER) + 2 * _MARGIN
    height = len(lines) * _LINE + 2 * _MARGIN
    drawn = (
        f'  <text x="{_MARGIN}" y="{_MARGIN + 15 + number * _LINE}" xml:space="preserve">'
        f"{_spans(line)}</text>\n"
        for number, line in enumerate(lines)
        if line
    )
    return _picture(width, height, title, drawn)


def _spans(line: str) -> str:
    spans = sorted(
        (found.start(), found.end(), style)
        for pattern, style in _WORDS
        for found in pattern.finditer(line)
    )
    text, end = "", 0
    for start, stop, style in spans:
        if start >= end:
            text += escape(line[end:start], quote=False)
            text += f'<tspan class="{style}">{escape(line[start:stop], quote=False)}</tspan>'
            end = stop
    return text + escape(line[end:], quote=False)


def chart(rows: Mapping[str, Mapping[str, float]], title: str) -> str:
    """Draw a group of bars for each measure, by the names of what was measured."""
    left, longest = 190, 380
    y, drawn = _MARGIN + 15, list[str]()
    for measure, values in rows.items():
        drawn.append(f'  <text class="strong" x="{_MARGIN}" y="{y}">{escape(measure)}</text>\n')
        most = max(values.values())
        for name, value in values.items():
            y += _LINE
            length = max(round(longest * value / most), 1)
            style = "own" if name.startswith("cfn-trigger") else "bar"
            drawn += (
                f'  <text x="{_MARGIN}" y="{y}">{escape(name)}</text>\n',
                f'  <rect class="{style}" x="{left}" y="{y - 11}" width="{length}" height="12"/>\n',
                f'  <text class="dim" x="{left + length + 8}" y="{y}">{value:.2f}</text>\n',
            )
        y += _BAR
    return _picture(left + longest + 80, y - _BAR + _MARGIN, title, drawn)


def _picture(width: int, height: int, title: str, drawn: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">\n'
        f"  <title>{escape(title)}</title>\n{_STYLES}"
        f'  <rect class="back" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="6"/>\n'
        f"{''.join(drawn)}</svg>\n"
    )


def plan_lines() -> list[str]:
    """Return the example of `plan` in docs/cli.md, which a test compares with the command."""
    text = (ROOT / "docs" / "cli.md").read_text()
    (example,) = re.findall(r"(?s)\n## plan\n.*?```console\n(.*?)```", text)
    lines = [line for line in example.splitlines() if line != "…"]
    options = lines[0].removeprefix("$ cfn-trigger plan ").split(" --")
    return [f"$ cfn-trigger plan {options[0]} \\", *(f"    --{o}" for o in options[1:]), *lines[1:]]


def watch_lines() -> list[str]:
    """Return what `watch` shows of a recorded failure, without what follows from it."""
    shown = RECORDED_WATCH.read_text().partition("\n\n")[0].splitlines()
    return ["$ cfn-trigger watch shop", *(line for line in shown if not _LEFT_OUT.search(line))]


def ratios(results: str) -> dict[str, dict[str, float]]:
    """Return the ratios to AWS CDK's provider in the table of the providers, by measure."""
    lines = results.partition("| provider |")[2].partition("\n\n")[0].splitlines()
    head = [cell.split(",")[0].strip() for cell in f"provider |{lines[0]}".split("|")]
    rows = [[cell.strip() for cell in line.split("|")[1:]] for line in lines[2:] if "*" not in line]
    return {
        title: {row[0]: float(row[head.index(column)].partition("(")[2].strip(")")) for row in rows}
        for column, title in MEASURES.items()
    }


def pictures() -> dict[str, str]:
    """Return the pictures by their file names."""
    return {
        "plan.svg": terminal(plan_lines(), "cfn-trigger plan says which trigger will run, and why"),
        "watch.svg": terminal(watch_lines(), "cfn-trigger watch shows why a deployment failed"),
        "benchmarks.svg": chart(ratios(RESULTS.read_text()), "The cost of a trigger's provider"),
    }


def main() -> None:
    """Write the pictures."""
    for name, picture in pictures().items():
        (IMAGES / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
