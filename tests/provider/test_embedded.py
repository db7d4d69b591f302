"""The text that stacks embed is the package's own code, generated, and small enough."""

import ast
import base64
import bz2
import dis
import inspect
import io
import json
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from types import CodeType
from typing import Any, Final

import pytest

from trigger_provider.compress import LOADER, compacted, compressed
from trigger_provider.embed import (
    COMPRESSED,
    FOLDER,
    HEAD,
    MODULES,
    TARGET,
    embedded,
    modules,
    spaced,
    without_spaces,
)
from trigger_provider.index import LOST, NOT_SENT, Clock, Effects
from trigger_provider.shorten import PUBLIC

MOST: Final = 40_000
"""Bytes of JSON that every template can spare for it."""

MOST_COMPRESSED: Final = 17_900
"""Bytes of JSON that a large template can spare for it."""

TEXT: Final = TARGET.read_text(encoding="utf-8")


@cache
def spaced_text() -> str:
    return spaced(modules())


def test_the_embedded_text_is_what_the_package_generates() -> None:
    assert without_spaces(spaced_text()) == TEXT, "it is stale: make embedded"


def test_the_embedded_text_is_of_every_module_but_those_that_write_it() -> None:
    written = {path.stem for path in FOLDER.glob("*.py")} - {
        "__init__",
        "compress",
        "compressed",
        "embed",
        "embedded",
        "shorten",
    }

    assert written == set(MODULES)


def test_a_string_that_is_repeated_has_a_name_where_that_is_shorter() -> None:
    source = """\
def first(a):
    match a:
        case "a long string":
            return {"a long string": f"a long string {a}"}
    return "a long string", "a short one"
def second(a):
    return "a long string" in a or a in ("a long string", "a long string" "!")
"""

    assert (
        embedded([source]).removeprefix(HEAD)
        == """\
A,='a long string'.split(',')
def first(a):
 match a:
  case'a long string':return{A:f'a long string {a}'}
 return A,'a short one'
def second(a):return A in a or a in(A,'a long string' '!')
"""
    )


def test_a_builtin_that_is_repeated_often_has_a_letter_but_in_a_pattern() -> None:
    many = ", ".join(["None"] * 20)
    source = f"def f(a):\n    match a:\n        case None:\n            return len(a), {many}\n"

    short = ",".join(["A"] * 20)
    assert embedded([source]).removeprefix(HEAD) == (
        f"A=None\ndef f(a):\n match a:\n  case None:return len(a),{short}\n"
    )


def test_the_embedded_text_is_small() -> None:
    assert len(json.dumps(TEXT)) <= MOST


def test_the_embedded_text_says_where_it_comes_from() -> None:
    assert TEXT.startswith(HEAD)
    assert HEAD == (
        "# Generated from the package trigger_provider of cfn-trigger, which has the comments\n"
    )


def test_the_embedded_text_can_be_read_by_the_oldest_python_that_runs_it() -> None:
    ast.parse(TEXT, feature_version=(3, 11))


def test_the_embedded_text_has_no_comment_and_no_docstring_but_its_first_line() -> None:
    tokens = tokenize.generate_tokens(io.StringIO(TEXT).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    lonely = [node for node in ast.walk(ast.parse(TEXT)) if is_text(node)]

    assert comments == [HEAD.rstrip("\n")]
    assert lonely == []


def test_the_embedded_text_has_the_package_s_statements() -> None:
    """Compare by Python's own compiler, which knows nothing of how the text was written."""
    source = ast.parse("".join(modules()))
    source = WithNumbers(source).visit(source)
    package = [meaning(node) for node in significant(source.body)]
    text = ast.parse(TEXT)
    text = WithStrings(text).visit(text)
    generated = [meaning(node) for node in significant(text.body)]

    left_out = [statement for statement in package if statement not in generated]
    assert [statement for statement in package if statement in generated] == generated
    assert all("Literal" in dump or "Callable" in dump or "dict" in dump or "tuple" in dump
               for dump in left_out), left_out  # fmt: skip


def test_the_embedded_text_imports_the_standard_library_alone() -> None:
    imported = [node for node in ast.parse(TEXT).body if isinstance(node, ast.Import)]
    names = {alias.name.split(".")[0] for node in imported for alias in node.names}

    assert "trigger_provider" not in TEXT.removeprefix(HEAD)
    assert names <= {
        "base64", "contextlib", "difflib", "hashlib", "hmac", "http", "io", "json", "os", "re",
        "select", "socket", "ssl", "sys", "time", "traceback", "zlib",
    }  # fmt: skip


# ---- the compressed form


def test_the_compressed_form_is_what_the_package_generates() -> None:
    """Compare what it unpacks to: libraries of other versions compress to other bytes."""
    start, end = LOADER.split("{code}")
    form = COMPRESSED.read_text(encoding="utf-8")
    code = form.removeprefix(start).removesuffix(end)

    assert form == f"{start}{code}{end}"
    unpacked = bz2.decompress(base64.b85decode(code)).decode()
    assert unpacked == compacted(spaced_text()), "it is stale: make embedded"
    assert compressed("A = 1\n").startswith(start)


def test_the_compressed_form_is_small_and_needs_no_escape_in_json() -> None:
    form = COMPRESSED.read_text(encoding="utf-8")
    escaped = form.count("\n") + len('""')

    assert len(json.dumps(form)) == len(form) + escaped <= MOST_COMPRESSED


def test_the_compressed_form_says_what_it_is() -> None:
    assert COMPRESSED.read_text(encoding="utf-8").splitlines()[0] == (
        "# The provider of cfn-trigger: trigger_provider/embedded.py, compressed"
    )


def test_the_compressed_form_keeps_the_names_that_others_use() -> None:
    form = import_module("trigger_provider.compressed")

    assert all(hasattr(form, name) for name in PUBLIC)
    assert form.Effects._fields == Effects._fields
    assert form.Clock._fields == Clock._fields
    assert (form.NOT_SENT, form.LOST) == (NOT_SENT, LOST)


def test_a_traceback_of_the_compressed_form_shows_its_lines() -> None:
    form = import_module("trigger_provider.compressed")

    assert form.handler.__code__.co_filename == "compact.py"
    assert inspect.getsource(form.handler).startswith("def handler(")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("A=B=[]\ndef f(c):return c+A,B\n", "C=D=[]\ndef E(a):return a+C,D\n"),
        ("LOST=1\ndef serve(e):return LOST\n", "LOST=1\ndef serve(a):return LOST\n"),
        ("import a\ndef aa():return a.aa(),aa\n", "import a\ndef A():return a.aa(),A\n"),
        ("class A(NamedTuple):\n x:int=1\nA(x=1).x\n",
         "class B(NamedTuple):\n x:int=1\nB(x=1).x\n"),
        ("def f(g):return g\ndef g():return f(1)\n",
         "def A(a):return a\ndef g():return A(1)\n"),
        ("def f(q,*,z):\n b=z\n return q,b\n", "def A(a,*,z):\n b=z\n return a,b\n"),
    ],
)  # fmt: skip
def test_what_a_text_becomes_before_it_is_compressed(source: str, text: str) -> None:
    assert compacted(source) == text


# ---- how a text is written


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("from trigger_provider.text import size\n", ""),
        ("import c\nimport a.b\n\nc(a)\n", "import a.b,c\nc(a)\n"),
        ("import json\nimport os\nfrom a import b, c\n\ndef f():\n    return json.dumps(c)\n",
         "import json\nfrom a import c\ndef f():return json.dumps(c)\n"),
        ('"""About."""\ndef f():\n    """More."""\n    # why\n    a: int = 1  # what\n',
         "def f():a=1\n"),
        ("Kind = Literal['a']\n\ndef f() -> Kind: ...\n", "def f(): ...\n"),
        ("def f(a: int = 1, *, b: str) -> None:\n    return a in b\n",
         "def f(a=1,*,b):return a in b\n"),
        ("def f(\n    a: int,\n    b: str,\n) -> None:\n    return [\n        a,\n    ]\n",
         "def f(a,b):return[a]\n"),
        ("f((b,), (b, c,), {b: c,}, {b, c,}, [*b,], [], (), c=d,)\n",
         "f((b,),(b,c),{b:c},{b,c},[*b],[],(),c=d)\n"),
        ("A: Final = 3\nLOST: Final = 4\nB: Final = 5\n\ndef f(B, c=A):\n    return c + A + LOST\n",
         "LOST=4\nB=5\ndef f(a,c=3):return c+3+LOST\n"),
        ("class A(NamedTuple):\n    x: int = 1\n    y: Map = 2\nA()\n",
         "from collections import namedtuple\nA=namedtuple('A','x y',defaults=[1,2])\nA()\n"),
        ('from a import NamedTuple\nclass A(NamedTuple):\n    """About."""\n    x: int\nA()\n',
         "from collections import namedtuple\nA=namedtuple('A','x')\nA()\n"),
        ("f(isinstance(a.isinstance, isinstance=isinstance), *[isinstance] * 3, isinstance)\n",
         "A=isinstance\nf(A(a.isinstance,isinstance=A),*[A]*3,A)\n"),
        ("f(a._replace(b=c._replace(d=1), **e))\n",
         "def R(r,**f):return r._replace(**f)\nf(R(a,b=R(c,d=1),**e))\n"),
        ("def f():\n    from a import b\n    return b\n", "def f():from a import b;return b\n"),
        ("f({'a': not 1 - -2, **b})\n", "f({'a':not 1--2,**b})\n"),
        ("""f(f"{a} is {'b'}", f"{a}", "it's", 'a', r"\\d")\n""",
         """f(f"{a} is {'b'}",f'{a}',"it's",'a',r'\\d')\n"""),
        ("match a:\n    case 1:\n        b()\n    case _:\n        assert_never(a)\n",
         "match a:\n case 1:b()\n"),
        ("def f(one, other):\n    return other(one), other\n", "def f(n,o):return o(n),o\n"),
        ("def f(item):\n    return item.item, g(item=item)\n",
         "def f(i):return i.item,g(item=i)\n"),
        ("def f(item):\n    return f'{item} {item!r:>{item}}'\n",
         "def f(i):return f'{i} {i!r:>{i}}'\n"),
        ("def f():\n    while (item := g()):\n        return [item for other in item]\n",
         "def f():\n while(i:=g()):return[i for o in i]\n"),
        ("def f(item):\n    def g():\n        nonlocal item\n        item = 1\n    return g\n",
         "def f(i):\n def g():nonlocal i;i=1\n return g\n"),
        ("def f(item):\n match item:\n  case A(item=[one, *rest], more={**all}): one, rest, all\n",
         "def f(i):\n match i:\n  case A(item=[o,*r],more={**a}): o,r,a\n"),
        ("def f(item):\n    def g(other, **more):\n        return None\n    g(1, more=item)\n",
         "def f(i):\n def g(other,**more):return\n g(1,more=i)\n"),
        ("def f(a):\n    b = 1\n    if a:\n        g()\n        b = 2\n    c = b\n    g(c)\n",
         "def f(a):\n b=1\n if a:g();b=2\n c=b;g(c)\n"),
        (f"def f():\n    g('{'x' * 85}')\n    g('{'y' * 85}')\n",
         f"def f():\n g('{'x' * 85}')\n g('{'y' * 85}')\n"),
        ("f(a[0] if b in (1, 'c or (d)') else 'e' or f'{g or (h)}')\n",
         "f(a[0]if b in(1,'c or (d)')else'e'or f'{g or (h)}')\n"),
        ("def f(*items, **more):\n    return lambda item: item(items, more)\n",
         "def f(*items,**more):return lambda i:i(items,more)\n"),
        ("def f(item, *, other): ...\ndef g(item): f(item=item, other=1)\n",
         "def f(item,*,other): ...\ndef g(i): f(item=i,other=1)\n"),
        ("def f(item, part): ...\ndef g(call): call(item=1)\ng(f)\n",
         "def f(item,p): ...\ndef g(c): c(item=1)\ng(f)\n"),
        ("item = 1\ndef f(other=item):\n    return [item for item in other], item\n",
         "item=1\ndef f(o=item):return[item for item in o],item\n"),
        ("def f(item, i):\n    return item, i, j\n", "def f(t,i):return t,i,j\n"),
        ("def f():\n    try:\n        g()\n    except A as error:\n        return error\n",
         "def f():\n try:g()\n except A as e:return e\n"),
    ],
)  # fmt: skip
def test_what_a_source_becomes(source: str, text: str) -> None:
    assert embedded([source]).removeprefix(HEAD).lstrip("\n") == text


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        (["A = 1\n", "def A(): ...\n"], "defined twice: A"),
        (["def f():\n    a: int\n"], "a variable that is only declared"),
        (
            ["class A(NamedTuple):\n    x: int\n    def f(self): ...\n"],
            "more than fields in the named tuple A",
        ),
        (
            ["from trigger_provider.text import size as length\n"],
            "an import of the package's own under another name",
        ),
        (["def f():\n    global a\n    a = 1\n"], "names that cannot be followed: f"),
        (["def f(a):\n    return f'{a=}'\n"], "names that cannot be followed: f"),
        (["def f(a):\n    return locals()\n"], "names that cannot be followed: f"),
        (["def f():\n    import a\n"], "names that cannot be followed: f"),
        (["def f():\n    class A: ...\n"], "names that cannot be followed: f"),
    ],
)
def test_a_source_that_cannot_be_embedded_is_an_error(sources: Iterable[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        embedded(sources)


# ---- what a statement means


def is_text(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def significant(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        is_export = isinstance(node, ast.Assign) and ast.unparse(node.targets) == "__all__"  # type: ignore[arg-type]  # a list of one
        if not (is_import or is_export or is_text(node)):
            yield node


def meaning(node: ast.stmt) -> str:
    """Describe what a statement does: for a function, by what Python compiles it to."""
    bare = WithoutTypes().visit(node)
    if not isinstance(bare, ast.FunctionDef):
        return ast.dump(bare)
    for part in ast.walk(bare):
        vars(part).update(dict.fromkeys(PLACE, 1))
    return repr(description(compile(ast.Module([bare], []), "", "exec"), {}))


def description(code: CodeType, numbers: dict[str, int]) -> Any:
    """Describe code with a number for the name of each variable, in the order of their use.

    A function and those within it share the numbers, so that equal descriptions mean that one
    name became one other, wherever Python takes it for a variable, and nothing else differs.
    """
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [
        (code.co_name, code.co_argcount, code.co_kwonlyargcount, code.co_flags),
        [numbers.setdefault(name, len(numbers)) for name in arguments],
        [part_of(code, instruction, numbers) for instruction in dis.get_instructions(code)],
        code.co_exceptiontable,
        code.co_names,
    ]


def part_of(code: CodeType, instruction: dis.Instruction, numbers: dict[str, int]) -> Any:
    """Describe an instruction, but not the cells that it makes or passes on: they are sorted."""
    match instruction.argval:
        case CodeType() as inner:
            return description(inner, numbers)
        case str() | tuple() as value if instruction.opcode in VARIABLES:
            names = [value] if isinstance(value, str) else list(value)
            if not instruction.opname.endswith("_DEREF"):
                names = [name for name in names if name not in code.co_cellvars + code.co_freevars]
            return instruction.opname, [numbers.setdefault(name, len(numbers)) for name in names]
    return instruction.opname, instruction.argval


def letters(table: ast.Assign) -> list[str]:
    return ast.unparse(table.targets[0]).strip("()").split(", ")


class WithStrings(ast.NodeTransformer):
    """Puts strings, builtins and a method in the place of their letters."""

    def __init__(self, module: ast.Module) -> None:
        imports = (ast.Import, ast.ImportFrom)
        strings, builtins, *_ = (node for node in module.body if not isinstance(node, imports))
        self._tables = strings, builtins
        assert isinstance(strings, ast.Assign)
        values = ast.literal_eval(ast.unparse(strings.value).removesuffix(".split(',')"))
        constants = map(ast.Constant, values.split(","))
        self._strings: dict[str, ast.expr] = dict(zip(letters(strings), constants, strict=True))
        assert isinstance(builtins, ast.Assign)
        assert isinstance(builtins.value, ast.Tuple)
        self._strings |= dict(zip(letters(builtins), builtins.value.elts, strict=True))

    def visit_Assign(self, node: ast.Assign) -> Any:
        return None if node in self._tables else self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return None if node.name == "R" else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "R":
            method = ast.Attribute(node.args[0], "_replace", ast.Load())
            return ast.Call(method, node.args[1:], node.keywords)
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        return self._strings.get(node.id, node)


class WithNumbers(ast.NodeTransformer):
    """Puts numbers in the place of their names, but of those that others use."""

    def __init__(self, module: ast.Module) -> None:
        values = {
            node.target.id: node.value
            for node in module.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        self._numbers = {
            name: value
            for name, value in values.items()
            if isinstance(value, ast.Constant) and isinstance(value.value, int | float)
            if name not in PUBLIC
        }

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        is_number = isinstance(node.target, ast.Name) and node.target.id in self._numbers
        return None if is_number else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        return self._numbers.get(node.id, node)


PLACE: Final = ("lineno", "col_offset", "end_lineno", "end_col_offset")
VARIABLES: Final = {*dis.haslocal, *dis.hasfree}


class WithoutTypes(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> Any:
        return None if is_text(node) else self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        if ast.unparse(node.bases) != "NamedTuple":  # type: ignore[arg-type]  # a list of one
            return self.generic_visit(node)
        fields = [field for field in node.body if isinstance(field, ast.AnnAssign)]
        names = " ".join(ast.unparse(field.target) for field in fields)
        values = [ast.unparse(field.value) for field in fields if field.value]
        defaults = f", defaults=[{', '.join(values)}]" if values else ""
        call = f"{node.name} = namedtuple({node.name!r}, {names!r}{defaults})"
        return self.visit(ast.parse(call).body[0])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> Any:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        value = node.value or ast.Constant(None)
        return ast.Assign([node.target], self.visit(value))

    def visit_match_case(self, node: ast.match_case) -> Any:
        is_never = ast.unparse(node.body).startswith("assert_never")  # type: ignore[arg-type]  # unparse takes lists
        return None if is_never else self.generic_visit(node)
