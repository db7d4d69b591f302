"""Triggers in real deployments: `sam` and `aws` against the local cloud, with IAM enforced."""

import json
from pathlib import Path

from macro.expand import expand
from macro.model import Deployment
from tests.support.clients import Clients
from tests.support.stacks import RAISING, Stack, function, trigger

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "self-test" / "template.yaml"
SEEN = """
    import json
    def handler(event, context):
        print(json.dumps(event))
        return {"Rows": 3, "Nested": {"Deep": [True, "x"]}}
"""


def test_the_example_deploys_with_the_aws_client_and_its_result_is_an_output(
    stack: Stack,
) -> None:
    outcome = stack.deploy_with_aws(EXAMPLE.read_text())

    assert outcome.exit_code == 0, outcome.stderr
    assert stack.outputs()["Verdict"] == "the queue works"
    assert stack.log("Check")[-1] == 'received {"Attempts": 5, "Greeting": "hello"}'


def test_a_handler_without_payload_gets_a_description_of_the_event(stack: Stack) -> None:
    stack.deploy({**function("Seen", SEEN), "Run": trigger("Seen")})

    (line,) = stack.log("Seen")
    event = json.loads(line)
    assert sorted(event) == [
        "Attempt", "ExecutionId", "LogicalResourceId", "RequestId", "RequestType", "StackId",
    ]  # fmt: skip
    assert (event["RequestType"], event["LogicalResourceId"], event["Attempt"]) == (
        "Create", "Run", 1,
    )  # fmt: skip


def test_a_payload_arrives_with_its_literal_types_and_resolved_references(stack: Stack) -> None:
    payload = {"Number": 5, "Flag": True, "None": None, "Queue": {"Ref": "Queue"}, "List": ["1", 1]}
    queue = {"Queue": {"Type": "AWS::SQS::Queue"}}

    stack.deploy({**queue, **function("Seen", SEEN), "Run": trigger("Seen", Payload=payload)})

    (line,) = stack.log("Seen")
    assert json.loads(line) == {**payload, "Queue": stack.physical_id("Queue")}


def test_nested_results_are_attributes(stack: Stack) -> None:
    outputs = {
        name: {"Value": {"Fn::GetAtt": ["Run", attribute]}}
        for name, attribute in {"Rows": "Rows", "Deep": "Nested.Deep.0", "All": "Result"}.items()
    }

    stack.deploy({**function("Seen", SEEN), "Run": trigger("Seen")}, Outputs=outputs)

    assert stack.outputs() == {
        "Rows": "3",
        "Deep": "true",
        "All": '{"Rows": 3, "Nested": {"Deep": [true, "x"]}}',
    }


def test_a_trigger_runs_after_and_before_what_it_names(stack: Stack) -> None:
    run = trigger("Seen", ExecuteAfter=["Early"], ExecuteBefore=["Late"])
    queues = {name: {"Type": "AWS::SQS::Queue"} for name in ("Late", "Early")}

    stack.deploy({**queues, "Run": run, **function("Seen", SEEN)})

    done = [name for name, status, _ in stack.events() if status == "CREATE_COMPLETE"]
    assert done.index("Early") < done.index("Run") < done.index("Late")


def test_a_changed_handler_runs_again_and_an_unchanged_one_does_not(stack: Stack) -> None:
    resources = {**function("Seen", SEEN), "Run": trigger("Seen")}
    changed = {**function("Seen", SEEN, MemorySize=256), "Run": trigger("Seen")}
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}

    runs = []
    for template in (resources, {**resources, **topic}, {**changed, **topic}):
        stack.deploy(template)
        runs.append(len(stack.log("Seen")))

    assert runs == [1, 1, 2]


def test_the_same_template_again_is_no_change(stack: Stack) -> None:
    resources = {**function("Seen", SEEN), "Run": trigger("Seen")}
    stack.deploy(resources)

    again = stack.deploy(resources)

    assert "No changes to deploy. Stack " + stack.name + " is up to date" in again.stderr


def test_a_handler_that_raises_fails_the_deployment_with_its_own_message(stack: Stack) -> None:
    outcome = stack.deploy({**function("Bad", RAISING), "Run": trigger("Bad")})

    assert outcome.exit_code == 1
    reason = stack.reason("Run")
    assert reason.startswith("LookupError: no such table; ")
    assert "; last log lines: about to fail / " in reason
    assert f"; full log: /aws/lambda/{stack.name}-Bad-" in reason
    (whole,) = [why for _, status, why in stack.events() if status == "CREATE_FAILED"]
    assert whole.startswith(
        "Received response status [FAILED] from custom resource. Message returned:"
        f" {reason} (RequestId: "
    )


def test_a_failed_update_is_rolled_back_without_running_the_old_handler(stack: Stack) -> None:
    stack.deploy({**function("Seen", SEEN), "Run": trigger("Seen")})

    outcome = stack.deploy({**function("Seen", RAISING), "Run": trigger("Seen")})

    assert outcome.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert sum("RequestType" in line for line in stack.log("Seen")) == 1


def test_a_handler_that_is_not_done_is_polled_with_its_state(stack: Stack) -> None:
    polled = """
        def handler(event, context):
            seen = event.get("EventState", 0)
            print("seen", seen)
            if seen == 2:
                return {"Polls": seen}
            return {"Status": "IN_PROGRESS", "EventState": seen + 1, "RetryAfter": 0.1}
    """

    stack.deploy({**function("Polled", polled), "Run": trigger("Polled")})

    assert stack.status() == "CREATE_COMPLETE"
    assert stack.log("Polled") == ["seen 0", "seen 1", "seen 2"]


def test_a_provider_without_the_handlers_policy_may_not_invoke_it(stack: Stack) -> None:
    resources = {**function("Seen", SEEN), "Run": trigger("Seen", Timeout=15)}
    expanded = dict(expand({"Resources": resources}, Deployment()).fragment)
    del expanded["Resources"]["TriggerProviderInvokeSeen"]
    expanded["Resources"]["Run"]["DependsOn"].remove("TriggerProviderInvokeSeen")

    outcome = stack.deploy_text(json.dumps(expanded))

    assert outcome.exit_code == 1
    reason = stack.reason("Run")
    assert reason.startswith("AccessDeniedException: ")
    assert "lambda:InvokeFunction" in reason
    assert f"; Timeout is 15 s; full log: /aws/lambda/{stack.name}-Seen-" in reason
    assert stack.log("Seen") == []


def test_all_problems_of_a_template_are_in_one_message(stack: Stack) -> None:
    resources = {
        **function("Seen", SEEN),
        "Run": trigger("Sen", ExecuteAftr=["Seen"]),
        "Other": trigger("Seen", Timeout="soon"),
    }

    outcome = stack.deploy(resources)

    assert outcome.exit_code == 1
    assert (
        "Transform 123456789012::Trigger failed with: "
        "Run.Handler: no 'Sen' in the template; did you mean 'Seen'? | "
        "Run.ExecuteAftr: unknown property; did you mean 'ExecuteAfter'? | "
        "Other.Timeout: must be a whole number from 1 to 43200, not 'soon'"
    ) in outcome.stderr


def test_a_deleted_stack_leaves_nothing_of_the_provider(stack: Stack, clients: Clients) -> None:
    stack.deploy({**function("Seen", SEEN), "Run": trigger("Seen")})
    stack.delete()

    functions = clients.boto("lambda").list_functions()["Functions"]
    roles = clients.boto("iam").list_roles()["Roles"]
    groups = clients.boto("logs").describe_log_groups()["logGroups"]
    names = [
        *(one["FunctionName"] for one in functions),
        *(one["RoleName"] for one in roles),
        *(one["logGroupName"] for one in groups),
    ]
    assert [name for name in names if stack.name in name and "Provider" in name] == []
