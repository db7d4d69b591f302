"""The fake CloudFormation's API: what DescribeStacks, DescribeStackEvents and
DescribeStackResource answer in the query protocol, and how they refuse."""

import re
from collections.abc import Iterator

import pytest

from tests.fakes import probe
from tests.support.aws.cloud import Cloud
from tests.support.aws.network import Reply, Wire, query_error
from trigger_provider.index import Effects


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


def test_describe_stacks_tells_the_status(cloud: Cloud) -> None:
    status, _, body = probe.run(cloud, lambda effects: probe.ask(effects, "DescribeStacks"))

    assert status == 200
    assert b"<StackStatus>CREATE_IN_PROGRESS</StackStatus>" in body


def test_events_are_listed_newest_first_a_hundred_a_page(cloud: Cloud) -> None:
    def script(effects: Effects) -> list[str]:
        for number in range(150):
            cloud.history.resource_becomes(f"R{number}", "CREATE_COMPLETE")
        first = probe.ask(effects, "DescribeStackEvents")[2].decode()
        token = re.search("<NextToken>(.*?)</NextToken>", first)
        assert token
        second = probe.ask(effects, "DescribeStackEvents", NextToken=token[1])[2].decode()
        assert "<NextToken>" not in second
        return [*re.findall("<LogicalResourceId>(.*?)<", first + second)]

    listed = probe.run(cloud, script)

    assert listed == [*(f"R{number}" for number in range(149, -1, -1)), "Run", "shop"]


def test_an_event_has_its_reason_escaped_and_its_time_in_milliseconds(cloud: Cloud) -> None:
    def script(effects: Effects) -> str:
        cloud.history.resource_becomes("Table", "CREATE_FAILED", "1 < 2 & so on")
        return str(probe.ask(effects, "DescribeStackEvents")[2].decode())

    body = probe.run(cloud, script)

    assert "<ResourceStatusReason>1 &lt; 2 &amp; so on</ResourceStatusReason>" in body
    assert "<Timestamp>2027-01-15T08:00:01.000Z</Timestamp>" in body


def test_describe_stack_resource_tells_the_last_status_of_a_resource(cloud: Cloud) -> None:
    def script(effects: Effects) -> list[Wire]:
        return [
            probe.ask(effects, "DescribeStackResource", LogicalResourceId=name)
            for name in ("Run", "Nothing")
        ]

    known, unknown = probe.run(cloud, script)

    assert b"<ResourceStatus>CREATE_IN_PROGRESS</ResourceStatus>" in known[2]
    assert unknown[0] == 400
    assert b"Resource Nothing does not exist for stack shop" in unknown[2]


def test_a_role_that_may_not_ask_is_denied(cloud: Cloud) -> None:
    cloud.api.allowed = frozenset({"DescribeStacks"})

    status, _, body = probe.run(cloud, lambda effects: probe.ask(effects, "DescribeStackEvents"))

    assert status == 403
    assert b"<Code>AccessDenied</Code>" in body
    assert b"is not authorized to perform: cloudformation:DescribeStackEvents" in body


@pytest.mark.parametrize(
    "reply",
    [query_error(400, "Throttling", "Rate exceeded"), query_error(503, "ServiceUnavailable", "")],
)
def test_an_outage_lasts_as_long_as_it_lasts(cloud: Cloud, reply: Reply) -> None:
    cloud.api.answers_for(60, reply)

    def script(effects: Effects) -> list[int]:
        early = probe.ask(effects, "DescribeStacks")[0]
        effects.sleep(60)
        return [early, probe.ask(effects, "DescribeStacks")[0]]

    assert probe.run(cloud, script) == [reply.status, 200]
