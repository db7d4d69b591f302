"""examples/node-handler: JavaScript is checked by JavaScript before it is published."""

from tests.cloud.examples.example import deploy, done, printed, text
from tests.support.stacks import Stack

TEMPLATE = text("node-handler")
GOOD = r"^/orders/(?<id>\d+)$"
THROWN = {
    r"^/orders/(\d+$": r"Invalid regular expression: /^/orders/(\d+$/: Unterminated group",
    r"^/orders/(?<id>\d+)": r"^/orders/(?<id>\d+) takes /orders/17/items",
}


def route(stack: Stack) -> str:
    parameter = stack.clients.boto("ssm").get_parameter(Name=stack.outputs()["RouteName"])
    return str(parameter["Parameter"]["Value"])


def test_a_route_is_published_after_node_has_tried_it(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    assert done(stack).index("CheckRoute") < done(stack).index("Route")
    assert printed(stack, "CheckRouteFunction")[-1] == "tried 3 paths"
    assert route(stack) == GOOD


def test_a_bad_route_is_refused_with_the_error_thrown_and_the_old_one_stays(stack: Stack) -> None:
    deploy(stack, TEMPLATE)

    for pattern, message in THROWN.items():
        assert deploy(stack, TEMPLATE, Pattern=pattern).exit_code == 1

        assert stack.reason("CheckRoute").startswith(f"BadRoute: {message}; ")
        assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
        assert route(stack) == GOOD
