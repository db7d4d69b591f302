"""Shorten the names that only one function knows: its variables and its parameters.

Knows where Python binds a name. A name has the same short form in every function, so that a reader
learns it once. Names of functions, classes, constants and fields are part of tracebacks and of
messages, and stay. Refuses a function that looks names up by their text, or that hides them.
"""

import builtins
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from keyword import iskeyword
from string import ascii_lowercase
from typing import Any, Final

import libcst as cst
from libcst import matchers as m


def shorten(code: Sequence[cst.CSTNode], imported: Iterable[str]) -> list[cst.CSTNode]:
    """Return a module's statements with short names for the variables of its functions.

    Raises ValueError for a function whose names cannot be followed.
    """
    functions = {node.name.value: node for node in code if isinstance(node, cst.FunctionDef)}
    known = {*imported, *dir(builtins), *chain.from_iterable(map(_bound, code))}
    called_by = _keywords_by_function(code, functions)
    local = {
        name: _local_names(function, known) - _kept_parameters(function, called_by[name])
        for name, function in functions.items()
    }
    short = _short_names(functions, local)
    return [
        _renamed(node, {name: short[name] for name in local[node.name.value]})
        if isinstance(node, cst.FunctionDef)
        else node
        for node in code
    ]


# ---- which names a function binds


_REFUSED: Final = (
    m.Global()
    | m.ClassDef()
    | m.Import()
    | m.ImportFrom()
    | m.FormattedStringExpression(equal=m.AssignEqual())
    | m.Call(func=m.Name("eval") | m.Name("exec") | m.Name("locals") | m.Name("vars"))
)
_INNER: Final = (
    cst.DictComp, cst.FunctionDef, cst.GeneratorExp, cst.Lambda, cst.ListComp, cst.SetComp,
)  # fmt: skip


def _local_names(function: cst.FunctionDef, known: set[str]) -> set[str]:
    """Return the names that mean a variable wherever the function has them.

    A comprehension may bind what means something else around it.
    """
    if m.findall(function, _REFUSED):
        raise ValueError(f"names that cannot be followed: {function.name.value}")
    nodes = list(_descendants(function))
    inner = {node.name.value for node in nodes if isinstance(node, cst.FunctionDef)}
    everywhere = set(chain.from_iterable(map(_bound, nodes)))
    outer = set(chain.from_iterable(map(_bound, _outside(function))))
    around = set(chain.from_iterable(map(_mentions, _evaluated_around(function))))
    return everywhere - ((everywhere - outer) & known) - inner - around


def _evaluated_around(function: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    """Yield the parts of a definition whose names are those of the module."""
    yield from function.decorators
    parameters = function.params
    for each in (*parameters.params, *parameters.kwonly_params):
        if each.default is not None:
            yield each.default


def _bound(node: cst.CSTNode) -> Iterator[str]:
    """Yield the names that a node itself binds, or a line of the module."""
    match node:
        case cst.FunctionDef(name=target) | cst.ClassDef(name=target):
            yield from _targets(target)
        case cst.Param(name=target) | cst.MatchAs(name=target) | cst.MatchStar(name=target):
            yield from _targets(target)
        case cst.AssignTarget(target=target) | cst.AugAssign(target=target):
            yield from _targets(target)
        case cst.NamedExpr(target=target) | cst.For(target=target) | cst.CompFor(target=target):
            yield from _targets(target)
        case cst.AsName(name=target) | cst.MatchMapping(rest=target):
            yield from _targets(target)
        case cst.SimpleStatementLine(body=parts):
            yield from (name for part in parts for each in part.children for name in _bound(each))


def _targets(target: cst.CSTNode | None) -> Iterator[str]:
    match target:
        case cst.Name(value=name):
            yield name
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            for element in elements:
                yield from _targets(element.value)


def _descendants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for child in node.children:
        yield child
        yield from _descendants(child)


def _outside(function: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield what a function holds besides functions and comprehensions."""
    for child in function.children:
        if not isinstance(child, _INNER):
            yield child
            yield from _outside(child)


def _mentions(node: cst.CSTNode) -> Iterator[str]:
    names = (each for each in (node, *_descendants(node)) if isinstance(each, cst.Name))
    return (name.value for name in names)


# ---- parameters that a caller names


def _kept_parameters(function: cst.FunctionDef, keywords: set[str]) -> set[str]:
    """Return the parameters that keep their names, since a call may name them."""
    within = list(_descendants(function))
    names = {each.name.value for each in within if isinstance(each, cst.Param)}
    if any(m.matches(each, _OPEN) for each in within):
        return names
    return names & keywords | {each.name.value for each in function.params.kwonly_params}


_OPEN: Final = m.Parameters(star_kwarg=m.Param())


def _keywords_by_function(
    code: Sequence[cst.CSTNode], functions: Mapping[str, cst.FunctionDef]
) -> dict[str, set[str]]:
    """Return the keywords that the calls of each function, or of one within it, may have.

    A call that does not name its function may be of one within another, or of one that is a value.
    """
    nodes = [node for statement in code for node in _descendants(statement)]
    calls = [node for node in nodes if isinstance(node, cst.Call)]
    classes = {node.name.value for node in code if isinstance(node, cst.ClassDef)}
    keywords: dict[str, set[str]] = {}
    for call in calls:
        names = {each.keyword.value for each in call.args if each.keyword is not None}
        keywords.setdefault(_callee(call), set()).update(names)
    known = {*functions, *classes, "_replace"}
    unknown = {name for callee in keywords.keys() - known for name in keywords[callee]}
    mentions = Counter(node.value for node in nodes if isinstance(node, cst.Name))
    called = Counter(map(_callee, calls))
    values = {name for name in functions if mentions[name] > called[name] + 1}
    open_to_all = values | {name for name in functions if _holds_functions(functions[name])}
    return {
        name: keywords.get(name, set()) | (unknown if name in open_to_all else set())
        for name in functions
    }


def _holds_functions(function: cst.FunctionDef) -> bool:
    return any(isinstance(node, cst.FunctionDef | cst.Lambda) for node in _descendants(function))


def _callee(call: cst.Call) -> str:
    match call.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value="_replace" as name)):
            return name
    return ""


# ---- the short names


def _short_names(
    functions: Mapping[str, cst.FunctionDef], local: Mapping[str, set[str]]
) -> dict[str, str]:
    """Return a short form for each name, unlike those of the names that it meets.

    The most frequent name chooses first; it prefers its own letters.
    """
    count: Counter[str] = Counter()
    met: dict[str, set[str]] = {}
    fixed: dict[str, set[str]] = {}
    for function, names in local.items():
        mentions = Counter(_mentions(functions[function]))
        for name in names:
            count[name] += mentions[name]
            met.setdefault(name, set()).update(names)
            fixed.setdefault(name, set()).update(mentions.keys() - names)
    short: dict[str, str] = {}
    for name in sorted(count, key=lambda each: (-count[each], each)):
        taken = fixed[name] | {short[each] for each in met[name] & short.keys()}
        short[name] = next(form for form in _forms(name) if form not in taken)
    return short


def _forms(name: str) -> Iterator[str]:
    initials = [part[0] for part in name.split("_") if part]
    letters = [letter for letter in name if letter in ascii_lowercase]
    yield from (each for each in chain(initials, letters) if each in ascii_lowercase)
    yield from ascii_lowercase
    pairs = map("".join, product(ascii_lowercase, repeat=2))
    yield from (pair for pair in pairs if not iskeyword(pair))


# ---- renaming


class _Renaming(cst.CSTTransformer):
    """Renames variables, and leaves the names of attributes, keywords and fields."""

    def __init__(self, forms: Mapping[str, str]) -> None:
        super().__init__()
        self._forms = forms

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        match original_node:
            case cst.Name(value=name):
                return updated_node.with_changes(value=self._forms.get(name, name))
            case cst.Attribute(attr=name):
                return updated_node.with_changes(attr=name)
            case cst.Arg(keyword=name):
                return updated_node.with_changes(keyword=name)
            case cst.MatchKeywordElement(key=name):
                return updated_node.with_changes(key=name)
        return updated_node


def _renamed(function: cst.FunctionDef, forms: Mapping[str, str]) -> cst.CSTNode:
    return cst.ensure_type(function.visit(_Renaming(forms)), cst.FunctionDef)
