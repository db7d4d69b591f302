"""The documentation as its readers see it: pages with their links, headings, blocks and tables.

Knows Markdown as GitHub reads it, and how GitHub names a heading. Refuses to know the site.
"""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT: Final = Path(__file__).parent.parent.parent
FOLDERS: Final = ("docs", "examples", "benchmarks")
BUILT: Final = ".aws-sam"
PROMPT: Final = "$ "
_MARKDOWN: Final = MarkdownIt("commonmark").enable("table")
_BETWEEN_COMMANDS: Final = frozenset({"&&", "||", "|", ";"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code: its declared language, its text, and the page and line where it starts."""

    language: str
    text: str
    page: Path
    line: int

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"


def pages() -> list[Path]:
    """List every page of the project, sorted."""
    found = [*ROOT.glob("*.md"), *(path for top in FOLDERS for path in (ROOT / top).rglob("*.md"))]
    return sorted(path for path in found if BUILT not in path.parts)


def name(page: Path) -> str:
    """Return the path of a page in the repository."""
    return page.relative_to(ROOT).as_posix()


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """Parse a page."""
    return tuple(_MARKDOWN.parse(page.read_text()))


def links(page: Path) -> Iterator[str]:
    """Yield the targets of a page's links and pictures."""
    for token in tokens(page):
        for child in token.children or ():
            match child.type:
                case "link_open":
                    yield str(child.attrs["href"])
                case "image":
                    yield str(child.attrs["src"])


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings; repeated ones are numbered."""
    occurrences: Counter[str] = Counter()
    named = set()
    for opening, inline in zip(tokens(page), tokens(page)[1:], strict=False):
        if opening.type == "heading_open":
            anchor = re.sub(r"[^\w\- ]", "", _text(inline).lower()).replace(" ", "-")
            named.add(f"{anchor}-{occurrences[anchor]}" if occurrences[anchor] else anchor)
            occurrences[anchor] += 1
    return named


def blocks(*languages: str) -> list[Block]:
    """List every block of code of these languages."""
    return [
        Block(language=token.info, text=token.content, page=page, line=(token.map or [0])[0] + 1)
        for page in pages()
        for token in tokens(page)
        if token.type in ("fence", "code_block") and (token.info in languages or not languages)
    ]


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the words of every command of a shell block, without where its output goes.

    On a console, a command is what stands after the prompt.
    """
    for line in block.text.replace("\\\n", " ").splitlines():
        if block.language == "console" and not line.startswith(PROMPT):
            continue
        lexer = shlex.shlex(line.removeprefix(PROMPT), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        is_target = False
        for word in lexer:
            if word in _BETWEEN_COMMANDS:
                yield words
                words = []
            elif not is_target and word != ">":
                words.append(word)
            is_target = word == ">"
        if words:
            yield words


def first_cells(page: Path, heading: str) -> Iterator[str]:
    """Yield every piece of code in the first column of the tables under a heading of level 2."""
    is_under = is_first = False
    for opening, token in zip(tokens(page), tokens(page)[1:], strict=False):
        if opening.type == "heading_open" and opening.tag == "h2":
            is_under = _text(token) == heading
        is_first = token.type == "inline" and is_first
        if is_under and is_first:
            yield from (one.content for one in token.children or () if one.type == "code_inline")
        is_first = opening.type == "tr_open" and token.type == "td_open"


def _text(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())
