"""The order of a template of any shape is shown in every form, or the template has problems."""

import json
from typing import Any

from hypothesis import given

from cfn_trigger.errors import TemplateProblems
from cfn_trigger.ordering import formats
from cfn_trigger.ordering.levels import StackOrder, stack_order
from cfn_trigger.template.source import parse_template
from cfn_trigger.template.transforms import Context
from cfn_trigger.terminal.orders import rendered
from tests.support.drawings import measured
from tests.support.strategies import templates_of_any_shape


def order_of(template: dict[str, Any]) -> StackOrder | None:
    text = json.dumps(template | {"Transform": "Trigger"})
    try:
        return stack_order(parse_template(text, "t.json"), Context(values={}))
    except TemplateProblems:
        return None


@given(templates_of_any_shape)
def test_an_order_has_every_form(template: dict[str, Any]) -> None:
    order = order_of(template)
    if order is None:
        return

    assert formats.mermaid(order, with_reasons=True).startswith("flowchart LR\n")
    assert formats.dot(order, with_reasons=True).endswith("}\n")
    assert len(measured(formats.drawing(order, with_reasons=True)).boxes) >= len(order.resources)
    assert json.dumps(formats.as_json(order))
    assert rendered(order, width=60, with_reasons=True).renderables
