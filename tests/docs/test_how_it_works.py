"""The walk through the macro and the provider on docs/how-it-works.md is what really happens."""

import json
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse

from macro.expand import expand
from macro.model import Deployment
from tests.docs.pages import ROOT, blocks
from trigger_provider.index import Clock, Effects, serve

PAGE: Final = ROOT / "docs" / "how-it-works.md"
TEMPLATE, EXPANDED = (yaml_parse(block.text) for block in blocks("yaml") if block.page == PAGE)
EVENT, LOG, RESPONSE = (block.text for block in blocks("json") if block.page == PAGE)
READY: Final = {"State": "Active", "LastUpdateStatus": "Successful"}
START: Final = Clock(1_795_262_400.0, 900.0)  # of the event's X-Amz-Date


def test_the_template_expands_to_the_trigger_on_the_page() -> None:
    fragment = {name: part for name, part in TEMPLATE.items() if name != "Transform"}

    expansion = expand(fragment, Deployment()).fragment["Resources"]

    assert {"SeedOrders": expansion["SeedOrders"]} == EXPANDED
    assert expansion["Queue"]["DependsOn"] == ["SeedOrders"]


def test_the_event_is_served_in_the_steps_and_with_the_response_on_the_page() -> None:
    log: list[dict[str, Any]] = []
    responses: list[dict[str, Any]] = []

    def call(_service: str, method: str, _path: str, body: bytes, *_: Any) -> Any:
        reply = READY if method == "GET" else {"Rows": json.loads(body)["Rows"]}
        return 200, {}, json.dumps(reply).encode()

    def put(_url: str, body: bytes) -> Any:
        responses.append(json.loads(body))
        return 200, {}, b""

    effects = Effects(clock=lambda: START, sleep=lambda _: None, call=call, put=put, log=log.append)
    serve(json.loads(EVENT), effects, "arn:aws:lambda:eu-west-1:111122223333:function:me")

    assert log == [json.loads(line) for line in LOG.splitlines()]
    assert responses == [json.loads(RESPONSE)]
