"""What a result becomes: attributes, physical ids, and an answer that CloudFormation can read."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.provider.cloudformation import MADE_UP, Stack, sent
from tests.provider.world import Behavior, Handler, World, raises, returns, takes
from trigger_provider.answer import attributes

SILENT = {"Error": "", "Truncated": ""}


# ---- attributes


@pytest.mark.parametrize(
    ("result", "attributes"),
    [
        pytest.param({"A": 5}, {"A": "5", "Result": '{"A": 5}'}, id="number"),
        pytest.param({"A": "text"}, {"A": "text", "Result": '{"A": "text"}'}, id="text"),
        pytest.param({"A": True}, {"A": "true", "Result": '{"A": true}'}, id="boolean"),
        pytest.param({"A": None}, {"A": "null", "Result": '{"A": null}'}, id="null"),
        pytest.param(
            {"A": {"B": 1}}, {"A": '{"B": 1}', "A.B": "1", "Result": '{"A": {"B": 1}}'}, id="nested"
        ),
        pytest.param(
            {"A": ["x", 2]},
            {"A": '["x", 2]', "A.0": "x", "A.1": "2", "Result": '{"A": ["x", 2]}'},
            id="list",
        ),
        pytest.param(["x", 2], {"0": "x", "1": "2", "Result": '["x", 2]'}, id="a list alone"),
        pytest.param("text", {"Result": '"text"'}, id="a text alone"),
        pytest.param(None, {"Result": "null"}, id="nothing"),
        pytest.param({}, {"Result": "{}"}, id="empty"),
        pytest.param({"A": "ü€😀"}, {"A": "ü€😀", "Result": '{"A": "ü€😀"}'}, id="any script"),
    ],
)
def test_what_a_result_holds_is_an_attribute_by_its_path_and_result_is_the_whole(
    stack: Stack, handler: Handler, result: object, attributes: dict[str, str]
) -> None:
    handler.plays(returns(result))

    assert stack.asks("Create").data == attributes | SILENT


def test_what_stands_in_data_is_an_attribute_by_its_own_name(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns({"PhysicalResourceId": "own", "Data": {"Rows": 5, "Table": {"Id": "t"}}}))

    data = stack.asks("Create", Attributes=["Table"]).data

    assert (data["Rows"], data["Table"], data["Table.Id"]) == ("5", '{"Id": "t"}', "t")


def test_what_is_deeper_than_a_path_of_512_characters_is_no_attribute() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]

    paths = [path for path, _ in attributes({"Data": deep, "Other": deep})]

    assert [len(max(side, key=len)) for side in sides(paths)] == [513, 513]


def sides(paths: list[str]) -> tuple[list[str], list[str]]:
    """Return the paths into the Data of a result, and the others."""
    of_data = [path for path in paths if path[0] == "0"]
    return of_data, [path for path in paths if path[0] != "0"]


def test_a_map_below_the_top_is_an_attribute_if_the_template_reads_it(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns({"A": {"B": {"C": [1]}}}))

    assert stack.asks("Create", Attributes=["A.B", "A.B.C"]).data == SILENT | {
        "A": '{"B": {"C": [1]}}',
        "A.B": '{"C": [1]}',
        "A.B.C": "[1]",
        "A.B.C.0": "1",
        "Result": '{"A": {"B": {"C": [1]}}}',
    }


def test_our_own_attributes_win_over_a_handlers_keys_of_these_names(
    stack: Stack, handler: Handler
) -> None:
    result = {"Result": "mine", "Error": "mine", "Truncated": "mine"}
    handler.plays(returns(result))

    assert stack.asks("Create").data == SILENT | {"Result": json.dumps(result)}


def test_a_template_may_read_our_own_attributes_of_any_result(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns(None))

    answer = stack.asks("Create", Attributes=["Result", "Error", "Truncated"])

    assert answer.data == SILENT | {"Result": "null"}


@pytest.mark.parametrize(
    ("read", "hint"),
    [("Row", "; did you mean 'Rows'?"), ("Tables.1", "; did you mean 'Tables.0'?"), ("X", "")],
)
def test_an_attribute_that_the_template_reads_and_the_result_lacks_is_a_failure(
    stack: Stack, handler: Handler, read: str, hint: str
) -> None:
    handler.plays(returns({"Rows": 5, "Tables": ["orders"]}))

    answer = stack.asks("Create", Attributes=["Rows", read])

    assert answer.status == "FAILED"
    assert answer.reason == (
        f"Attribute: the template reads {read!r}, which the result lacks{hint}; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Enabled": False}, "Enabled is false"),
        ({"OnFailure": "Continue"}, "E: no; full log: /aws/lambda/shop-Migrate-1A2B3C"),
    ],
)
def test_where_nothing_came_of_it_the_attributes_that_the_template_reads_are_empty(
    stack: Stack, handler: Handler, properties: dict[str, object], reason: str
) -> None:
    handler.always(raises("E", "no"))

    answer = stack.asks("Create", Attributes=["Rows", "A.B"], **properties)

    assert (answer.status, answer.reason) == ("SUCCESS", reason)
    assert (answer.data["Rows"], answer.data["A.B"], answer.data["Result"]) == ("", "", "")


def test_continue_forgives_an_attribute_that_the_result_lacks_and_tells_it_as_error(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns({"Rows": 5}))

    data = stack.asks("Create", OnFailure="Continue", Attributes=["Row"]).data

    assert data["Row"] == ""
    assert data["Error"].startswith(
        "Attribute: the template reads 'Row', which the result lacks; did"
    )


# ---- what fits into 4,096 bytes


def test_what_does_not_fit_is_left_out_and_truncated_says_so(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns({"Long": "x" * 5000, "Rows": 5}))

    assert stack.asks("Create").data == {
        "Rows": "5",
        "Result": "",
        "Error": "",
        "Truncated": "2 left out: Result, Long",
    }


def test_what_the_template_reads_goes_in_before_what_comes_first(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns({"First": "x" * 2000, "Second": "y" * 2000}))

    data = stack.asks("Create", Attributes=["Second"]).data

    assert data["Second"] == "y" * 2000
    assert "First" not in data


def test_what_the_template_reads_and_does_not_fit_is_a_failure(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns({"Long": "x" * 5000}))

    answer = stack.asks("Create", Attributes=["Long"])

    assert answer.reason == (
        "Attribute: the template reads 'Long', which does not fit into 4,096 bytes; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


@pytest.mark.parametrize("on_failure", ["Fail", "Continue"])
@pytest.mark.parametrize("ends", [returns({}), raises("E", "no" * 1000)])
def test_more_attributes_read_than_an_answer_can_name_are_still_answered(
    stack: Stack, handler: Handler, ends: Any, on_failure: str
) -> None:
    handler.plays(ends)
    read = [f"Tables.{number}.Columns.Primary.Name" for number in range(150)]

    stack.asks("Create", Attributes=read, OnFailure=on_failure)


@pytest.mark.parametrize("letter", ["x", "ü", "€", "😀", '"', "\\", "\n", "\x00", "\x1f", "\ud800"])
@pytest.mark.parametrize("length", [*range(100, 4200, 100), 20_000])
def test_an_attribute_of_any_script_at_the_limit_is_whole_or_left_out(
    stack: Stack, handler: Handler, letter: str, length: int
) -> None:
    handler.plays(returns({"Long": letter * length}))

    data = stack.asks("Create").data

    assert data.get("Long", "") in {letter.replace("\ud800", "?") * length, ""}
    assert "Long" in data or "Long" in data["Truncated"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda item: st.lists(item, max_size=4) | st.dictionaries(st.text(), item, max_size=4),
    max_leaves=20,
)
LONG_TEXT = st.tuples(st.text(), st.integers(1, 3000)).map(lambda parts: parts[0] * parts[1])
OWN = {"Status", "Data", "PhysicalResourceId", "Result", "Error", "Truncated"}
KEY = st.text(min_size=1, max_size=40).filter(lambda key: key not in OWN and "." not in key)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_result_is_answered_with_all_that_the_template_reads_or_a_failure_that_says_so(
    data: st.DataObject,
) -> None:
    result = data.draw(st.dictionaries(KEY, LONG_TEXT | JSON, max_size=6))
    read = data.draw(st.lists(st.sampled_from(sorted(result)), unique=True)) if result else []
    world = World()
    world.handler.plays(returns(result))

    answer = Stack(world).asks("Create", Attributes=read)

    if answer.status == "FAILED":
        assert answer.reason.startswith("Attribute: the template reads ")
        assert "which does not fit into 4,096 bytes" in answer.reason
    for name in read if answer.status == "SUCCESS" else ():
        value = result[name]
        whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        assert answer.data[name].encode() == whole.encode(errors="replace")


@settings(max_examples=100, deadline=None)
@given(JSON | LONG_TEXT)
def test_any_result_at_all_is_answered(result: Any) -> None:
    world = World()
    world.handler.always(returns(result))

    assert Stack(world).asks("Create", Timeout=60).status in {"SUCCESS", "FAILED"}


@settings(max_examples=100, deadline=None)
@given(
    st.text(),
    LONG_TEXT,
    st.lists(LONG_TEXT, max_size=4),
    LONG_TEXT,
    st.sampled_from(["Fail", "Continue"]),
    st.lists(KEY, max_size=9),
)
def test_any_failure_at_all_is_answered(  # noqa: PLR0917 (as many parts as a failure has)
    error_type: str,
    message: str,
    frames: list[str],
    log: str,
    on_failure: str,
    read: list[str],
) -> None:
    world = World()
    log = log.encode(errors="replace")[-4096:].decode(errors="replace")
    world.handler.plays(raises(error_type, message, log=log, stackTrace=frames))

    answer = Stack(world).asks("Create", OnFailure=on_failure, Attributes=read)

    assert answer.status == ("FAILED" if on_failure == "Fail" else "SUCCESS")


@pytest.mark.parametrize("letter", ["x", "€", '"', "\x00"])
def test_a_reason_next_to_the_longest_physical_id_fills_the_answer(
    stack: Stack, handler: Handler, letter: str
) -> None:
    frames = [letter * 300] * 3
    handler.plays(raises("E", letter * 3000, log=letter * 1000, stackTrace=frames))

    answer = stack.asks("Update", physical_id="i" * 1024)

    assert len(json.dumps(answer.body, ensure_ascii=False).encode()) in range(4080, 4096)
    assert answer.reason.startswith(f"E: {letter}")


# ---- NoEcho


def test_with_no_echo_the_answer_asks_for_its_attributes_to_be_masked(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns({"Rows": 5}))

    assert stack.asks("Create", NoEcho=True).body["NoEcho"] is True


def test_without_no_echo_the_answer_does_not_ask_for_a_mask(stack: Stack, handler: Handler) -> None:
    handler.plays(returns({"Rows": 5}))

    assert stack.asks("Create").body["NoEcho"] is False


# ---- physical ids


def created(stack: Stack, handler: Handler, result: Any, **properties: Any) -> str:
    handler.plays(returns(result))
    return stack.asks("Create", **properties).physical_id


def test_the_physical_id_of_a_trigger_is_the_same_whenever_it_is_created(
    stack: Stack, handler: Handler
) -> None:
    assert created(stack, handler, {"Rows": 5}) == created(stack, handler, {"Rows": 6})


def test_the_physical_ids_of_two_triggers_differ(stack: Stack, handler: Handler) -> None:
    assert created(stack, handler, None, of="A") != created(stack, handler, None, of="B")


def test_a_create_that_fails_has_a_marker_as_its_physical_id(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(raises("E", "no"))

    assert stack.asks("Create").physical_id == "RunMigration-create-failed"


def test_a_failed_create_that_is_forgiven_has_a_physical_id_of_its_own(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(raises("E", "no"))

    forgiven = stack.asks("Create", OnFailure="Continue").physical_id

    assert forgiven == created(stack, handler, None)


@pytest.mark.parametrize("ends", [returns(None), raises("E", "no")])
def test_an_update_echoes_the_physical_id(stack: Stack, handler: Handler, ends: Any) -> None:
    handler.plays(ends)

    assert stack.asks("Update", physical_id="own").physical_id == "own"


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_handler_that_succeeded_may_set_its_own_physical_id(
    stack: Stack, handler: Handler, kind: Any
) -> None:
    handler.plays(returns({"PhysicalResourceId": "ü" * 512}))

    assert stack.asks(kind).physical_id == "ü" * 512


KEPT_IDS: list[tuple[list[Behavior], dict[str, Any]]] = [
    ([returns({"Status": "FAILED", "PhysicalResourceId": "new"})], {}),
    ([returns({"PhysicalResourceId": "new"})], {"Attributes": ["Missing"]}),
    ([returns({"PhysicalResourceId": "new", "Long": "x" * 5000})], {"Attributes": ["Long"]}),
    ([returns({"PhysicalResourceId": "new"})], {"Expect": sent({"Rows": 5})}),
    ([returns({"Status": "FAILED", "Data": {"PhysicalResourceId": "new"}})], {}),
    ([returns({"Status": "IN_PROGRESS", "PhysicalResourceId": "new"}), raises("E", "no")], {}),
    (
        [returns({"Status": "FAILED", "PhysicalResourceId": "new"}), raises("E", "no")],
        {"Retry": {"MaxAttempts": 2}},
    ),
    (
        [
            returns({"Status": "IN_PROGRESS", "PhysicalResourceId": "new", "RetryAfter": 890}),
            takes(100, raises("E", "no")),
        ],
        {"Timeout": 3540},
    ),
    (
        [
            returns({"Status": "IN_PROGRESS", "PhysicalResourceId": "new"}),
            returns({"PhysicalResourceId": 5}),
        ],
        {},
    ),
]


@pytest.mark.parametrize("on_failure", ["Fail", "Continue"])
@pytest.mark.parametrize("kind", ["Create", "Update"])
@pytest.mark.parametrize(
    ("runs", "properties"),
    KEPT_IDS,
    ids=["FAILED", "no attribute", "long attribute", "Expect", "in Data", "a poll", "an attempt",
         "a hand-over", "a bad id later"],
)  # fmt: skip
def test_a_physical_id_that_a_handler_gave_is_in_every_later_answer(  # noqa: PLR0917 (a table)
    stack: Stack,
    handler: Handler,
    runs: list[Behavior],
    properties: dict[str, Any],
    kind: Any,
    on_failure: str,
) -> None:
    handler.plays(*runs)

    properties = properties | {"OnFailure": on_failure}
    answer = stack.asks(kind, physical_id="own", old=properties, **properties)

    assert answer.physical_id == "new"
    assert answer.status == ("FAILED" if on_failure == "Fail" else "SUCCESS")


def test_a_bad_physical_id_leaves_the_one_that_there_was(stack: Stack, handler: Handler) -> None:
    handler.plays(returns({"PhysicalResourceId": "x" * 1025}))

    assert stack.asks("Update", physical_id="own").physical_id == "own"


def test_the_physical_id_of_a_result_wins_over_the_one_in_its_data(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns({"PhysicalResourceId": "own", "Data": {"PhysicalResourceId": "other"}}))

    assert stack.asks("Create").physical_id == "own"


@pytest.mark.parametrize("physical_id", ["", "x" * 1025, "ü" * 513, 5, ["id"]])
def test_a_physical_id_that_cloudformation_would_refuse_is_a_failure(
    stack: Stack, handler: Handler, physical_id: object
) -> None:
    handler.plays(returns({"PhysicalResourceId": physical_id}))

    answer = stack.asks("Create")

    assert answer.reason == (
        "PhysicalResourceId: it is not a string of 1 to 1,024 bytes; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


@pytest.mark.parametrize("letter", ['"', "\x00", "😀"])
def test_the_longest_physical_id_leaves_room_for_the_answer_now_and_ever_after(
    stack: Stack, handler: Handler, letter: str
) -> None:
    own = letter * (1024 // len(letter.encode()))
    handler.plays(returns({"PhysicalResourceId": own}), raises("E", "no" * 2000))

    answer = stack.asks("Create")
    if answer.status == "SUCCESS":
        stack.asks("Update", physical_id=answer.physical_id)
        stack.asks("Delete", physical_id=answer.physical_id)


@pytest.mark.parametrize(
    "never", ["RunMigration-create-failed", MADE_UP, "shop-RunMigration-6n9aT7cqtHef"]
)
def test_a_handler_that_returns_the_id_of_what_was_never_created_gave_none(
    stack: Stack, handler: Handler, never: str
) -> None:
    handler.plays(returns({"PhysicalResourceId": never}))

    updated = stack.asks("Update", physical_id=never).physical_id

    assert updated == created(stack, handler, None)


@pytest.mark.parametrize(
    "physical_id", ["shop-RunMigration-0c5e2ab4f9d1", "RunMigration-1KXVQZ3F8R0B"]
)
def test_an_id_that_only_resembles_one_of_cloudformation_stays(
    stack: Stack, handler: Handler, physical_id: str
) -> None:
    """The end that CloudFormation chooses has a capital letter, unlike most hashes."""
    handler.plays(returns({"PhysicalResourceId": physical_id}))

    assert stack.asks("Update", physical_id=physical_id).physical_id == physical_id


@pytest.mark.parametrize("never", ["RunMigration-create-failed", MADE_UP])
def test_an_update_that_succeeds_ends_the_physical_id_of_what_was_never_created(
    stack: Stack, handler: Handler, never: str
) -> None:
    handler.plays(returns(None))

    updated = stack.asks("Update", physical_id=never).physical_id

    assert updated == created(stack, handler, None)
