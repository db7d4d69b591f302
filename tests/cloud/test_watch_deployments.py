"""`cfn-trigger watch` during a real `sam deploy`.

The local cloud has a function's log only when its execution is over, and the provider's execution
takes as long as the trigger: what is told while it goes on is tested in tests/commands.
"""

import json
import re
import signal
from pathlib import Path

from tests.cloud.command import ended, started, wait_until_it_looks
from tests.support.clients import Clients
from tests.support.stacks import POLLED, RAISING, Stack, function, trigger
from tests.support.waiting import PATIENCE

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


def watched(clients: Clients, stack: Stack, resources: dict[str, object]) -> tuple[str, int]:
    """Deploy during a watch; return what it printed about triggers, and its exit code."""
    words = ("watch", stack.name, "--timeout", str(PATIENCE))
    with started(clients, stack.folder, *words) as process:
        wait_until_it_looks(process)
        stack.deploy(resources)
        outcome = ended(process)
    assert outcome.stderr == ""
    output = outcome.stdout.replace(stack.name, "STACK")
    return output, outcome.exit_code


def about_triggers(output: str) -> list[str]:
    """List the lines about triggers, and what their handlers printed, without times."""
    lines = re.findall(r"(?m)^\S+    (\S+(?::| \|) .*)$", output)
    return [without_durations(line) for line in lines]


def without_durations(text: str) -> str:
    return re.sub(r"(after|,) (\d+ min )?[\d.]+ s\b", r"\1 N s", text)


def test_a_deployment_that_succeeds_is_followed(clients: Clients, stack: Stack) -> None:
    output, exit_code = watched(
        clients, stack, {**function("Seed", POLLED), "Run": trigger("Seed")}
    )

    assert exit_code == 0
    assert sorted(about_triggers(output)) == [
        "Run: done after N s, poll 1",
        "Run: in progress after N s: 1 of 2",
        "Run: started, attempt 1",
        "Seed | table 1",
        "Seed | table 2",
    ]
    assert "CREATE_COMPLETE     Seed (AWS::Lambda::Function)" in output
    assert "TriggerProvider" not in output
    assert re.search(r" 8/9  CREATE_IN_PROGRESS  Run \(Custom::Trigger\)\n", output), output
    assert re.search(r" 9/9  CREATE_COMPLETE     STACK \(AWS::CloudFormation::Stack\)\n", output)
    ending = without_durations(output.splitlines()[-1])
    assert ending == "STACK: CREATE_COMPLETE after N s"


def test_a_deployment_that_fails_is_followed_to_its_reason(clients: Clients, stack: Stack) -> None:
    stack.deploy({**function("Bad", "def handler(event, context): ..."), "Run": trigger("Bad")})

    output, exit_code = watched(clients, stack, {**function("Bad", RAISING), "Run": trigger("Bad")})

    assert exit_code == 1
    assert "Run: attempt 1 failed after N s: LookupError" in about_triggers(output)
    assert "Bad | about to fail" in about_triggers(output)
    end = output[output.index("\nUPDATE_FAILED Run") + 1 :]
    group = re.search(r"full log: (\S+)", end)
    assert group
    lines = [line for line in end.splitlines() if not line.startswith("    ")]
    assert without_durations("\n".join(lines)) == (
        "UPDATE_FAILED Run (Custom::Trigger)\n"
        "  LookupError: no such table\n"
        '  at File "index.py", line 4, in handler raise LookupError("no such table")\n'
        "  last log lines:\n"
        f"  full log: {group[1]}\n"
        f"  read it: aws logs tail {group[1]} --since 1h\n"
        "STACK: UPDATE_ROLLBACK_COMPLETE after N s"
    )
    assert "    about to fail" in end.splitlines()


def test_triggers_of_a_nested_stack_are_followed_with_their_path(
    clients: Clients, stack: Stack
) -> None:
    child = {**function("Bad", RAISING), "Run": trigger("Bad")}
    body = json.dumps({"Transform": "Trigger", "Resources": child})
    s3 = clients.boto("s3")
    s3.create_bucket(Bucket=stack.name)
    s3.put_object(Bucket=stack.name, Key="child", Body=body)
    url = f"{clients.cloud.endpoint}/{stack.name}/child"
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}

    with started(clients, stack.folder, "watch", stack.name) as process:
        wait_until_it_looks(process)
        clients.boto("cloudformation").create_stack(
            StackName=stack.name,
            TemplateBody=json.dumps({"Resources": {"Child": nested}}),
            Capabilities=CAPABILITIES,
        )
        outcome = ended(process)

    output = outcome.stdout
    assert outcome.exit_code == 1
    assert re.search(r"CREATE_IN_PROGRESS  Child/Run \(Custom::Trigger\)\n", output)
    assert "Child/Bad | about to fail" in about_triggers(output)
    assert output.count("\n  LookupError: no such table\n") == 1
    assert re.search(r"(?m)^CREATE_FAILED Child/Run \(Custom::Trigger\)$", output)
    assert not re.search(r"(?m)^CREATE_FAILED Child \(", output)


def test_a_change_set_that_the_macro_refuses_ends_the_watch_with_its_whole_message(
    clients: Clients, stack: Stack
) -> None:
    wrong = {"Type": "Custom::Trigger", "Properties": {"Handlr": "x"}}

    output, exit_code = watched(
        clients, stack, {"Run": wrong, "Queue": {"Type": "AWS::SQS::Queue"}}
    )

    assert exit_code == 1
    first, *others = output.splitlines()
    assert re.fullmatch(r"STACK: no deployment, since change set \S+ failed", first)
    assert others == [
        "  Transform 123456789012::Trigger failed with:",
        "    Run.Handlr: unknown property; did you mean 'Handler'?",
    ]


def test_a_change_set_without_changes_ends_the_watch_as_a_success(
    clients: Clients, stack: Stack
) -> None:
    resources: dict[str, object] = {"Queue": {"Type": "AWS::SQS::Queue"}}
    stack.deploy(resources)

    output, exit_code = watched(clients, stack, resources)

    assert exit_code == 0
    assert re.fullmatch(r"STACK: no deployment, since change set \S+ has no changes\n", output)


def test_an_update_that_is_canceled_is_followed_to_its_end(clients: Clients, stack: Stack) -> None:
    def resources(code: str, seconds: int) -> dict[str, object]:
        properties = {"VisibilityTimeout": seconds}
        queue = {"Type": "AWS::SQS::Queue", "DependsOn": "Run", "Properties": properties}
        return {**function("Slow", code), "Run": trigger("Slow"), "Queue": queue}

    stack.deploy(resources("def handler(event, context): ...", 30))
    later = resources("import time\ndef handler(event, context): time.sleep(4)", 60)
    template = json.dumps({"Transform": "Trigger", "Resources": later})
    cloudformation = clients.boto("cloudformation")

    with started(clients, stack.folder, "watch", stack.name, "--quiet") as process:
        wait_until_it_looks(process)
        update = {"TemplateBody": template, "Capabilities": CAPABILITIES}
        cloudformation.update_stack(StackName=stack.name, **update)
        cloudformation.cancel_update_stack(StackName=stack.name)
        outcome = ended(process)

    assert outcome.exit_code == 1
    ending = without_durations(outcome.stdout.splitlines()[-1])
    assert ending == f"{stack.name}: UPDATE_ROLLBACK_COMPLETE after N s"


def test_watch_with_json_prints_an_object_per_line(clients: Clients, stack: Stack) -> None:
    with started(clients, stack.folder, "watch", stack.name, "--json") as process:
        wait_until_it_looks(process)
        stack.deploy({"Queue": {"Type": "AWS::SQS::Queue"}})
        outcome = ended(process)

    objects = [json.loads(line) for line in outcome.stdout.splitlines()]
    common = ("at", "kind", "name", "message", "tone")
    change = ("status", "type", "reason", "seconds", "done", "total")
    assert {tuple(line) for line in objects} == {common, common + change}
    assert [line.get("total") for line in objects] == [1, 1, 1, 1, None]
    assert [(line["kind"], line["message"].split()[0]) for line in objects] == [
        ("resource", "CREATE_IN_PROGRESS"),
        ("resource", "CREATE_IN_PROGRESS"),
        ("resource", "CREATE_COMPLETE"),
        ("resource", "CREATE_COMPLETE"),
        ("end", f"{stack.name}:"),
    ]


def test_a_deployment_that_does_not_begin_is_a_usage_error(
    clients: Clients, tmp_path: Path
) -> None:
    with started(clients, tmp_path, "watch", "nowhere", "--timeout", "0") as one:
        outcome = ended(one)

    assert outcome.exit_code == 2
    assert outcome.stderr == (
        "cfn-trigger: stack 'nowhere': does not exist yet; waiting for a deployment to begin\n"
        "cfn-trigger: stack 'nowhere': no deployment began within 0 s; start one, or raise"
        " --timeout\n"
    )


def test_ctrl_c_ends_a_watch_without_a_word(clients: Clients, tmp_path: Path) -> None:
    with started(clients, tmp_path, "watch", "nowhere") as process:
        wait_until_it_looks(process)
        process.send_signal(signal.SIGINT)
        outcome = ended(process)

    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (130, "", "")
