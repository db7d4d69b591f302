"""The one definition of the shorthand, and the model it fills."""

import pytest

from macro.model import OnRollback, Retry, Settings, Trigger
from macro.readers import field_name
from macro.shorthand import OF_METADATA, ON_ROLLBACK, PROPERTIES, RETRY, SETTINGS, Model, default

NOT_WRITTEN = {"logical_id", "place", "is_metadata", "attributes", "undoes"}


@pytest.mark.parametrize(
    ("known", "model"),
    [(PROPERTIES, Trigger), (RETRY, Retry), (ON_ROLLBACK, OnRollback), (SETTINGS, Settings)],
)
def test_there_is_a_property_for_every_field_and_for_nothing_else(
    known: dict[str, object], model: Model
) -> None:
    fields = {*model._fields} - NOT_WRITTEN

    assert fields == {field_name(name) for name in known}


def test_in_a_functions_metadata_nothing_names_the_handler() -> None:
    assert PROPERTIES.keys() - OF_METADATA.keys() == {"Handler", "Function"}


@pytest.mark.parametrize(
    "known", [*PROPERTIES.items(), *RETRY.items(), *ON_ROLLBACK.items(), *SETTINGS.items()]
)
def test_a_summary_is_one_sentence(known: tuple[str, object]) -> None:
    summary = getattr(known[1], "summary", "")

    assert summary.endswith(".")
    assert "\n" not in summary


@pytest.mark.parametrize(
    ("model", "name", "expected"),
    [
        (Trigger, "Timeout", 900),
        (Trigger, "InvocationType", "RequestResponse"),
        (Trigger, "NoEcho", False),
        (Trigger, "Handler", None),
        (Trigger, "Payload", None),
        (Trigger, "ExecuteAfter", None),
        (Trigger, "ExecuteOnRollback", None),
        (Trigger, "Retry", None),
        (Retry, "BackoffRate", 2),
        (Settings, "RolePath", None),
    ],
)
def test_a_default_is_the_models(model: Model, name: str, expected: object) -> None:
    actual = default(model, name)

    assert (expected, type(expected)) == (actual, type(actual))
