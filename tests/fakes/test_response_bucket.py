"""The fake response bucket: which responses it takes, and until when.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes import probe
from tests.support.aws.cloud import Cloud
from tests.support.aws.virtual_time import BreachError
from trigger_provider.index import Effects


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


def response(cloud: Cloud, **fields: Any) -> bytes:
    event = cloud.requests[0].event
    whole = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    whole |= {"Status": "SUCCESS", "Reason": "done", "PhysicalResourceId": "Run-1"}
    return json.dumps(whole | fields).encode()


def put(cloud: Cloud, **fields: Any) -> int:
    def script(effects: Effects) -> int:
        url = cloud.requests[0].event["ResponseURL"]
        return int(effects.put(url, response(cloud, **fields))[0])

    return int(probe.run(cloud, script))


def test_a_response_is_taken_and_read(cloud: Cloud) -> None:
    assert put(cloud) == 200
    assert cloud.stack.status == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("fields", "breach"),
    [
        ({"Reason": "x" * 4096}, "a response of "),
        ({"StackId": "another"}, "StackId is not echoed"),
        ({"Status": "DONE"}, "a status DONE"),
        ({"PhysicalResourceId": ""}, "a physical id ''"),
        ({"PhysicalResourceId": "i" * 1025}, "a physical id 'iii"),
        ({"Reason": ""}, "a reason that is not one line without a final stop: ''"),
        ({"Data": {"Rows": 5}}, "attributes that are not strings: "),
        ({"More": 1}, "a response with "),
    ],
)
def test_a_response_against_the_contract_is_a_breach(
    cloud: Cloud, fields: dict[str, Any], breach: str
) -> None:
    with pytest.raises(BreachError, match=breach):
        put(cloud, **fields)


def test_an_outage_refuses_for_as_long_as_it_lasts(cloud: Cloud) -> None:
    cloud.bucket.is_out_for(60)

    def script(effects: Effects) -> list[int]:
        url, body = cloud.requests[0].event["ResponseURL"], response(cloud)
        early = effects.put(url, body)[0]
        effects.sleep(60)
        return [early, effects.put(url, body)[0]]

    assert probe.run(cloud, script) == [503, 200]
    assert cloud.requests[0].refused_puts == 1


def test_an_execution_that_answers_again_is_a_breach(cloud: Cloud) -> None:
    def script(effects: Effects) -> None:
        url, body = cloud.requests[0].event["ResponseURL"], response(cloud)
        effects.put(url, body)
        effects.put(url, body)

    with pytest.raises(BreachError, match="answers again after its response was taken"):
        probe.run(cloud, script)


def test_a_response_that_comes_too_late_is_taken_and_read_by_nobody(cloud: Cloud) -> None:
    cloud.lambda_service.queue_delay = lambda: 700.0

    def script(effects: Effects) -> int:
        effects.sleep(300)
        return int(effects.put(cloud.requests[0].event["ResponseURL"], response(cloud))[0])

    assert probe.run(cloud, script, Timeout=900) == 200
    assert cloud.requests[0].answer is None
    assert cloud.stack.status == "CREATE_FAILED"


def test_a_response_after_the_end_of_its_url_is_refused(cloud: Cloud) -> None:
    probe.run(cloud, lambda effects: effects.sleep(1))
    (request,) = cloud.requests
    cloud.time.run_for(request.sent_at + 7200 - cloud.time.now)

    assert cloud.bucket.put(request, response(cloud), 0).status == 403
