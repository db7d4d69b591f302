"""What holds for every fingerprint.

- A property of the handler that makes a new version changes its own entry, and no other.
- Any other property, and any other attribute of the handler's resource, changes none.
- An attribute that may be a secret is in no live reference, wherever the template reads it.
- What follows from the handler does so in any order of keys.
"""

import json
from typing import Any, Final

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from macro.secret_attributes import SECRET_ATTRIBUTES
from macro.versions import ENTRIES, NOT_COUNTED
from tests.support.strategies import values
from tests.support.templates import (
    Template,
    fingerprint,
    get,
    of_type,
    sub,
    template,
    trigger,
    turned,
    when,
)

BRIEF: Final = settings(derandomize=True, database=None, max_examples=50, deadline=None)

literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "żółć", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ABC"), inner, max_size=3)
    ),
    max_leaves=6,
)
functions = st.dictionaries(st.sampled_from([*ENTRIES, *NOT_COUNTED]), literals, max_size=8)
secrets = st.sampled_from(
    [(kind, name) for kind, names in SECRET_ATTRIBUTES.items() for name in names]
    + [("Custom::Token", "Anything"), ("AWS::CloudFormation::Stack", "Outputs.Password")]
)
readings = st.sampled_from([
    get,
    lambda name, attribute: {"Fn::GetAtt": f"{name}.{attribute}"},
    lambda name, attribute: sub(f"-${{{name}.{attribute}}}-"),
    lambda name, attribute: sub("${It}", {"It": get(name, attribute)}),
    lambda name, attribute: when("IsLive", get(name, attribute)),
    lambda name, attribute: {"Fn::Join": ["", ["a", get(name, attribute)]]},
])  # fmt: skip


def entries(handler: Template, **attributes: Any) -> Template:
    return fingerprint(
        template(Migrate=of_type("AWS::Lambda::Function", **handler) | attributes, Run=trigger())
    )


@BRIEF
@given(functions, st.sampled_from([*ENTRIES]), literals)
def test_a_property_that_makes_a_new_version_changes_its_own_entry_alone(
    handler: Template, name: str, value: Any
) -> None:
    assume(json.dumps(handler.get(name)) != json.dumps(value) or name not in handler)

    before, after = entries(handler), entries(handler | {name: value})

    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert changed == {ENTRIES[name]}


@BRIEF
@given(functions, st.dictionaries(st.sampled_from([*NOT_COUNTED]), values), values)
def test_what_makes_no_new_version_changes_no_entry(
    handler: Template, others: Template, metadata: Any
) -> None:
    assert entries(handler | others, Metadata={"Build": metadata}) == entries(
        {name: value for name, value in handler.items() if name not in NOT_COUNTED}
    )


@BRIEF
@given(secrets, readings, st.sampled_from(["Environment", "Code", "Role", "LoggingConfig"]))
def test_a_secret_attribute_is_in_no_live_reference(
    secret: tuple[str, str], read: Any, name: str
) -> None:
    kind, attribute = secret
    value = {"Value": read("Thing", attribute)}
    fragment = template(
        {"Conditions": {"IsLive": {"Fn::Equals": ["a", "b"]}}},
        Migrate=of_type("AWS::Lambda::Function", **{name: value}),
        Queue=of_type("AWS::SQS::Queue", **value),
        Thing=of_type(kind),
        Run=trigger(ExecuteOnResourceChange=["Queue"]),
    )

    references = json.dumps(fingerprint(fragment)["References"])

    assert "GetAtt" not in references
    assert '{"Ref": "Thing"}' in references


@BRIEF
@given(functions)
def test_the_order_of_keys_changes_no_entry(handler: Template) -> None:
    assert entries(turned(handler)) == entries(handler)
