"""Write `embedded.py`, the one module that stacks embed, from the modules of this package.

And write `compressed.py`, which large templates hold instead (`compress`).

Knows concrete syntax, and what a reader of a template can do without: comments, docstrings,
annotations, spaces next to signs, indents of four of them, lines that one statement does not
need, long names for what one function knows, names of numbers, and strings that are repeated
(`shorten`). Names of functions
stay, and a line that has several statements is short, so that a traceback can be read: since
Python 3.11, it marks the part of the line that failed. Works on the text alone: the bytes are the
same whatever Python runs it, and every Python that Lambda has can read them.
`python -m trigger_provider.embed` writes the files. Nothing at run time needs this module.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any, Final

import libcst as cst
from libcst import matchers as m

from trigger_provider.compress import compressed
from trigger_provider.shorten import PUBLIC, inline_numbers, name_builtins, name_strings, shorten

PACKAGE: Final = "trigger_provider"
FOLDER: Final = Path(__file__).parent
TARGET: Final = FOLDER / "embedded.py"
COMPRESSED: Final = FOLDER / "compressed.py"
MODULES: Final = (
    "text", "request", "result", "decision", "answer", "transport", "calls", "relay", "service",
    "index",
)  # fmt: skip
"""The modules, each after those that it needs."""

HEAD: Final = (
    "# Generated from the package trigger_provider of cfn-trigger, which has the comments\n"
)


def embedded(modules: Iterable[str]) -> str:
    """Return one module that does the same; raises ValueError if that is not possible."""
    return without_spaces(spaced(modules))


def without_spaces(text: str) -> str:
    """Return a module without the spaces that only libcst needs, and with names for its strings."""
    module = cst.parse_module(text)
    imports = [statement for statement in module.body if _is_import(statement)]
    code = [statement for statement in module.body if not _is_import(statement)]
    return _closed(
        module.with_changes(body=[*imports, *name_strings(name_builtins(_with_r(code)))]).code
    )


def spaced(modules: Iterable[str]) -> str:
    """Return a module that does the same, with the spaces that libcst insists on."""
    body = [statement for module in modules for statement in _stripped(module).body]
    imports = [_NAMEDTUPLE, *(statement for statement in body if _is_import(statement))]
    code = [statement for statement in body if not _is_import(statement)]
    _check_names(code)
    mentions = Counter(name for statement in code for name in _names(statement))
    needed = [statement for statement in code if not _is_alias(statement, mentions)]
    plain = inline_numbers(needed, kept=PUBLIC)
    used = {name for statement in plain for name in _names(statement)}
    lines = _merged(imports, used)
    imported = {name for statement in imports for name in _names(statement)}
    lines += [_text(_joined(statement)) for statement in shorten(plain, imported)]
    return HEAD + "\n".join(lines) + "\n"


def modules() -> Iterator[str]:
    """Yield the text of each module, in the order of MODULES."""
    return (FOLDER.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in MODULES)


# ---- one module, stripped


def _stripped(text: str) -> cst.Module:
    module = cst.parse_module(text)
    for imported in m.findall(module, _OWN_IMPORT):
        if m.findall(imported, m.AsName()):
            raise ValueError("an import of the package's own under another name")
    return cst.ensure_type(module.visit(_Stripping()), cst.Module)


_NOTHING: Final = cst.SimpleWhitespace("")
_OWN_IMPORT: Final = m.ImportFrom(module=m.Attribute(value=m.Name(PACKAGE)))
_DOCSTRING: Final = m.Expr(m.SimpleString() | m.ConcatenatedString())
_ALL: Final = m.Assign(targets=[m.AssignTarget(target=m.Name("__all__"))])
_NEVER: Final = m.Expr(m.Call(func=m.Name("assert_never")))
_DROPPED: Final = (
    m.EmptyLine()
    | m.SimpleStatementLine(body=[_OWN_IMPORT | _DOCSTRING | _ALL])
    | m.MatchCase(body=m.SimpleStatementSuite(body=[_NEVER]))
)
_NAMEDTUPLE: Final = cst.parse_statement("from collections import namedtuple")
_RECORD: Final = m.ClassDef(bases=[m.Arg(value=m.Name("NamedTuple"))])
_WORDS: Final = (cst.In, cst.NotIn, cst.Is, cst.IsNot)
_SPACED: Final = (
    cst.Arg, cst.AssignEqual, cst.AssignTarget, cst.AugAssign, cst.BaseAugOp,
    cst.BaseBinaryOp, cst.BaseCompOp, cst.Call, cst.Colon, cst.Comma, cst.DictComp,
    cst.DictElement, cst.LeftCurlyBrace, cst.LeftParen, cst.LeftSquareBracket,
    cst.MatchMappingElement, cst.NamedExpr,
    cst.Param, cst.RightCurlyBrace, cst.RightParen, cst.RightSquareBracket,
)  # fmt: skip


class _Stripping(cst.CSTTransformer):
    """Takes out what does nothing, and joins the lines of a statement."""

    def on_visit(self, node: cst.CSTNode) -> bool:
        return not m.matches(node, _RECORD)

    def on_leave(self, _: Any, updated_node: Any) -> Any:
        if m.matches(updated_node, _DROPPED):
            return cst.RemoveFromParent()
        if m.matches(updated_node, _RECORD):
            return cst.ensure_type(_record(updated_node).visit(self), cst.SimpleStatementLine)
        updated_node = _without_last_comma(updated_node)
        match updated_node:
            case cst.AnnAssign():
                return _without_annotation(updated_node)
            case cst.FunctionDef() | cst.Parameters() | cst.Param():
                return _without_types(updated_node)
            case cst.SimpleString() | cst.FormattedString():
                return _quoted(updated_node)
        return _tight(updated_node) if isinstance(updated_node, _SPACED) else _bare(updated_node)


def _record(record: cst.ClassDef) -> cst.BaseStatement:
    """Return the call that makes a named tuple with the same fields; nothing reads their types."""
    body = cst.ensure_type(record.body, cst.IndentedBlock).body
    lines = (line.body if isinstance(line, cst.SimpleStatementLine) else [line] for line in body)
    parts = list(chain.from_iterable(lines))
    fields = [part for part in parts if isinstance(part, cst.AnnAssign)]
    if not all(part in fields or m.matches(part, _DOCSTRING) for part in parts):
        raise ValueError(f"more than fields in the named tuple {record.name.value}")
    name = record.name.value
    names = " ".join(cst.ensure_type(field.target, cst.Name).value for field in fields)
    defaults = [cst.Module([]).code_for_node(field.value) for field in fields if field.value]
    rest = f",defaults=[{','.join(defaults)}]" if defaults else ""
    return cst.parse_statement(f"{name}=namedtuple('{name}','{names}'{rest})")


def _bare(node: Any) -> Any:
    """Return a node without comments, on as few lines as it needs, with narrow indents."""
    match node:
        case cst.Return(value=cst.Name(value="None")) | cst.TrailingWhitespace():
            return type(node)()
        case cst.Module():
            return node.with_changes(header=[], footer=[])
        case cst.IndentedBlock(body=[cst.SimpleStatementLine(body=body)]):
            return cst.SimpleStatementSuite(body, leading_whitespace=_NOTHING)
        case cst.IndentedBlock():
            return node.with_changes(indent=None, footer=[])
        case cst.ParenthesizedWhitespace():
            return cst.SimpleWhitespace(" ")
    return node


def _without_last_comma(node: Any) -> Any:
    """Return a list of any kind without a comma after its last item, unless that makes a tuple."""
    match node:
        case cst.Call(args=[*others, last]):
            return node.with_changes(args=[*others, _ending(last)])
        case cst.Tuple(elements=[_, _, *_] as items) | cst.List(elements=[_, *_] as items):
            return node.with_changes(elements=[*items[:-1], _ending(items[-1])])
        case cst.Dict(elements=[*others, last]) | cst.Set(elements=[*others, last]):
            return node.with_changes(elements=[*others, _ending(last)])
    return node


def _ending(item: Any) -> Any:
    return item.with_changes(comma=cst.MaybeSentinel.DEFAULT)


def _without_types(node: Any) -> Any:
    """Return a signature, or a part of one, without annotations."""
    match node:
        case cst.FunctionDef():
            return node.with_changes(returns=None, whitespace_before_params=_NOTHING)
        case cst.Param():
            return _tight(node.with_changes(annotation=None))
    names = [name.with_changes(comma=cst.Comma()) for name in (*node.params, *node.kwonly_params)]
    if names and not node.star_kwarg:
        names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    count = len(node.params)
    return node.with_changes(params=names[:count], kwonly_params=names[count:])


def _without_annotation(declaration: cst.AnnAssign) -> cst.Assign:
    if declaration.value is None:
        raise ValueError("a variable that is only declared")
    return cst.Assign([_tight(cst.AssignTarget(declaration.target))], declaration.value)


def _tight(node: Any) -> Any:
    """Remove the spaces around an operator, unless it is a word."""
    if isinstance(node, _WORDS):
        return node
    spaces = [field.name for field in fields(node) if field.name.startswith("whitespace_")]
    simple = [name for name in spaces if isinstance(getattr(node, name), cst.SimpleWhitespace)]
    return node.with_changes(**dict.fromkeys(simple, _NOTHING))


def _quoted(string: Any) -> Any:
    """Quote with apostrophes if that changes nothing: JSON escapes double quotes.

    A format that holds another string stays as it is: Python 3.11 cannot nest equal quotes.
    """
    string = string.with_changes(lpar=[], rpar=[])
    code = cst.Module([]).code_for_node(string)
    start, _, rest = code.partition('"')
    if set(start + rest[:-1]) & {"'", '"'} or not rest:
        return string
    if isinstance(string, cst.SimpleString):
        return string.with_changes(value=f"{start}'{rest[:-1]}'")
    return string.with_changes(start=f"{start}'", end="'")


# ---- short statements, joined

_LINE: Final = 180
"""Characters of a line that has several statements."""


class _Joining(cst.CSTTransformer):
    """Writes statements that follow each other on one line, if it stays short."""

    def on_leave(self, _: Any, updated_node: Any) -> Any:
        match updated_node:
            case cst.IndentedBlock(body=body):
                lines = list(_joined_lines(body))
                match lines:
                    case [cst.SimpleStatementLine(body=parts)]:
                        return cst.SimpleStatementSuite(parts, leading_whitespace=_NOTHING)
                return updated_node.with_changes(body=lines)
        return updated_node


def _joined_lines(body: Iterable[cst.BaseStatement]) -> Iterator[cst.BaseStatement]:
    parts: list[cst.BaseSmallStatement] = []
    for statement in body:
        more = list(statement.body) if isinstance(statement, cst.SimpleStatementLine) else []
        length = sum(len(cst.Module([]).code_for_node(part)) + 1 for part in (*parts, *more))
        if parts and (not more or length > _LINE):
            yield _line(parts)
            parts = []
        parts += more
        if not more:
            yield statement
    if parts:
        yield _line(parts)


def _line(parts: Iterable[cst.BaseSmallStatement]) -> cst.SimpleStatementLine:
    *others, last = parts
    semicolon = cst.Semicolon(whitespace_after=_NOTHING)
    joined = [part.with_changes(semicolon=semicolon) for part in others]
    return cst.SimpleStatementLine([*joined, last])


def _joined(statement: cst.CSTNode) -> cst.CSTNode:
    return cst.Module([]).with_changes(body=[statement]).visit(_Joining()).body[0]


# ---- the method that is called everywhere

_REPLACE: Final = m.Call(func=m.Attribute(attr=m.Name("_replace")))
_R: Final = cst.parse_statement("def R(r,**f):return r._replace(**f)")


def _with_r(code: Sequence[Any]) -> list[Any]:
    """Return statements that call a function of one letter instead of the method `_replace`."""
    if not any(m.findall(statement, _REPLACE) for statement in code):
        return [*code]
    module = cst.ensure_type(m.replace(cst.Module(code), _REPLACE, _r), cst.Module)
    return [_R, *module.body]


def _r(call: Any, _: Any) -> Any:
    first = cst.Arg(call.func.value, comma=cst.Comma())
    return call.with_changes(func=cst.Name("R"), args=[first, *call.args])


# ---- spaces next to signs

_SPACES: Final = re.compile(r"""
    [rbf]{0,2}(?: ' (?:\\.|[^'\\\n])* ' | " (?:\\.|[^"\\\n])* " )   # a string stays as it is
    | (?<=[)\]}'"])[ ](?=(?:if|else|or|and|in|for|is|not)\b)
    | \b(?:return|if|elif|else|or|and|in|not|while|case|except|yield)\b[ ](?=['"(\[{])
""", re.VERBOSE)  # fmt: skip
"""Spaces between a word and a sign, with the word before them, and all strings."""


def _closed(text: str) -> str:
    """Return a text without the spaces between words and signs, as those around operators."""
    closed = _SPACES.sub(lambda match: match[0].removesuffix(" "), text)
    if ast.dump(ast.parse(closed)) != ast.dump(ast.parse(text)):
        raise ValueError("without spaces, it would mean something else")
    return closed


# ---- the modules, put together


def _text(statement: cst.CSTNode) -> str:
    return cst.Module([], default_indent=" ").code_for_node(statement).rstrip("\n")


def _is_import(statement: cst.CSTNode) -> bool:
    return m.matches(statement, m.SimpleStatementLine(body=[m.Import() | m.ImportFrom()]))


def _names(statement: cst.CSTNode) -> Iterator[str]:
    """Yield every name that a statement mentions, with repetitions."""
    found = m.findall(statement, m.Name())
    return (name.value for name in found if isinstance(name, cst.Name))


def _is_alias(statement: cst.CSTNode, mentions: Mapping[str, int]) -> bool:
    """Return whether a statement names a type that only annotations mentioned."""
    names = list(_defined(statement)) if isinstance(statement, cst.SimpleStatementLine) else []
    return bool(names) and all(mentions[name] == 1 for name in names)


def _merged(imports: Iterable[cst.CSTNode], used: set[str]) -> list[str]:
    """Return the imports of what the code uses, sorted."""
    whole: set[str] = set()
    parts: dict[str, set[str]] = {}
    for statement in imports:
        words = _text(statement).translate(str.maketrans(",()", "   ")).split()
        match words:
            case ["import", module] if module.split(".")[0] in used:
                whole.add(module)
            case ["from", module, "import", *names] if used.intersection(names):
                parts.setdefault(module, set()).update(used.intersection(names))
    modules = [f"import {','.join(sorted(whole))}"] if whole else []
    return modules + [
        f"from {module} import {','.join(sorted(parts[module]))}" for module in sorted(parts)
    ]


def _check_names(code: Iterable[cst.CSTNode]) -> None:
    """Raise ValueError for a name that two modules define: the later would replace the other."""
    defined: set[str] = set()
    for statement in code:
        for name in _defined(statement):
            if name in defined:
                raise ValueError(f"defined twice: {name}")
            defined.add(name)


def _defined(statement: cst.CSTNode) -> Iterator[str]:
    match statement:
        case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            yield name.value
        case cst.SimpleStatementLine(body=[cst.Assign(targets=targets)]):
            yield from (one.target.value for one in targets if isinstance(one.target, cst.Name))


if __name__ == "__main__":
    TARGET.write_text(embedded(modules()), encoding="utf-8")
    COMPRESSED.write_text(compressed(spaced(modules())), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name} and {COMPRESSED.name} are written\n")
