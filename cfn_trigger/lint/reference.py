"""Files that are generated from the definition of the shorthand.

`python -m cfn_trigger.lint.reference` writes them.

Knows the tables of `docs/shorthand.md` and `docs/what-comes-along.md`, which are between marks, and
the files of the schemas. Refuses to know any property.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from cfn_trigger.lint import schema
from macro.companions import COMPANIONS, USES
from macro.model import OnRollback, Retry, Settings, Trigger
from macro.shorthand import ON_ROLLBACK, PROPERTIES, RETRY, SETTINGS, Model, Property, default

_HERE: Final = Path(__file__).parent
_DOCUMENTS: Final = tuple(
    _HERE.parents[1] / "docs" / f"{name}.md" for name in ("shorthand", "what-comes-along")
)


def outdated() -> dict[Path, str]:
    """Return the files that differ from the definition, with the text that they should have."""
    return {
        path: text
        for path, text in _files()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def _files() -> Iterator[tuple[Path, str]]:
    for document in _DOCUMENTS:
        yield document, with_tables(document.read_text(encoding="utf-8"))
    yield _HERE / "custom-trigger.schema.json", _in_json(schema.trigger())
    yield _HERE / "template.schema.json", _in_json(schema.template(in_yaml=False))
    yield _HERE / "template.yaml.schema.json", _in_json(schema.template(in_yaml=True))


def _in_json(value: schema.Schema) -> str:
    return f"{json.dumps(value, indent=2)}\n"


def with_tables(text: str) -> str:
    """Return a text with the tables between their marks; the rest stays as it is."""
    return _MARKED.sub(lambda match: f"{match[1]}{_TABLES[match[2]]()}{match[3]}", text)


_MARKED: Final = re.compile(
    r"(<!-- (\w+): written by python -m cfn_trigger\.lint\.reference -->\n).*?(<!-- end -->)",
    re.DOTALL,
)


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


def _companions() -> Iterator[str]:
    yield "| with | comes | which names it in | because otherwise |"
    yield "|---|---|---|---|"
    for row in COMPANIONS:
        named = ", ".join(f"`{kind}`" for kind in row.of)
        yield f"| {named} | [`{row.type}`]({row.page}) | `{row.by}` | {row.otherwise} |"


def _uses() -> Iterator[str]:
    yield "| who needs | by its property | also needs what comes with |"
    yield "|---|---|---|"
    for row in USES:
        yield f"| `{row.type}` | `{row.by}` | {', '.join(f'`{kind}`' for kind in row.of)} |"


_TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "properties": lambda: _table("property", PROPERTIES, Trigger),
    "retry": lambda: _table("key", RETRY, Retry),
    "undo": lambda: _table("key", ON_ROLLBACK, OnRollback),
    "settings": lambda: _table("parameter", SETTINGS, Settings),
    "companions": lambda: "".join(f"{row}\n" for row in _companions()),
    "uses": lambda: "".join(f"{row}\n" for row in _uses()),
}


if __name__ == "__main__":
    for path, text in outdated().items():
        path.write_text(text, encoding="utf-8")
