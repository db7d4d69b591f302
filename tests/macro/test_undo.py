"""OnRollback: what undoes a run, as a resource of its own that only a rollback makes run."""

from typing import Any, Final

import pytest

from macro.expand import read
from macro.model import Deployment
from macro.risks import risks
from tests.support.templates import (
    NO_VALUE,
    Template,
    fingerprint,
    function,
    get,
    of_type,
    problems,
    ref,
    resources,
    sub,
    table,
    template,
    trigger,
    under,
    waiting,
    waits,
    when,
)

BACK: Final = {"Handler": ref("Back")}
OUTSIDE: Final = "arn:aws:lambda:eu-central-1:123456789012:function:back"
CONDITIONS: Final = {"Conditions": {"IsLive": {"Fn::Equals": ["a", "a"]}}}


def undoing(sections: Template | None = None, **more: Any) -> Template:
    """A template whose trigger `Run` is undone by the function `Back`."""
    return template(sections, **{"Back": function(), "Run": trigger(OnRollback=BACK)} | more)


def undo_id(fragment: Template, name: str = "Run") -> str:
    """Return the one undo of a trigger."""
    (found,) = [it for it in resources(fragment) if it.startswith(f"{name}Undo")]
    return found


def undo(fragment: Template, name: str = "Run") -> Template:
    found: Template = resources(fragment)[undo_id(fragment, name)]
    return found


def undo_properties(fragment: Template) -> Template:
    found: Template = undo(fragment)["Properties"]
    return found


def warnings(fragment: Template) -> list[str]:
    return [str(risk) for risk in risks(read(fragment, Deployment()))]


# ---- the resource


def test_an_undo_is_a_trigger_that_knows_which_run_it_undoes() -> None:
    run = trigger(OnRollback=BACK | {"Timeout": 60, "Payload": {"Rows": 5}}, Payload=[1])
    fragment = undoing(Run=run)
    (version,) = [name for name in resources(fragment) if name.startswith("BackVersion")]

    assert undo(fragment)["Type"] == "Custom::Trigger"
    assert undo_properties(fragment) == {
        "ServiceToken": get("TriggerProvider"),
        "ServiceTimeout": 120,
        "HandlerArn": ref(version),
        "Timeout": 60,
        "Payload": {"Skeleton": '{"Rows": 5}'},
        "Undo": {
            "Skeleton": (
                '{"LogicalResourceId": "Run", "Payload": [1], "PhysicalResourceId": null,'
                ' "RequestType": "Rollback", "Result": null, "RunId": null}'
            ),
            "Values": [
                {"Path": ["PhysicalResourceId"], "Value": ref("Run")},
                {"Path": ["Result"], "Value": get("Run", "Result")},
                {"Path": ["RunId"], "Value": get("Run", "TriggerRunId")},
            ],
        },
    }


def test_a_trigger_without_one_has_no_undo() -> None:
    assert not [name for name in resources(template(Run=trigger())) if "Undo" in name]


def test_a_trigger_in_the_metadata_of_a_function_may_have_one() -> None:
    shorthand = {"Metadata": {"Trigger": {"OnRollback": {"Handler": "Migrate"}}}}
    fragment = template(Migrate=function() | shorthand)

    assert "Undo" in undo(fragment, "MigrateTrigger")["Properties"]


def test_a_masked_result_is_not_a_property_of_the_undo() -> None:
    masked = undo_properties(undoing(Run=trigger(OnRollback=BACK, NoEcho=True)))

    assert "Result" not in masked["Undo"]["Skeleton"]
    assert masked["NoEcho"] is True


def test_an_undo_exists_under_the_condition_of_its_trigger() -> None:
    fragment = undoing(CONDITIONS, Run=under("IsLive", trigger(OnRollback=BACK)))

    assert undo(fragment)["Condition"] == "IsLive"


# ---- its logical id


@pytest.mark.parametrize(
    "change",
    [
        {"Run": trigger(OnRollback=BACK, Payload=6)},
        {"Run": trigger(OnRollback=BACK, Expect={"Rows": 5})},
        {"Run": trigger("Back", OnRollback=BACK)},
        {"Migrate": function(Runtime="python3.14")},
        {"Run": trigger(OnRollback=BACK, Timeout=60)},
        {"Run": trigger(OnRollback=BACK, Retry={"MaxAttempts": 2})},
        {"Run": trigger(OnRollback=BACK, Enabled=False)},
    ],
)
def test_an_undo_has_a_new_id_with_every_change_of_its_trigger(change: Template) -> None:
    assert undo_id(undoing(**change)) != undo_id(undoing())


@pytest.mark.parametrize(
    "change",
    [
        {"Run": trigger(OnRollback=BACK, ExecuteAfter=["Back"])},
        {"Run": trigger(OnRollback=BACK | {"Payload": 6})},
        {"Run": trigger(OnRollback={"Handler": OUTSIDE})},
        {"Back": function(Runtime="python3.14")},
    ],
)
def test_an_undo_keeps_its_id_with_everything_else(change: Template) -> None:
    assert undo_id(undoing(**change)) == undo_id(undoing())


def test_a_trigger_knows_its_undo_so_that_it_is_updated_when_that_is_new() -> None:
    fragment = undoing()

    assert resources(fragment)["Run"]["Properties"]["UndoneBy"] == undo_id(fragment)


def test_an_undo_is_no_reason_to_run() -> None:
    assert fingerprint(undoing()) == fingerprint(undoing(Run=trigger()))


def test_the_id_of_an_undo_must_be_free() -> None:
    name = undo_id(undoing())
    message = "is reserved for a resource that is created for triggers; rename yours"

    assert problems(undoing(**{name: table()})) == [f"{name}: {message}"]


def test_an_undo_does_not_reserve_its_name_without_the_hash() -> None:
    assert problems(undoing(RunUndo=table())) == []


# ---- which code undoes


def test_a_function_undoes_as_a_version_that_is_new_whenever_its_code_is() -> None:
    fragment = undoing()
    other = undoing(Back=function(Code={"ZipFile": "new"}))
    version = undo_properties(fragment)["HandlerArn"]["Ref"]

    assert resources(fragment)[version] == of_type("AWS::Lambda::Version", FunctionName=ref("Back"))
    assert undo_properties(other)["HandlerArn"]["Ref"] != version


def test_two_triggers_share_the_version_of_what_undoes_them() -> None:
    fragment = undoing(Also=trigger(OnRollback=BACK))
    versions = [name for name in resources(fragment) if name.startswith("BackVersion")]

    assert len(versions) == 1
    assert undo(fragment, "Also")["Properties"]["HandlerArn"] == ref(versions[0])


def test_a_version_exists_under_the_condition_of_its_function() -> None:
    conditional = under("IsLive", trigger(OnRollback=BACK))
    fragment = undoing(CONDITIONS, Back=under("IsLive", function()), Run=conditional)
    version = undo_properties(fragment)["HandlerArn"]["Ref"]

    assert resources(fragment)[version]["Condition"] == "IsLive"


def test_a_version_of_the_template_that_follows_its_function_is_used() -> None:
    version = of_type("AWS::Lambda::Version", FunctionName=ref("Back"))
    fragment = undoing(BackVersion0123456789=version)

    assert undo_properties(fragment)["HandlerArn"] == ref("BackVersion0123456789")
    assert warnings(fragment) == []


@pytest.mark.parametrize(
    ("handler", "expected"), [(ref("Live"), ref("Live")), (OUTSIDE, OUTSIDE), (f"{OUTSIDE}:5",) * 2]
)
def test_anything_else_undoes_as_it_is_written(handler: Any, expected: Any) -> None:
    alias = of_type("AWS::Lambda::Alias", FunctionName=ref("Back"), FunctionVersion="5")
    fragment = undoing(Live=alias, Run=trigger(OnRollback={"Handler": handler}))

    assert undo_properties(fragment)["HandlerArn"] == expected


QUEUE: Final = of_type("AWS::SQS::Queue")
VERSION: Final = "name a version that changes whenever the code does"


@pytest.mark.parametrize(
    ("handler", "more", "expected"),
    [
        (OUTSIDE, {}, f"a rollback restores the previous code of 'back' first; {VERSION}"),
        (
            f"{OUTSIDE}:$LATEST",
            {},
            f"a rollback restores the previous code of 'back' first; {VERSION}",
        ),
        (
            ref("Back"),
            {"Stable": of_type("AWS::Lambda::Version", FunctionName=ref("Back"))},
            f"a rollback restores the previous code of 'Back' first; {VERSION}",
        ),
        (
            ref("Live"),
            {"Live": of_type("AWS::Lambda::Alias", FunctionName=ref("Back"), FunctionVersion="5")},
            (
                "a rollback restores the previous version of alias 'Live' first;"
                " name the function, and a version of it is published"
            ),
        ),
    ],
)
def test_an_undo_that_a_rollback_gives_its_previous_code_is_a_risk(
    handler: Any, more: Template, expected: str
) -> None:
    fragment = undoing(Run=trigger(OnRollback={"Handler": handler}), **more)

    assert warnings(fragment) == [f"Run.OnRollback.Handler: {expected}"]


def late(name: str) -> str:
    what = f"Run.OnRollback: waits for {name!r}, which waits for the trigger"
    effect = f"so nothing undoes the run if {name!r} fails"
    return f"{what}, {effect}; remove one of these dependencies"


def test_an_undo_whose_payload_refers_to_what_waits_for_the_run_is_a_risk() -> None:
    run = trigger(OnRollback=BACK | {"Payload": ref("Queue")}, ExecuteBefore=["Queue"])

    assert warnings(undoing(Queue=QUEUE, Run=run)) == [late("Queue")]


def test_an_undo_whose_function_waits_for_what_waits_for_the_run_is_a_risk() -> None:
    run = trigger(OnRollback=BACK, ExecuteBefore=["Queue"])
    fragment = undoing(Queue=QUEUE, Run=run, Back=waiting(function(), "Queue"))

    assert warnings(fragment) == [late("Back"), late("Queue")]


def test_an_undo_whose_function_only_the_deployment_shows_is_a_risk_without_a_name() -> None:
    fragment = undoing(
        {"Parameters": {"Name": {"Type": "String"}}},
        Run=trigger(
            OnRollback={"Handler": sub("arn:aws:lambda:${AWS::Region}:1:function:${Name}")}
        ),
    )

    assert warnings(fragment) == [
        (
            "Run.OnRollback.Handler: a rollback restores the previous code of the function first;"
            f" {VERSION}"
        )
    ]


@pytest.mark.parametrize("handler", [ref("Back"), f"{OUTSIDE}:5"])
def test_an_undo_of_a_version_is_no_risk(handler: Any) -> None:
    assert warnings(undoing(Run=trigger(OnRollback={"Handler": handler}))) == []


# ---- its permission


def test_an_undo_keeps_a_policy_that_is_deleted_after_it_however_many_handlers_there_are() -> None:
    names = [f"Handler{number}" for number in range(60)]
    handlers = {name: function() for name in names}
    runs = {f"Run{name}": trigger(name) for name in names}
    fragment = undoing(**handlers, **runs)

    assert "TriggerProviderHandlers1" in resources(fragment)
    assert "TriggerProviderInvokeBack" in undo(fragment)["DependsOn"]


# ---- its order


def test_what_waits_for_a_trigger_waits_for_its_undo() -> None:
    fragment = undoing(
        Run=trigger(OnRollback=BACK, ExecuteBefore=["Orders"]),
        Orders=table(),
        Items=waiting(table(), "Run"),
        Jobs=table(Name=get("Run", "Rows")),
    )
    fragment["Resources"]["Run"]["Properties"]["ExecuteOnRollback"] = False

    for name in ("Orders", "Items", "Jobs"):
        assert undo_id(fragment) in waits(fragment, name)


def test_what_watches_a_trigger_waits_for_its_undo() -> None:
    fragment = undoing(Watch=trigger("Back", ExecuteOnResourceChange=["Run"]))

    assert undo_id(fragment) in waits(fragment, "Watch")


def test_what_an_undo_needs_does_not_wait_for_it() -> None:
    fragment = undoing(Run=trigger(OnRollback=BACK, ExecuteBefore=["*"]), Orders=table())

    assert undo_id(fragment) in waits(fragment, "Orders")
    assert undo_id(fragment) not in waits(fragment, "Back")


def test_an_undo_waits_for_what_its_handler_needs() -> None:
    policy = of_type(
        "AWS::IAM::Policy", Roles=[ref("Role")], PolicyDocument={}, PolicyName="Policy"
    )
    fragment = undoing(
        Role=of_type("AWS::IAM::Role"), Back=function(Role=get("Role")), Policy=policy
    )

    assert "Policy" in waits(fragment, undo_id(fragment))
    assert "TriggerProviderInvokeBack" in undo(fragment)["DependsOn"]


def test_no_selector_selects_an_undo_or_its_version() -> None:
    fragment = undoing(Smoke=trigger("Back", ExecuteAfter=["*"]))

    assert [it for it in waits(fragment, "Smoke") if "Version" in it] == []


def test_undos_of_triggers_that_run_before_everything_do_not_wait_for_each_other() -> None:
    first = trigger(OnRollback=BACK, ExecuteBefore=["*"])
    fragment = undoing(Run=first, Also=first, Orders=table())

    undos = [name for name in resources(fragment) if "Undo" in name]
    assert len(undos) == 2
    assert [first for name in undos for first in waits(fragment, name) if first in undos] == []
    assert {*undos} < {*waits(fragment, "Orders")}


def test_the_order_of_keys_decides_no_order_of_undos() -> None:
    also = trigger(OnRollback=BACK | {"Payload": ref("Zero")})
    zero = trigger(OnRollback=BACK | {"Payload": ref("Also")})
    fragment, turned = undoing(Also=also, Zero=zero), undoing(Zero=zero, Also=also)

    undos = [name for name in resources(fragment) if "Undo" in name]
    assert [{*waits(fragment, it)} for it in undos] == [{*waits(turned, it)} for it in undos]


def test_what_the_payload_of_an_undo_refers_to_does_not_wait_for_it() -> None:
    fragment = undoing(
        Run=trigger(OnRollback=BACK | {"Payload": ref("Orders")}),
        Orders=waiting(table(), "Run"),
    )

    assert problems(fragment) == []
    assert undo_id(fragment) not in waits(fragment, "Orders")


# ---- what contradicts it


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (5, "Run.OnRollback: must be a map of Handler, Payload, Timeout, Retry, not 5"),
        (
            "Back",
            "Run.OnRollback: must be a map of Handler, Payload, Timeout, Retry, not 'Back'",
        ),
        (
            ref("Back"),
            "Run.OnRollback: must be a map of Handler, Payload, Timeout, Retry, not Ref",
        ),
        (
            NO_VALUE,
            "Run.OnRollback: must be a map of Handler, Payload, Timeout, Retry, not Ref",
        ),
        (
            when("IsLive", BACK),
            "Run.OnRollback: must be a map of Handler, Payload, Timeout, Retry, not Fn::If",
        ),
        ({}, "Run.OnRollback: has no Handler; name the function that undoes a run"),
        (
            BACK | {"PollInterval": 5},
            (
                "Run.OnRollback: unknown key 'PollInterval';"
                " known keys are Handler, Payload, Timeout, Retry"
            ),
        ),
        (
            {"Handler": when("IsLive", get("Back"))},
            ("Run.OnRollback.Handler: may be AWS::NoValue; name a function in every case"),
        ),
        (
            BACK | {"Retry": when("IsLive", {"MaxAttempts": 2})},
            (
                "Run.OnRollback.Retry: must be a map of"
                " MaxAttempts, Interval, BackoffRate, MaxInterval, not Fn::If"
            ),
        ),
        (
            BACK | {"Timout": 5},
            "Run.OnRollback: unknown key 'Timout'; did you mean 'Timeout'?",
        ),
        (
            BACK | {"Timeout": 3541},
            "Run.OnRollback.Timeout: must be a whole number from 1 to 3540, not 3541",
        ),
        (
            {"Handler": "Bakc"},
            "Run.OnRollback.Handler: no 'Bakc' in the template; did you mean 'Back'?",
        ),
        (
            BACK | {"Retry": {"MaxAttempts": 0}},
            "Run.OnRollback.Retry: MaxAttempts must be a whole number from 1 to 100, not 0",
        ),
        (
            BACK | {"Payload": "{{resolve:secretsmanager:a}}"},
            (
                "Run.OnRollback.Payload: CloudFormation does not resolve secretsmanager references"
                " here; read the secret in the handler"
            ),
        ),
    ],
)
def test_what_is_wrong_in_it_is_a_problem_at_its_place(written: Any, expected: str) -> None:
    assert problems(undoing(CONDITIONS, Run=trigger(OnRollback=written))) == [expected]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"InvocationType": "Event"},
            (
                "InvocationType Event does not wait for a result,"
                " so it is unknown whether there is a run to undo; use RequestResponse"
            ),
        ),
        (
            {"InvocationType": "DryRun"},
            (
                "InvocationType DryRun does not wait for a result,"
                " so it is unknown whether there is a run to undo; use RequestResponse"
            ),
        ),
        (
            {"ExecuteOnRollback": True},
            (
                "ExecuteOnRollback runs the previous handler again before this undoes the run;"
                " keep one of them"
            ),
        ),
    ],
)
def test_a_setting_that_contradicts_it_is_a_problem(settings: Any, expected: str) -> None:
    dead_letters = function(DeadLetterConfig={})
    fragment = undoing(Run=trigger(OnRollback=BACK, **settings), Migrate=dead_letters)

    assert problems(fragment) == [f"Run.OnRollback: {expected}"]


def test_a_result_that_the_template_reads_may_be_empty_in_a_rollback_only_if_that_is_said() -> None:
    reading = table(Name=sub("${Run.Rows}"))
    silent = undoing(Orders=reading)
    outspoken = undoing(Orders=reading, Run=trigger(OnRollback=BACK, ExecuteOnRollback=False))

    assert problems(silent) == [
        (
            "Run.OnRollback: the template reads 'Rows', so a rollback runs the previous handler"
            " again; set ExecuteOnRollback: false if it may be empty in a rollback"
        )
    ]
    assert problems(outspoken) == []


def test_a_trigger_that_always_exists_has_no_undo_that_may_not() -> None:
    fragment = undoing(CONDITIONS, Back=under("IsLive", function()))

    assert problems(fragment) == [
        (
            "Run.OnRollback.Handler: 'Back' exists only under 'IsLive';"
            " give the trigger Condition: IsLive"
        )
    ]


def test_a_trigger_that_is_not_enabled_may_have_one() -> None:
    assert problems(undoing(Run=trigger(OnRollback=BACK, Enabled=False))) == []
