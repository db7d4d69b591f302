"""A durable function as a handler, in real deployments."""

from typing import Any, Final

from tests.support.stacks import Stack, function, trigger

CODE: Final = """
    import json

    def handler(event, context):
        (operation,) = event["InitialExecutionState"]["Operations"]
        asked = json.loads(operation["ExecutionDetails"]["InputPayload"])
        print("asked to", asked["Do"])
        if asked["Do"] == "fail":
            error = {"ErrorType": "LookupError", "ErrorMessage": "no such table"}
            return {"Status": "FAILED", "Error": error}
        return {"Status": "SUCCEEDED", "Result": json.dumps({"Rows": 3})}
"""
"""A durable function without the SDK: it returns what the SDK would."""


def durable(do: str, **properties: Any) -> dict[str, Any]:
    """Return a durable function and a trigger that asks it to do something."""
    config = {"ExecutionTimeout": 600, "RetentionPeriodInDays": 1}
    migrate = function("Migrate", CODE, DurableConfig=config)
    return {**migrate, "Run": trigger("Migrate", Payload={"Do": do}, **properties)}


def test_the_result_of_a_durable_handler_is_the_trigger_s(stack: Stack) -> None:
    rows = {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}}

    outcome = stack.deploy(durable("succeed"), Outputs=rows)

    assert outcome.exit_code == 0, outcome.stderr
    assert stack.outputs()["Rows"] == "3"
    assert stack.log("Migrate") == ["asked to succeed"]


def test_a_durable_handler_that_fails_fails_the_deployment_with_its_reason(stack: Stack) -> None:
    outcome = stack.deploy(durable("fail"))

    assert outcome.exit_code != 0
    assert stack.reason("Run").startswith("LookupError: no such table; full log: /aws/lambda/")
