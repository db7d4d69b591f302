"""Files that are generated from the definition of the shorthand.

`python -m cfn_trigger.lint.reference` writes them.

Knows the tables of `docs/shorthand.md`, which are between marks, and the files of the schemas.
Refuses to know any property.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cfn_trigger.lint import schema
from macro.model import Retry, Settings, Trigger
from macro.shorthand import PROPERTIES, RETRY, SETTINGS, Model, Property, default

_HERE: Final = Path(__file__).parent
_DOCUMENT: Final = _HERE.parents[1] / "docs" / "shorthand.md"


def outdated() -> dict[Path, str]:
    """Return the files that differ from the definition, with the text that they should have."""
    return {
        path: text
        for path, text in _files()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def _files() -> Iterator[tuple[Path, str]]:
    yield _DOCUMENT, with_tables(_DOCUMENT.read_text(encoding="utf-8"))
    yield _HERE / "custom-trigger.schema.json", _in_json(schema.trigger())
    yield _HERE / "template.schema.json", _in_json(schema.template(in_yaml=False))
    yield _HERE / "template.yaml.schema.json", _in_json(schema.template(in_yaml=True))


def _in_json(value: schema.Schema) -> str:
    return f"{json.dumps(value, indent=2)}\n"


def with_tables(text: str) -> str:
    """Return a text with the tables between their marks; the rest stays as it is."""
    return _MARKED.sub(lambda match: f"{match[1]}{_table(*_TABLES[match[2]])}{match[3]}", text)


_MARKED: Final = re.compile(
    r"(<!-- (\w+): written by python -m cfn_trigger\.lint\.reference -->\n).*?(<!-- end -->)",
    re.DOTALL,
)
_TABLES: Final[Mapping[str, tuple[str, Mapping[str, Property], Model]]] = {
    "properties": ("property", PROPERTIES, Trigger),
    "retry": ("key", RETRY, Retry),
    "settings": ("parameter", SETTINGS, Settings),
}


def _table(head: str, known: Mapping[str, Property], model: Model) -> str:
    rows = [f"| {head} | value | default | |", "|---|---|---|---|"]
    for name, item in known.items():
        cells = (f"`{name}`", item.accepts.words, _default(name, item, model), item.summary)
        rows.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return "".join(f"{row}\n" for row in rows)


def _default(name: str, known: Property, model: Model) -> str:
    value = default(model, name)
    if value is None:
        return known.otherwise
    return f"`{value}`" if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    for path, text in outdated().items():
        path.write_text(text, encoding="utf-8")
