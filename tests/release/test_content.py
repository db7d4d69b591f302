"""What the archives of a release may hold."""

from release.content import unexpected_in_sdist, unexpected_in_wheel
from release.source import Release

RELEASE = Release(name="cfn-trigger", version="1.2.3", repository="")
WHEEL = [
    "cfn_trigger/main.py",
    "cfn_trigger/py.typed",
    "macro/handler.py",
    "cfn_trigger-1.2.3.dist-info/METADATA",
]
SOURCE = [
    f"cfn_trigger-1.2.3/{path}"
    for path in ("LICENSE", "README.md", "pyproject.toml", "macro/requirements.txt")
]


def test_a_wheel_holds_its_packages_and_its_metadata() -> None:
    assert unexpected_in_wheel(WHEEL, RELEASE) == []


def test_a_stranger_and_a_leftover_in_a_wheel_are_named() -> None:
    paths = [*WHEEL, "tests/conftest.py", "macro/__pycache__/names.cpython-313.pyc"]

    assert unexpected_in_wheel(paths, RELEASE) == [
        "tests/conftest.py does not belong in it",
        "macro/__pycache__/names.cpython-313.pyc does not belong in it",
    ]


def test_what_a_wheel_lacks_is_named() -> None:
    assert unexpected_in_wheel(WHEEL[1:], RELEASE) == ["cfn_trigger/main.py is missing"]


def test_a_source_distribution_holds_what_a_build_needs() -> None:
    assert unexpected_in_sdist(SOURCE, RELEASE) == []
    assert unexpected_in_sdist(SOURCE[1:], RELEASE) == ["LICENSE is missing"]


def test_files_built_next_to_the_sources_do_not_belong_in_a_source_distribution() -> None:
    assert unexpected_in_sdist([*SOURCE, "cfn_trigger-1.2.3/build/lib/x.py"], RELEASE) == [
        "build/lib/x.py does not belong in it"
    ]
