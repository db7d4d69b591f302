"""The action for GitHub: what its steps do with a pull request, and what linters say about it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.action import ACTION, READ_ONLY, Job
from tests.support.command_line import ROOT

BIN = Path(sys.executable).parent
TEMPLATE = """\
Transform: Trigger
Resources:
  Migrate:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/migrate
      Code: {ZipFile: x}
  Run:
    Type: Custom::Trigger
    Properties: {Handler: !Ref Migrate}
"""
MARKER = re.compile(r"<!-- cfn-trigger plan [0-9a-f]{16} -->\n")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Return a job in a checkout with a template."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return Job(folder=tmp_path)


def bodies(job: Job) -> list[str]:
    """Return the comments without their first lines, which name the plan."""
    assert all(MARKER.match(comment["body"]) for comment in job.comments)
    return [MARKER.sub("", comment["body"], count=1) for comment in job.comments]


def plan_of(job: Job) -> str:
    return Path(job.outputs["plan"]["plan"]).read_text()


def test_the_command_is_installed_from_the_same_version_as_the_action(job: Job) -> None:
    job.run(template="template.yaml", check="false", comment="false")

    installed = (job.temporary / "cfn-trigger" / "installed").read_text()
    assert installed == f"install --quiet --disable-pip-version-check {ROOT}\n"


def test_the_plan_is_a_comment_on_the_pull_request(job: Job) -> None:
    job.run(template="template.yaml", check="false")

    assert (job.exit_code, job.log) == (0, "")
    assert bodies(job) == [plan_of(job)]
    assert job.summary == plan_of(job)
    assert plan_of(job).startswith("### Triggers of `template.yaml`\n")
    assert job.outputs["plan"] | {"plan": ""} == {
        "exitcode": "2", "summary": "1 will run", "plan": "",
    }  # fmt: skip


def test_the_next_run_changes_its_comment_and_adds_none(job: Job) -> None:
    job.comments = [
        {"id": 1, "user": {"type": "User"}, "body": "looks good"},
        {"id": 2, "user": {"type": "Bot"}, "body": "coverage: 100 %"},
    ]
    job.run(template="template.yaml", check="false")
    job.comments.append(
        {"id": 4, "user": {"type": "User"}, "body": job.comments[2]["body"]}  # copied by a person
    )

    (job.folder / "old.yaml").write_text(TEMPLATE)
    job.run(template="template.yaml", against="old.yaml", check="false")

    assert [comment["id"] for comment in job.comments] == [1, 2, 3, 4]
    assert job.comments[2]["body"].endswith("\n0 will run, 1 unchanged\n")
    assert job.comments[3]["body"].endswith("\n1 will run\n")
    assert job.outputs["plan"]["exitcode"] == "0"


def test_each_template_has_a_comment(job: Job) -> None:
    (job.folder / "other.yaml").write_text(TEMPLATE)

    for template in ("template.yaml", "other.yaml", "template.yaml"):
        job.run(template=template, check="false")

    assert [body.splitlines()[0] for body in bodies(job)] == [
        "### Triggers of `template.yaml`",
        "### Triggers of `other.yaml`",
    ]


def test_a_plan_that_fails_says_so_in_the_comment_and_fails_the_job(job: Job) -> None:
    (job.folder / "template.yaml").write_text(TEMPLATE.replace("!Ref Migrate", "!Ref Migrat"))

    job.run(template="template.yaml", check="false")

    assert job.exit_code == 1
    assert bodies(job) == ["### Triggers\n\nThe plan failed: see the log of the job.\n"]
    assert "Run.Handler: no 'Migrat' in the template" in job.log
    assert job.outputs["plan"]["exitcode"] == "1"


def test_problems_are_marked_in_the_diff_and_fail_the_job(job: Job) -> None:
    (job.folder / "template.yaml").write_text(TEMPLATE.replace("!Ref Migrate", "!Ref Migrat"))

    job.run(template="template.yaml")

    assert job.exit_code == 1
    problem = "Run.Handler: no 'Migrat' in the template; did you mean 'Migrate'?"
    (marked,) = (line for line in job.log.splitlines() if line.endswith(f"::{problem}"))
    assert marked.startswith("::error ")
    assert "file=template.yaml" in marked
    assert "line=12" in marked


def test_a_template_without_problems_passes_the_check(job: Job) -> None:
    job.run(template="template.yaml")

    assert job.exit_code == 0
    assert job.outputs["check"] == {"exitcode": "0"}
    assert "::error" not in job.log


def test_a_token_that_may_not_comment_is_a_warning(job: Job) -> None:
    job.token = READ_ONLY

    job.run(template="template.yaml", check="false")

    assert job.exit_code == 0
    assert job.comments == []
    assert job.log.endswith(
        "::warning title=cfn-trigger::the plan could not be a comment; give the job the permission"
        " pull-requests write\n"
    )


def test_a_push_has_no_comment(job: Job) -> None:
    job.event = "push"

    job.run(template="template.yaml", check="false")

    assert (job.exit_code, job.comments) == (0, [])
    assert job.summary == plan_of(job)


LONG = (
    "### Triggers of `template.yaml`\n\nThe summary of the job has the whole plan.\n\n1 will run\n"
)


def test_a_plan_that_is_too_long_for_a_comment_is_in_the_summary_alone(job: Job) -> None:
    for name, value in (("old.yaml", 1), ("template.yaml", 2)):
        variables = ", ".join(f"{'x' * 40}{number}: {value}" for number in range(1000))
        environment = f"Environment: {{Variables: {{{variables}}}}}"
        text = TEMPLATE.replace("Code: {ZipFile: x}", f"Code: {{ZipFile: x}}\n      {environment}")
        (job.folder / name).write_text(text)

    job.run(template="template.yaml", against="old.yaml", check="false")

    assert len(job.summary) > 65_536
    assert bodies(job) == [LONG]


@pytest.mark.parametrize("name", ["--help.yaml", 'a "; $(touch hacked) `touch hacked`.yaml'])
def test_the_name_of_a_template_is_no_option_and_no_script(name: str, job: Job) -> None:
    (job.folder / name).write_text(TEMPLATE)

    job.run(template=name, check="false")

    assert job.exit_code == 0
    assert job.outputs["plan"]["summary"] == "1 will run"
    assert not (job.folder / "hacked").exists()


def test_every_input_is_described_and_documented() -> None:
    page = (ROOT / "docs" / "pipelines.md").read_text()

    for name, definition in {**ACTION["inputs"], **ACTION["outputs"]}.items():
        assert definition["description"]
        assert f"| `{name}` |" in page


def test_every_action_that_is_used_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]

    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action) for action in used)


def test_the_linter_of_actions_has_no_findings() -> None:
    assert linted("zizmor", "--quiet", "--offline", "--pedantic", str(ROOT / "action.yml"))


def test_the_workflow_in_the_docs_is_one_that_uses_the_action(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "pipelines.md").read_text()
    (workflow, *_) = (
        block for block in re.findall(r"(?s)```yaml\n(.*?)```", page) if "uses: …" in block
    )
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    shutil.copy(ROOT / "action.yml", tmp_path / "action.yml")
    path = tmp_path / ".github" / "workflows" / "plan.yml"
    for linter, action in (("actionlint", "./"), ("zizmor", f"shop/cfn-trigger@{'0' * 40}")):
        path.write_text(re.sub(r"uses: …\S*", f"uses: {action}", workflow))
        options = ("--quiet", "--offline") if linter == "zizmor" else ()
        assert linted(linter, *options, str(path), cwd=tmp_path)


def linted(linter: str, *arguments: str, cwd: Path = ROOT) -> bool:
    """Run a linter, and return whether it finds nothing."""
    command = [str(BIN / linter), *arguments]
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    sys.stdout.write(ended.stdout + ended.stderr)
    return ended.returncode == 0
