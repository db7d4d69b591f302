"""The command line of `cfn-trigger watch`."""

from tests.support.command_line import run


def test_quiet_and_verbose_exclude_each_other() -> None:
    outcome = run("watch", "shop", "--quiet", "--verbose", AWS_REGION="us-east-1")

    assert outcome.exit_code == 2
    assert outcome.stderr.endswith("Error: --quiet and --verbose exclude each other\n")
