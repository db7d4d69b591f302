"""A schedule, and one that runs once; the example's file, deployed.

Ten seconds is how often the local cloud looks at its schedules. The nightly schedule itself is made
and its target used; that it fires at three o'clock is EventBridge's promise, not tried here.
"""

from tests.cloud.examples.example import deploy, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/schedule")


def test_the_nightly_report_is_written_at_once_through_the_nightly_target(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    (report,) = rows(stack, "Reports")
    assert report["Name"].startswith("proof-")
    assert report["Text"] == "all is well" == stack.outputs()["Report"]
    left = stack.clients.boto("scheduler").list_schedules()["Schedules"]
    assert [one["Name"] for one in left] == [stack.physical_id("ReportNightly")]
