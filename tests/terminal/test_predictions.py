"""Predictions as a person reads them: at a terminal, and as a comment on a pull request."""

from typing import Any

import pytest
from markdown_it import MarkdownIt

from cfn_trigger.prediction.predict import Prediction
from cfn_trigger.terminal.predictions import as_comment, rendered

RUN = Prediction(
    trigger="RunMigrations", verdict="will run", outcome="will run", request="Update",
    because=("the code of 'Migrate'", "Payload.Level"), undone_by=("Revert",),
)  # fmt: skip
STAY = Prediction(
    trigger="Seed", verdict="will not run", outcome="unchanged", request="none",
    because=("nothing that it depends on differs",),
)  # fmt: skip
HOSTILE = (
    "</details><script>alert(1)</script>",
    "```",
    "````text",
    "@everyone | a | b",
    "[link](https://example.com) ![image](https://example.com/i.png) <!-- hidden",
    "two\nlines\n\n# heading",
)


def test_a_terminal_shows_verdicts_with_their_reasons_and_a_summary() -> None:
    assert rendered([RUN, STAY]).plain == (
        "RunMigrations  will run\n"
        "                 the code of 'Migrate'\n"
        "                 Payload.Level\n"
        "                 undone by Revert if the deployment is rolled back\n"
        "Seed           will not run\n"
        "                 nothing that it depends on differs\n"
        "\n"
        "1 will run, 1 unchanged"
    )


def test_a_template_without_triggers_has_a_summary_alone() -> None:
    assert rendered([]).plain == "no triggers"
    assert as_comment([], "template.yaml") == "### Triggers of `template.yaml`\n\nno triggers\n"


def test_what_was_not_planned_is_in_a_comment() -> None:
    assert as_comment([], "t.yaml", ["t.yaml: Data: is `elsewhere`"]) == (
        "### Triggers of `t.yaml`\n\n"
        "Not planned: `` t.yaml: Data: is `elsewhere` ``\n\n"
        "no triggers\n"
    )


def test_a_comment_has_a_table_the_reasons_folded_away_and_a_summary() -> None:
    assert as_comment(iter([RUN, STAY]), "app/template.yaml") == (
        "### Triggers of `app/template.yaml`\n"
        "\n"
        "| Trigger | Deployment |\n"
        "|---|---|\n"
        "| `RunMigrations` | **will run** |\n"
        "| `Seed` | will not run |\n"
        "\n"
        "<details><summary>Why</summary>\n"
        "\n"
        "```text\n"
        "RunMigrations\n"
        "  the code of 'Migrate'\n"
        "  Payload.Level\n"
        "  undone by Revert if the deployment is rolled back\n"
        "Seed\n"
        "  nothing that it depends on differs\n"
        "```\n"
        "\n"
        "</details>\n"
        "\n"
        "1 will run, 1 unchanged\n"
    )


def tokens(text: str) -> list[Any]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_reason_is_neither_markdown_nor_html(text: str) -> None:
    hostile = Prediction(
        trigger="Run", verdict="will run", outcome="will run", request="Update", because=(text,)
    )

    parsed = tokens(as_comment([hostile], "template.yaml"))

    assert [token.type for token in parsed] == [
        token.type for token in tokens(as_comment([RUN], "template.yaml"))
    ]
    (fence,) = (token for token in parsed if token.type == "fence")
    assert fence.content == f"Run\n  {' '.join(text.split())}\n"
    assert [token.content for token in parsed if token.type == "html_block"] == [
        "<details><summary>Why</summary>\n",
        "</details>\n",
    ]


@pytest.mark.parametrize("text", [*HOSTILE, "`", "a`` b", "a|b"])
def test_a_name_is_neither_markdown_nor_html(text: str) -> None:
    hostile = Prediction(
        trigger=text, verdict="will run", outcome="will run", request="Update", because=()
    )

    inlines = [
        token.children for token in tokens(as_comment([hostile], text)) if token.type == "inline"
    ]

    heading, _, _, name, *_ = inlines
    line = " ".join(text.split())
    assert [(child.type, child.content) for child in heading] == [
        ("text", "Triggers of "),
        ("code_inline", line),
    ]
    assert [(child.type, child.content) for child in name] == [("code_inline", line)]
