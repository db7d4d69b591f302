"""Shorten names: those that only one function knows, and those of a module.

Knows where Python binds a name. For a reader (`shorten`), a variable or a parameter has the same
short form in every function, so that it is learned once; names of functions, classes and constants
are part of tracebacks and stay. For a compressor (`compact`), all of them are short. Names of
fields stay, since some of them travel. Refuses a function that looks names up by their text, or
that hides them.
"""

import builtins
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from keyword import iskeyword
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any, Final

import libcst as cst
from libcst import matchers as m

Functions = Mapping[str, cst.FunctionDef]
Names = Mapping[str, set[str]]
"""Names by the function that knows them."""

Forms = Mapping[str, str]
"""The short forms of names."""

PUBLIC: Final = ("handler", "serve", "Effects", "Clock", "NOT_SENT", "LOST")
"""The names of the provider that Lambda and the tests use."""


def shorten(code: Sequence[cst.CSTNode], imported: Iterable[str]) -> list[cst.CSTNode]:
    """Return a module's statements with short names for the variables of its functions.

    Raises ValueError for a function whose names cannot be followed.
    """
    return _with_short_variables(code, imported, _forms_for_readers)


def compact(
    code: Sequence[cst.CSTNode], imported: Iterable[str], kept: Iterable[str]
) -> list[cst.CSTNode]:
    """Return a module's statements with short names.

    `kept` are the names of the module that stay. Variables are named in the order in which their
    function mentions them, so that functions resemble each other.
    """
    names = _names_of_module(code, kept)
    taken = {*kept, *imported, *dir(builtins), *chain.from_iterable(map(_mentions, code))}
    mentions = Counter(chain.from_iterable(map(_mentions, code)))
    free = (it for it in chain(ascii_uppercase, _pairs(ascii_letters)) if it not in taken)
    forms = {name: next(free) for name in sorted(names, key=lambda it: (-mentions[it], it))}
    renamed = [_replaced(node, forms) for node in code]
    return _with_short_variables(renamed, imported, _forms_in_order)


def inline_numbers(code: Sequence[cst.CSTNode], kept: Iterable[str]) -> list[cst.CSTNode]:
    """Return a module's statements with its numbers instead of their names, but for some."""
    numbers = _numbers(code, _names_of_module(code, kept))
    others = (node for node in code if numbers.keys().isdisjoint(_bound(node)))
    return [_replaced(node, numbers) for node in others]


def name_builtins(code: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
    """Return a module's statements with capital letters for the builtins that they use often.

    A pattern of `match` needs None, True and False as they are.
    """
    nodes = [each for node in code for each in (node, *_descendants(node))]
    bound = set(chain.from_iterable(map(_bound, nodes)))
    mentions = Counter(node.value for node in nodes if isinstance(node, cst.Name))
    free = (letter for letter in ascii_uppercase if letter not in mentions)
    forms: dict[str, str | cst.BaseExpression] = {}
    for name in sorted((mentions.keys() & set(dir(builtins))) - bound):
        if len(name) >= _LONG and mentions[name] * (len(name) - 1) > _WORTH:
            forms[name] = next(free)
    if not forms:
        return [*code]
    table = cst.parse_statement(f"{','.join(map(str, forms.values()))}={','.join(forms)}")
    return [table, *(_replaced(node, forms) for node in code)]


_LONG: Final = 4
_WORTH: Final = 50
"""Characters of a builtin, and those that a letter saves, for which it is worth its definition."""


def name_strings(code: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
    """Return a module's statements with names for strings that they repeat, if that is shorter.

    The names are capital letters, which no variable of a function has. A pattern of `match` needs
    its string.
    """
    counts = Counter(chain.from_iterable(map(_strings, code)))
    taken = {*dir(builtins), *chain.from_iterable(map(_mentions, code))}
    free = (it for it in chain(ascii_uppercase, _pairs(ascii_uppercase)) if it not in taken)
    forms: dict[str, str] = {}
    for string, count in sorted(counts.items(), key=lambda it: (-it[1], it[0])):
        if _LISTED.fullmatch(string) and count * (len(string) - _SHORT) > len(string) + _SHORT:
            forms[string] = next(free)
    if not forms:
        return [*code]
    names, values = ",".join(forms.values()), ",".join(string[1:-1] for string in forms)
    table = cst.parse_statement(f"{names},='{values}'.split(',')")
    return [table, *(_with_names(statement, forms) for statement in code)]


_SHORT: Final = 2
"""Characters of a name, at most; two commas take as much room as the quotes of its string."""

_LISTED: Final = re.compile(r"'[^'\\,]+'")
"""Strings that a list can hold between commas."""


def _strings(node: cst.CSTNode) -> Iterator[str]:
    """Yield the strings of a statement that a name may stand for."""
    match node:
        case cst.SimpleString(value=value):
            yield value
        case cst.MatchPattern() | cst.ConcatenatedString():
            return
        case _:
            for child in node.children:
                yield from _strings(child)


class _Naming(cst.CSTTransformer):
    """Replaces strings by their names."""

    def __init__(self, forms: Forms) -> None:
        super().__init__()
        self._forms = forms

    def on_visit(self, node: cst.CSTNode) -> bool:
        return not isinstance(node, cst.MatchPattern | cst.ConcatenatedString)

    def on_leave(self, _: Any, updated_node: Any) -> Any:
        if isinstance(updated_node, cst.SimpleString) and updated_node.value in self._forms:
            return cst.Name(self._forms[updated_node.value])
        return updated_node


def _with_names(statement: cst.CSTNode, forms: Forms) -> cst.CSTNode:
    return cst.Module([]).with_changes(body=[statement]).visit(_Naming(forms)).body[0]


def _names_of_module(code: Iterable[cst.CSTNode], kept: Iterable[str]) -> set[str]:
    """Return the names that a module defines and that mean nothing else anywhere in it."""
    inside = [node for node in code if isinstance(node, cst.FunctionDef | cst.ClassDef)]
    variables = {name for node in inside for each in _descendants(node) for name in _bound(each)}
    return {name for node in code for name in _bound(node)} - {*kept} - variables


def _numbers(code: Iterable[cst.CSTNode], names: set[str]) -> dict[str, cst.BaseExpression]:
    """Return the numbers that a module defines under some of these names."""
    numbers: dict[str, cst.BaseExpression] = {}
    for node in code:
        match node:
            case cst.SimpleStatementLine(
                body=[
                    cst.Assign(
                        targets=[cst.AssignTarget(target=cst.Name(value=name))],
                        value=cst.Integer() | cst.Float() as number,
                    )
                ]
            ) if name in names:
                numbers[name] = number
    return numbers


def _with_short_variables(
    code: Sequence[cst.CSTNode],
    imported: Iterable[str],
    forms_of: Callable[[Functions, Names], Mapping[str, Forms]],
) -> list[cst.CSTNode]:
    functions = {node.name.value: node for node in code if isinstance(node, cst.FunctionDef)}
    known = {*imported, *dir(builtins), *chain.from_iterable(map(_bound, code))}
    called_by = _keywords_by_function(code, functions)
    local = {
        name: _local_names(function, known) - _kept_parameters(function, called_by[name])
        for name, function in functions.items()
    }
    forms = forms_of(functions, local)
    return [
        _replaced(node, forms[node.name.value]) if isinstance(node, cst.FunctionDef) else node
        for node in code
    ]


# ---- which names a function binds


_REFUSED: Final = (
    m.Global()
    | m.ClassDef()
    | m.Import()
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
        case cst.AnnAssign(target=target):
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
    within = [each for each in _descendants(function) if isinstance(each, cst.Parameters)]
    kept = {each.name.value for each in function.params.kwonly_params}
    for parameters in within:
        names = {
            each.name.value for each in _descendants(parameters) if isinstance(each, cst.Param)
        }
        kept |= names if parameters.star_kwarg else names & keywords
    return kept


def _keywords_by_function(code: Sequence[cst.CSTNode], functions: Functions) -> dict[str, set[str]]:
    """Return the keywords that the calls of each function, or of one within it, may have.

    A call that does not name its function may be of one within another, or of one that is a value.
    """
    nodes = [node for statement in code for node in _descendants(statement)]
    calls = [node for node in nodes if isinstance(node, cst.Call)]
    makers = (node for node in code if isinstance(node, cst.ClassDef) or _is_record(node))
    classes = set(chain.from_iterable(map(_bound, makers)))
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


def _is_record(statement: cst.CSTNode) -> bool:
    made = m.Assign(value=m.Call(func=m.Name("namedtuple")))
    return m.matches(statement, m.SimpleStatementLine(body=[made]))


def _holds_functions(function: cst.FunctionDef) -> bool:
    return any(isinstance(node, cst.FunctionDef | cst.Lambda) for node in _descendants(function))


def _callee(call: cst.Call) -> str:
    match call.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value="_replace" as name)):
            return name
    return ""


# ---- the short names


def _forms_for_readers(functions: Functions, local: Names) -> Mapping[str, Forms]:
    """Return a short form for each name, the same everywhere, unlike those that it meets.

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
    return {function: {name: short[name] for name in local[function]} for function in local}


def _forms_in_order(functions: Functions, local: Names) -> Mapping[str, Forms]:
    """Return the letters for the names of each function, in the order of their first mention."""
    forms = {}
    for function, names in local.items():
        mentioned = dict.fromkeys(_mentions(functions[function]))
        free = (form for form in _forms("") if form not in mentioned.keys() - names)
        forms[function] = {name: next(free) for name in mentioned if name in names}
    return forms


def _forms(name: str) -> Iterator[str]:
    initials = [part[0] for part in name.split("_") if part]
    letters = [letter for letter in name if letter in ascii_lowercase]
    yield from (each for each in chain(initials, letters) if each in ascii_lowercase)
    yield from ascii_lowercase
    yield from _pairs(ascii_lowercase)


def _pairs(letters: str) -> Iterator[str]:
    pairs = map("".join, product(letters, repeat=2))
    return (pair for pair in pairs if not iskeyword(pair))


# ---- renaming


class _Replacing(cst.CSTTransformer):
    """Puts something else in the place of names, but not of attributes, keywords and fields."""

    def __init__(self, by_name: Mapping[str, str | cst.BaseExpression]) -> None:
        super().__init__()
        self._by_name = by_name

    def on_visit(self, node: cst.CSTNode) -> bool:
        return not isinstance(node, cst.MatchSingleton)

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        match original_node:
            case cst.Name(value=name):
                other = self._by_name.get(name, name)
                return updated_node.with_changes(value=other) if isinstance(other, str) else other
            case cst.Attribute(attr=name):
                return updated_node.with_changes(attr=name)
            case cst.Arg(keyword=name):
                return updated_node.with_changes(keyword=name)
            case cst.MatchKeywordElement(key=name):
                return updated_node.with_changes(key=name)
        return updated_node


def _replaced(node: cst.CSTNode, by_name: Mapping[str, str | cst.BaseExpression]) -> cst.CSTNode:
    return cst.Module([]).with_changes(body=[node]).visit(_Replacing(by_name)).body[0]
