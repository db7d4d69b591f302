"""Every form of the shorthand that a deployment tells apart, deployed."""

import json

from tests.support.stacks import Json, Stack, function, trigger

SEEN = """
    import json
    def handler(event, context):
        print(json.dumps(event))
        return {"Rows": 3}
"""
QUEUE = {"Type": "AWS::SQS::Queue"}
NEVER = {"Fn::Equals": ["a", "b"]}
ALWAYS = {"Fn::Equals": ["a", "a"]}


def done(stack: Stack) -> list[str]:
    return [name for name, status, _ in stack.events() if status == "CREATE_COMPLETE"]


def runs(stack: Stack, name: str = "Seen") -> int:
    return len(stack.log(name))


def under(condition: str, resource: Json) -> Json:
    return {**resource, "Condition": condition}


def test_a_chain_of_triggers_runs_in_its_order(stack: Stack) -> None:
    stack.deploy(
        {
            "Third": trigger("Seen", ExecuteAfter=["Second"]),
            "Second": trigger("Seen", ExecuteAfter=["First"]),
            "First": trigger("Seen"),
            **function("Seen", SEEN),
        }
    )

    order = [json.loads(line)["LogicalResourceId"] for line in stack.log("Seen")]
    assert order == ["First", "Second", "Third"]


def test_a_trigger_may_run_before_the_function_of_the_next(stack: Stack) -> None:
    first = trigger("One", ExecuteBefore=["Two"])

    stack.deploy(
        {**function("One", SEEN), **function("Two", SEEN), "A": first, "B": trigger("Two")}
    )

    order = done(stack)
    assert order.index("A") < order.index("Two") < order.index("B")


def test_a_precondition_runs_before_everything_it_does_not_need(stack: Stack) -> None:
    stack.deploy(
        {"Queue": QUEUE, **function("Seen", SEEN), "Run": trigger("Seen", ExecuteBefore=["*"])}
    )

    order = done(stack)
    assert order.index("Seen") < order.index("Run") < order.index("Queue")


def test_a_smoke_test_runs_after_everything(stack: Stack) -> None:
    stack.deploy(
        {"Run": trigger("Seen", ExecuteAfter=["*"]), **function("Seen", SEEN), "Queue": QUEUE}
    )

    order = done(stack)
    assert order.index("Run") > max(order.index("Queue"), order.index("Seen"))


def test_a_changed_parameter_behind_the_handler_runs_it_again(stack: Stack) -> None:
    variables = {"Variables": {"LEVEL": {"Ref": "Level"}}}
    template = {
        "Transform": "Trigger",
        "Parameters": {"Level": {"Type": "String", "Default": "low"}},
        "Resources": {**function("Seen", SEEN, Environment=variables), "Run": trigger("Seen")},
    }

    counted = []
    for level in ("low", "low", "high"):
        overrides = ("--parameter-overrides", f"Level={level}")
        stack.deploy_text(json.dumps(template), *overrides, "--no-fail-on-empty-changeset")
        counted.append(runs(stack))

    assert counted == [1, 1, 2]


def test_a_watched_resource_that_changes_runs_the_handler_again_and_another_does_not(
    stack: Stack,
) -> None:
    counted = []
    for watched, other in ((30, 30), (30, 60), (60, 60)):
        queues = {
            name: {**QUEUE, "Properties": {"VisibilityTimeout": seconds}}
            for name, seconds in (("Watched", watched), ("Other", other))
        }
        run = trigger("Seen", ExecuteOnResourceChange=["Watched"])
        stack.deploy({**queues, **function("Seen", SEEN), "Run": run})
        counted.append(runs(stack))

    assert counted == [1, 1, 2]


def test_a_trigger_may_run_at_every_deployment(stack: Stack) -> None:
    resources = {**function("Seen", SEEN), "Run": trigger("Seen", ExecuteOnEveryDeployment=True)}

    for _ in range(2):
        stack.deploy(resources)

    assert runs(stack) == 2


def test_a_trigger_may_run_only_once(stack: Stack) -> None:
    once = trigger("Seen", ExecuteOnHandlerChange=False)
    for memory in (128, 256):
        stack.deploy({**function("Seen", SEEN, MemorySize=memory), "Run": once})

    assert runs(stack) == 1


def test_a_function_may_be_defined_with_its_trigger(stack: Stack) -> None:
    sending = """
        import os, boto3
        def handler(event, context):
            boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody="hello")
            return {"Sent": 1}
    """
    send = {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
    }
    definition = function("Any", sending)["Any"]["Properties"]
    del definition["Role"]
    definition |= {"Policies": [send], "Environment": {"Variables": {"QUEUE": {"Ref": "Queue"}}}}

    outcome = stack.deploy(
        {
            "Queue": QUEUE,
            "Run": {"Type": "Custom::Trigger", "Properties": {"Function": definition}},
        },
        Outputs={"Sent": {"Value": {"Fn::GetAtt": ["Run", "Sent"]}}},
    )

    assert outcome.exit_code == 0, stack.events()
    assert stack.outputs() == {"Sent": "1"}


def test_a_trigger_may_stand_in_the_metadata_of_its_function(stack: Stack) -> None:
    resources = function("Seen", SEEN)
    resources["Seen"]["Metadata"] = {"Trigger": {"ExecuteAfter": ["Queue"]}}

    stack.deploy({**resources, "Queue": QUEUE})

    assert done(stack).index("SeenTrigger") > done(stack).index("Queue")
    assert runs(stack) == 1


def test_a_trigger_runs_a_function_of_sam(stack: Stack) -> None:
    code = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n"
    serverless = {"Runtime": "python3.13", "Handler": "index.handler", "InlineCode": code}

    outcome = stack.deploy_text(
        json.dumps(
            {
                "Transform": ["AWS::Serverless-2016-10-31", "Trigger"],
                "Resources": {
                    "Seen": {"Type": "AWS::Serverless::Function", "Properties": serverless},
                    "Run": trigger("Seen", ExecuteAfter=["Queue"]),
                    "Queue": QUEUE,
                },
            }
        )
    )

    assert outcome.exit_code == 0, outcome.stderr
    assert runs(stack) == 1


def test_a_trigger_does_not_wait_for_a_resource_whose_condition_is_false(stack: Stack) -> None:
    resources = {
        **function("Seen", SEEN),
        "Absent": under("Never", QUEUE),
        "Present": under("Always", QUEUE),
        "Run": trigger("Seen", ExecuteAfter=["Absent", "Present"]),
        "Skipped": under("Never", trigger("Seen", ExecuteBefore=["Late"])),
        "Late": QUEUE,
    }

    outcome = stack.deploy(resources, Conditions={"Never": NEVER, "Always": ALWAYS})

    assert outcome.exit_code == 0, outcome.stderr
    assert runs(stack) == 1
    assert done(stack).index("Present") < done(stack).index("Run")


def test_a_stack_whose_triggers_are_all_off_has_no_provider(stack: Stack) -> None:
    resources = {**function("Seen", SEEN), "Run": under("Never", trigger("Seen")), "Queue": QUEUE}

    stack.deploy(resources, Conditions={"Never": NEVER})

    assert sorted(done(stack)) == sorted(["Seen", "SeenRole", "Queue", stack.name])


def test_settings_of_the_stack_reach_the_provider(stack: Stack) -> None:
    transform = {
        "Name": "Trigger",
        "Parameters": {"LogRetentionInDays": 7, "MemorySize": 256, "Architecture": "x86_64"},
    }

    stack.deploy({**function("Seen", SEEN), "Run": trigger("Seen")}, Transform=[transform])

    provider = stack.clients.boto("lambda").get_function_configuration(
        FunctionName=stack.physical_id("TriggerProvider")
    )
    assert (provider["MemorySize"], provider["Architectures"]) == (256, ["x86_64"])
    assert runs(stack) == 1


def test_a_loop_of_triggers_is_repeated_before_they_are_expanded(stack: Stack) -> None:
    loop = {"Fn::ForEach::Runs": ["Name", ["One", "Two"], {"Run${Name}": trigger("Seen")}]}
    resources = {**function("Seen", SEEN), **loop}

    # `sam deploy` itself does not read a template that has a loop.
    outcome = stack.deploy_with_aws(
        json.dumps({"Transform": ["AWS::LanguageExtensions", "Trigger"], "Resources": resources})
    )

    assert outcome.exit_code == 0, outcome.stderr
    assert sorted(json.loads(line)["LogicalResourceId"] for line in stack.log("Seen")) == [
        "RunOne",
        "RunTwo",
    ]


def test_a_nested_stack_has_triggers_of_its_own(stack: Stack) -> None:
    child = {
        "Transform": "Trigger",
        "Resources": {**function("Seen", SEEN), "Run": trigger("Seen")},
        "Outputs": {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}},
    }
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "child.json"}}
    (stack.folder / "child.json").write_text(json.dumps(child))

    outcome = stack.deploy_text(
        json.dumps(
            {
                "Resources": {"Nested": nested},
                "Outputs": {"Rows": {"Value": {"Fn::GetAtt": ["Nested", "Outputs.Rows"]}}},
            }
        )
    )

    assert outcome.exit_code == 0, outcome.stderr
    assert stack.outputs() == {"Rows": "3"}
