"""Who waits for whom, seen in the template that comes out."""

from typing import Any, Final

import pytest

from tests.support.templates import (
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

QUEUE: Final = of_type("AWS::SQS::Queue")
ROLE: Final = of_type("AWS::IAM::Role")

# ---- what a selector selects


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("Orders", ["Orders"]),
        (ref("Orders"), ["Orders"]),
        ("AWS::DynamoDB::Table", ["Orders", "OrdersArchive"]),
        ("AWS::S?S::*", ["Jobs"]),
        ("AWS::*::Table", ["Orders", "OrdersArchive"]),
        ("Orders*", ["Orders", "OrdersArchive"]),
        ("Orders?rchive", ["OrdersArchive"]),
        ("[JO]*s", ["Orders", "Jobs"]),
        ("*", ["Orders", "OrdersArchive", "Jobs"]),
    ],
)
def test_a_selector_is_an_id_a_glob_or_a_type(selector: Any, expected: list[str]) -> None:
    fragment = template(
        Orders=table(), OrdersArchive=table(), Jobs=QUEUE, Run=trigger(ExecuteAfter=[selector])
    )

    assert waits(fragment) == expected


def test_a_selector_minds_case() -> None:
    assert problems(template(Orders=table(), Run=trigger(ExecuteAfter=["orders"]))) == [
        "Run.ExecuteAfter: no resource 'orders' in the template; did you mean 'Orders'?"
    ]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("Order", "no resource 'Order' in the template; did you mean 'Orders'?"),
        ("Nothing", "no resource 'Nothing' in the template"),
        ("AWS::SQS::Queu", "'AWS::SQS::Queu' matches no resource; did you mean 'AWS::SQS::Queue'?"),
        ("AWS::Glue::*", "'AWS::Glue::*' matches no resource"),
        ("Qrder*", "'Qrder*' matches no resource"),
        ("TriggerProvider", "no resource 'TriggerProvider' in the template"),
        ("TriggerProvider*", "'TriggerProvider*' matches no resource"),
    ],
)
@pytest.mark.parametrize("side", ["ExecuteAfter", "ExecuteBefore", "ExecuteOnResourceChange"])
def test_a_selector_of_nothing_is_a_problem(side: str, selector: str, expected: str) -> None:
    fragment = template(Orders=table(), Jobs=QUEUE, Run=trigger(**{side: [selector]}))

    assert problems(fragment) == [f"Run.{side}: {expected}"]


def test_a_pattern_never_selects_its_own_trigger() -> None:
    assert waits(template(RunFirst=QUEUE, Run=trigger(ExecuteAfter=["Run*"]))) == ["RunFirst"]


def test_what_is_selected_twice_is_waited_for_once() -> None:
    run = trigger(ExecuteAfter=["Orders*", "Orders", "*", "AWS::DynamoDB::Table"])

    assert waits(template(Orders=table(), Run=run)) == ["Orders"]


def test_only_resources_are_selected() -> None:
    loop = ["Name", ["A", "B"], {"Queue${Name}": QUEUE}]
    run = trigger(ExecuteAfter=["*"], ExecuteBefore=["*"])
    odd: dict[str, Any] = {"Fn::ForEach::Queues": loop, "Odd": "text", "Nothing": None}
    fragment = template(Orders=table(), Run=run, **odd)

    assert waits(fragment) == ["Orders"]


# ---- edges


def test_execute_after_makes_the_trigger_wait() -> None:
    assert waits(template(Orders=table(), Run=trigger(ExecuteAfter=["Orders"]))) == ["Orders"]


def test_execute_before_makes_the_resource_wait() -> None:
    fragment = template(Orders=table(), Run=trigger(ExecuteBefore=["Orders"]))

    assert waits(fragment) == []
    assert waits(fragment, "Orders") == ["Run"]


def test_the_authors_own_order_comes_first() -> None:
    fragment = template(
        First=table(),
        Second=table(),
        Jobs=waiting(QUEUE, "First"),
        Run=waiting(trigger(ExecuteAfter=["Second"], ExecuteBefore=["Jobs"]), "First"),
    )

    assert waits(fragment) == ["First", "Second"]
    assert waits(fragment, "Jobs") == ["First", "Run"]


def test_one_name_in_depends_on_becomes_a_list_with_the_added_names() -> None:
    jobs = QUEUE | {"DependsOn": "Orders"}
    fragment = template(Orders=table(), Jobs=jobs, Run=trigger(ExecuteBefore=["Jobs"]))

    assert waits(fragment, "Jobs") == ["Orders", "Run"]


def test_what_waits_already_is_left_as_it_is() -> None:
    jobs = QUEUE | {"DependsOn": "Run"}
    reading = QUEUE | {"Properties": {"QueueName": get("Run", "Name")}}
    fragment = template(Jobs=jobs, Reading=reading, Run=trigger(ExecuteBefore=["Jobs", "Reading"]))

    assert resources(fragment)["Jobs"] == jobs
    assert resources(fragment)["Reading"] == reading


def test_what_the_trigger_refers_to_anyway_is_not_in_its_depends_on() -> None:
    run = trigger(ExecuteAfter=["Orders", "Migrate"], Payload={"Table": ref("Orders")})

    assert waits(template(Orders=table(), Run=run)) == []


def test_a_trigger_can_wait_for_a_trigger() -> None:
    fragment = template(
        First=trigger(), Second=trigger(ExecuteAfter=["First"], ExecuteBefore=["Third"]),
        Third=trigger(),
    )  # fmt: skip

    assert [waits(fragment, name) for name in ("First", "Second", "Third")] == [
        [],
        ["First"],
        ["Second"],
    ]


def test_an_order_holds_whichever_branch_of_an_if_is_taken() -> None:
    payload = {"Table": when("HasTable", ref("Orders"), "none")}
    run = trigger(ExecuteAfter=["Orders"], Payload=payload)
    fragment = template({"Conditions": {"HasTable": {}}}, Orders=table(), Run=run)

    assert waits(fragment) == ["Orders"]


def test_an_order_holds_whichever_branch_of_an_if_of_the_author_is_taken() -> None:
    jobs = of_type("AWS::SQS::Queue", QueueName=when("Named", get("Run", "Name")))
    fragment = template(
        {"Conditions": {"Named": {}}}, Jobs=jobs, Run=trigger(ExecuteBefore=["Jobs"])
    )

    assert waits(fragment, "Jobs") == ["Run"]


def test_an_author_who_waits_for_something_odd_is_still_told_so_by_cloudformation() -> None:
    jobs = QUEUE | {"DependsOn": ["Orders", ref("Stage")]}
    fragment = template(Orders=table(), Jobs=jobs, Run=trigger(ExecuteBefore=["Jobs"]))

    assert resources(fragment)["Jobs"]["DependsOn"] == ["Orders", ref("Stage"), "Run"]


# ---- everything that this does not contradict


def test_a_smoke_test_waits_for_all_that_does_not_wait_for_it() -> None:
    run = trigger(ExecuteAfter=["*"], ExecuteBefore=["Door"])
    fragment = template(
        Orders=table(), Door=QUEUE, Alarm=waiting(QUEUE, "Door"), Jobs=QUEUE, Run=run
    )

    assert waits(fragment) == ["Orders", "Jobs"]


def test_a_precondition_precedes_all_that_it_does_not_need() -> None:
    fragment = template(
        Migrate=function(Role=get("Role")),
        Role=ROLE,
        Settings=table(),
        Orders=table(),
        Jobs=QUEUE,
        Run=trigger(ExecuteBefore=["*"], Payload=ref("Settings")),
    )

    waiting_for_it = [name for name in fragment["Resources"] if waits(fragment, name) == ["Run"]]

    assert waiting_for_it == ["Orders", "Jobs"]


def test_two_smoke_tests_do_not_wait_for_each_other() -> None:
    fragment = template(
        Orders=table(), Run=trigger(ExecuteAfter=["*"]), Check=trigger(ExecuteAfter=["*"])
    )

    assert (waits(fragment), waits(fragment, "Check")) == (["Orders"], ["Orders"])


def test_two_preconditions_do_not_wait_for_each_other() -> None:
    fragment = template(
        Orders=table(), Run=trigger(ExecuteBefore=["*"]), Check=trigger(ExecuteBefore=["*"])
    )

    assert (waits(fragment), waits(fragment, "Check")) == ([], [])
    assert waits(fragment, "Orders") == ["Check", "Run"]


def test_a_smoke_test_waits_for_the_precondition() -> None:
    fragment = template(
        Orders=table(), Zero=trigger(ExecuteBefore=["*"]), All=trigger(ExecuteAfter=["*"])
    )

    assert waits(fragment, "All") == ["Orders", "Zero"]
    assert waits(fragment, "Zero") == []
    assert waits(fragment, "Orders") == ["Zero"]


def test_a_pattern_gives_way_to_a_name_whatever_their_order() -> None:
    fragment = template(
        Orders=table(),
        A=trigger(ExecuteAfter=["Or*", "Z"]),
        Z=trigger(ExecuteBefore=["Orders"], ExecuteAfter=["*"]),
    )

    assert waits(fragment, "Orders") == ["Z"]
    assert waits(fragment, "A") == ["Z", "Orders"]
    assert waits(fragment, "Z") == []


def test_a_pattern_gives_way_to_what_may_hold_under_a_condition() -> None:
    jobs = of_type("AWS::SQS::Queue", QueueName=when("Named", get("Run", "Name")))

    assert waits(template(Jobs=jobs, Orders=table(), Run=trigger(ExecuteAfter=["*"]))) == ["Orders"]


# ---- cycles


def test_a_trigger_before_what_its_handler_needs_is_a_cycle() -> None:
    fragment = template(
        Migrate=function(Environment={"Variables": {"TABLE": ref("Orders")}}),
        Orders=table(),
        Run=trigger(ExecuteBefore=["Orders"]),
    )

    assert problems(fragment) == [
        (
            "Run.ExecuteBefore: closes a cycle: Orders -> Run -> Migrate -> Orders; "
            "remove one of these dependencies"
        )
    ]


def test_a_trigger_after_what_waits_for_it_is_a_cycle() -> None:
    fragment = template(
        Jobs=waiting(QUEUE, "Orders"),
        Orders=waiting(table(), "Run"),
        Run=trigger(ExecuteAfter=["Jobs"]),
    )

    assert problems(fragment) == [
        (
            "Run.ExecuteAfter: closes a cycle: Run -> Jobs -> Orders -> Run; "
            "remove one of these dependencies"
        )
    ]


def test_a_trigger_before_and_after_the_same_is_a_cycle() -> None:
    run = trigger(ExecuteAfter=["Orders"], ExecuteBefore=["Orders"])

    assert problems(template(Orders=table(), Run=run)) == [
        (
            "Run.ExecuteBefore: closes a cycle: Orders -> Run -> Orders; "
            "remove one of these dependencies"
        )
    ]


def test_a_trigger_after_itself_is_a_cycle() -> None:
    assert problems(template(Run=trigger(ExecuteAfter=["Run"]))) == [
        "Run.ExecuteAfter: closes a cycle: Run -> Run; remove one of these dependencies"
    ]


def test_a_handler_that_reads_the_triggers_result_is_a_cycle() -> None:
    handler = function(Environment={"Variables": {"ROWS": get("Run", "Rows")}})

    assert problems(template(Migrate=handler, Run=trigger())) == [
        "Run.Handler: closes a cycle: Run -> Migrate -> Run; remove one of these dependencies"
    ]


def test_triggers_in_a_ring_are_a_cycle() -> None:
    fragment = template(
        A=trigger(ExecuteAfter=["C"]), B=trigger(ExecuteAfter=["A"]), C=trigger(ExecuteAfter=["B"])
    )

    assert problems(fragment) == [
        "C.ExecuteAfter: closes a cycle: C -> B -> A -> C; remove one of these dependencies"
    ]


def test_every_cycle_is_reported() -> None:
    fragment = template(
        Orders=waiting(table(), "Run"),
        Jobs=waiting(QUEUE, "Run"),
        Run=trigger(ExecuteAfter=["Orders", "Jobs"]),
    )

    assert problems(fragment) == [
        "Run.ExecuteAfter: closes a cycle: Run -> Orders -> Run; remove one of these dependencies",
        "Run.ExecuteAfter: closes a cycle: Run -> Jobs -> Run; remove one of these dependencies",
    ]


def test_a_cycle_of_the_authors_own_is_cloudformations_to_judge() -> None:
    fragment = template(
        A=waiting(table(), "B"), B=waiting(table(), "A"), Run=trigger(ExecuteAfter=["A"])
    )

    assert problems(fragment) == []


def test_a_cycle_through_a_branch_is_cloudformations_to_judge() -> None:
    jobs = of_type("AWS::SQS::Queue", QueueName=when("Named", get("Run", "Name")))

    assert problems(template(Jobs=jobs, Run=trigger(ExecuteAfter=["Jobs"]))) == []


def test_a_variable_of_a_substitution_closes_no_cycle() -> None:
    jobs = of_type("AWS::SQS::Queue", QueueName=sub("${Run}", {"Run": "fast"}))

    assert problems(template(Jobs=jobs, Run=trigger(ExecuteAfter=["Jobs"]))) == []


@pytest.mark.parametrize(
    "reference",
    [ref("Run"), get("Run", "Name"), sub("${Run.Name}"), {"Fn::Join": ["", ["a", ref("Run")]]}],
)
@pytest.mark.parametrize("place", ["Properties", "Metadata", "UpdatePolicy"])
def test_a_reference_closes_a_cycle_wherever_it_stands(place: str, reference: Any) -> None:
    jobs = {"Type": "AWS::SQS::Queue", place: {"Deep": [reference]}}

    assert problems(template(Jobs=jobs, Run=trigger(ExecuteAfter=["Jobs"]))) == [
        "Run.ExecuteAfter: closes a cycle: Run -> Jobs -> Run; remove one of these dependencies"
    ]


# ---- what a handler needs in order to work


@pytest.mark.parametrize(
    "policy",
    [
        of_type("AWS::IAM::Policy", PolicyName="More", Roles=[ref("Role")]),
        of_type("AWS::IAM::RolePolicy", PolicyName="More", RoleName=ref("Role")),
        of_type("AWS::IAM::ManagedPolicy", Roles=[sub("${Role}")]),
    ],
)
def test_a_trigger_waits_for_a_policy_attached_to_its_handlers_role(policy: Any) -> None:
    fragment = template(
        Migrate=function(Role=get("Role")), Role=ROLE, More=policy, Other=table(), Run=trigger()
    )

    assert waits(fragment) == ["More"]


def test_a_trigger_does_not_wait_for_a_policy_of_another_role() -> None:
    fragment = template(
        Migrate=function(Role=get("Role")),
        Role=ROLE,
        Another=ROLE,
        More=of_type("AWS::IAM::Policy", Roles=[ref("Another")]),
        Run=trigger(),
    )

    assert waits(fragment) == []


def test_a_policy_that_needs_the_trigger_is_not_waited_for() -> None:
    policy = of_type("AWS::IAM::Policy", PolicyName=get("Run", "Name"), Roles=[ref("Role")])
    fragment = template(Migrate=function(Role=get("Role")), Role=ROLE, More=policy, Run=trigger())

    assert waits(fragment) == []


def test_an_order_that_was_asked_for_wins_over_a_policy() -> None:
    fragment = template(
        Migrate=function(Role=get("Role")),
        Role=ROLE,
        More=of_type("AWS::IAM::Policy", Roles=[ref("Role")]),
        Run=trigger(ExecuteBefore=["More"]),
    )

    assert (waits(fragment), waits(fragment, "More")) == ([], ["Run"])


def test_a_trigger_waits_for_a_log_group_that_is_named_after_its_handler() -> None:
    group = of_type("AWS::Logs::LogGroup", LogGroupName=sub("/aws/lambda/${Migrate}"))

    assert waits(template(Logs=group, Run=trigger())) == ["Logs"]


def test_a_trigger_does_not_wait_for_any_other_log_group() -> None:
    group = of_type("AWS::Logs::LogGroup", LogGroupName="/orders")

    assert waits(template(Logs=group, Run=trigger())) == []


def test_a_trigger_of_an_alias_waits_for_what_its_function_needs() -> None:
    fragment = template(
        Migrate=function(Role=get("Role")),
        Role=ROLE,
        Live=of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live"),
        More=of_type("AWS::IAM::Policy", Roles=[ref("Role")]),
        Run=trigger(ref("Live")),
    )

    assert waits(fragment) == ["Migrate", "More"]


# ---- order among resources that may not be there


def test_a_wait_for_what_may_not_be_there_is_a_reference_under_its_condition() -> None:
    fragment = template(
        {"Conditions": {"HasTable": {}}},
        Orders=under("HasTable", table()),
        Run=trigger(ExecuteAfter=["Orders"]),
    )

    assert waits(fragment) == []
    assert resources(fragment)["Run"]["Metadata"] == {
        "TriggerEdges": [when("HasTable", ref("Orders"))]
    }


def test_a_resource_waits_for_a_trigger_that_may_not_be_there_without_a_changed_property() -> None:
    jobs = of_type("AWS::SQS::Queue", QueueName="jobs") | {"Metadata": {"Note": 1}}
    fragment = template(Jobs=jobs, Run=under("Production", trigger(ExecuteBefore=["Jobs"])))

    assert resources(fragment)["Jobs"] == {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": "jobs"},
        "Metadata": {"Note": 1, "TriggerEdges": [when("Production", ref("Run"))]},
    }


def test_a_wait_under_the_same_condition_is_a_depends_on() -> None:
    fragment = template(
        Orders=under("Production", table()),
        Run=under("Production", trigger(ExecuteAfter=["Orders"])),
    )

    assert waits(fragment) == ["Orders"]


@pytest.mark.parametrize("metadata", [None, "text", ["list"]])
def test_metadata_that_is_not_a_map_is_no_obstacle(metadata: Any) -> None:
    jobs = QUEUE | {"Metadata": metadata}
    fragment = template(Jobs=jobs, Run=under("Production", trigger(ExecuteBefore=["Jobs"])))

    assert problems(fragment) == []


# ---- what is made for a trigger has edges of its own


def test_a_trigger_before_its_own_failure_destination_is_a_cycle() -> None:
    run = trigger(InvocationType="Event", FailureDestination=get("Jobs"), ExecuteBefore=["Jobs"])

    assert problems(template(Jobs=QUEUE, Run=run)) == [
        "Run.ExecuteBefore: closes a cycle: Jobs -> Run -> Jobs; remove one of these dependencies"
    ]


def test_a_precondition_gives_way_to_its_failure_destination() -> None:
    run = trigger(InvocationType="Event", FailureDestination=get("Jobs"), ExecuteBefore=["*"])

    assert waits(template(Jobs=QUEUE, Run=run), "Jobs") == []
