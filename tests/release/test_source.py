"""The files of a release: one version, one address, and links that work wherever they are read."""

import re

import pytest

from release.source import (
    ROOT,
    Release,
    committed_files,
    release_files,
    release_of,
    with_absolute_links,
    with_project_urls,
)

AT_HOME = Release(name="cfn-trigger", version="1.2.3", repository="https://forge.example/a/b")
RAW = "https://forge.example/a/b/raw/v1.2.3"
FILES = "https://forge.example/a/b/blob/v1.2.3"
HOMELESS = Release(name="cfn-trigger", version="1.2.3", repository="")
RELATIVE = re.compile(r"\]\((?!https?:|#)[^)]*\)")
PYPROJECT = """\
[project]
name = "cfn-trigger"
version = "1.2.3"

[project.scripts]
cfn-trigger = "cfn_trigger.main:main"

[tool.release]
repository = "{}"
"""


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a page](docs/cli.md)", "[a page](https://forge.example/a/b/blob/v1.2.3/docs/cli.md)"),
        ("[a section](#limits)", "[a section](#limits)"),
        ("[elsewhere](https://aws.amazon.com/)", "[elsewhere](https://aws.amazon.com/)"),
        ("![plan](docs/plan.svg)", "![plan](https://forge.example/a/b/raw/v1.2.3/docs/plan.svg)"),
        (
            "[![plan](docs/plan.svg)](docs/cli.md#plan)",
            f"[![plan]({RAW}/docs/plan.svg)]({FILES}/docs/cli.md#plan)",
        ),
    ],
)
def test_a_link_to_a_file_gets_the_address_of_the_tag(link: str, expected: str) -> None:
    assert with_absolute_links(f"See {link}.", AT_HOME) == f"See {expected}."


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a page](docs/cli.md)", "a page"),
        ("[`code`](docs/cli.md)", "`code`"),
        ("![plan](docs/plan.svg)", ""),
        ("[a section](#limits)", "[a section](#limits)"),
        ("[elsewhere](https://aws.amazon.com/)", "[elsewhere](https://aws.amazon.com/)"),
    ],
)
def test_a_link_to_a_file_becomes_text_without_a_repository(link: str, expected: str) -> None:
    assert with_absolute_links(link, HOMELESS) == expected


def test_the_readme_of_a_release_has_no_relative_links() -> None:
    readme = (ROOT / "README.md").read_text()

    for release in (AT_HOME, HOMELESS):
        text = with_absolute_links(readme, release)
        assert [
            line for line in text.splitlines() if "](docs/" in line or "](examples" in line
        ] == []


def test_the_project_has_addresses_only_with_a_repository() -> None:
    text = PYPROJECT.format("https://forge.example/a/b/")

    assert with_project_urls(text, release_of(text)) == text.replace(
        "[project.scripts]",
        """\
[project.urls]
Changelog = "https://forge.example/a/b/blob/v1.2.3/CHANGELOG.md"
Documentation = "https://forge.example/a/b/blob/v1.2.3/docs/index.md"
Source = "https://forge.example/a/b"

[project.scripts]""",
    )
    assert with_project_urls(PYPROJECT.format(""), HOMELESS) == PYPROJECT.format("")


def test_an_address_that_is_not_https_is_refused() -> None:
    with pytest.raises(ValueError, match="tool") as error:
        release_of(PYPROJECT.format("git@forge.example:a/b"))

    assert str(error.value) == (
        "pyproject.toml: tool.release.repository is 'git@forge.example:a/b'; "
        "write the https address of the repository, or leave it empty"
    )


def test_a_release_consists_of_what_git_knows() -> None:
    files = committed_files()

    assert set(release_files(files)) == set(files)
    assert {".github/workflows/release.yml", "SECURITY.md", "macro/handler.py"} <= set(files)
