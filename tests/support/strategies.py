"""Templates at random: of any shape, with triggers that are well formed, and deployable ones."""

import string
from collections.abc import Callable
from typing import Any, Final, cast

from hypothesis import strategies as st

from macro.canonical import NAMES
from macro.companions import COMPANIONS

Json = Any
Template = dict[str, Json]

IDS: Final = ["Orders", "Items", "Jobs", "Door", "Role", "Migrate", "Seed", "Run", "Check", "Zero"]
_CONDITIONS: Final = ["IsTest", "IsLive"]
_WORDS: Final = [
    *IDS, *_CONDITIONS, "Secret", "Stage", "", " ", "5", "*", "AWS::*", "AWS::NoValue",
    "Migrate.Arn", "Migrate.Alias", "${Run.Rows}", "{{resolve:ssm:a}}", "żółć",
    "{{resolve:secretsmanager:a}}", "arn:aws:lambda:eu-central-1:123456789012:function:a",
    "Fn::ForEach::Loop", "Config",
]  # fmt: skip
_KEYS: Final = [
    "Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::FindInMap", "Fn::Unknown", "Condition", "Type",
    "Properties", "DependsOn", "Metadata", "Handler", "Payload", "ExecuteAfter", "ExecuteBefore",
    "ExecuteOnResourceChange", "Retry", "Timeout", "Expect", "ServiceToken", "Environment", "Role",
    "Trigger", "Function", "FailureDestination", "Layers",
]  # fmt: skip
_TYPES: Final = [
    "Custom::Trigger", "AWS::Lambda::Function", "AWS::Serverless::Function", "AWS::Lambda::Alias",
    "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::Logs::LogGroup", "AWS::DynamoDB::Table", "Odd",
]  # fmt: skip
_SECTIONS: Final = ["Parameters", "Mappings", "Conditions", "Outputs", "Globals", "Unknown"]

# ---- any shape

texts = st.sampled_from(_WORDS) | st.text(max_size=8)
keys = st.sampled_from(_KEYS) | st.sampled_from(_WORDS) | st.text(max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts


def _deep(pair: tuple[int, Json]) -> Json:
    levels, value = pair
    for level in range(levels):
        value = {"Fn::Join": value} if level % 3 else [value]
    return value


values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
deep_values = st.tuples(st.integers(0, 500), scalars).map(_deep)


def resources_of_type(types: st.SearchStrategy[str]) -> st.SearchStrategy[Template]:
    """Draw resources whose every attribute may be anything."""
    properties = st.dictionaries(keys, values, max_size=4)
    optional: dict[str, st.SearchStrategy[Json]] = {
        "Properties": properties | values,
        "DependsOn": values,
        "Condition": st.sampled_from(_CONDITIONS) | values,
        "Metadata": values,
    }
    return st.fixed_dictionaries({"Type": types}, optional=optional)


_attributes = st.fixed_dictionaries(
    {}, optional={"Condition": st.sampled_from(_CONDITIONS), "Metadata": values}
)


def _triggers(settings: st.SearchStrategy[Template]) -> st.SearchStrategy[Template]:
    return st.builds(
        lambda properties, more: {"Type": "Custom::Trigger", "Properties": properties} | more,
        settings,
        _attributes,
    )


_selections = st.lists(st.sampled_from(["*", "Migrate"]), max_size=2)
_triggers_amid_odd_things = _triggers(
    st.fixed_dictionaries(
        {"Handler": st.just("Migrate")},
        optional={
            "ExecuteAfter": _selections,
            "ExecuteBefore": _selections,
            "ExecuteOnResourceChange": _selections,
            "Payload": deep_values | values,
        },
    )
)
_triggers_of_any_shape = _triggers(
    st.dictionaries(keys, values, max_size=3)
    | st.fixed_dictionaries(
        {"Handler": st.just("Migrate") | values},
        optional={
            "ExecuteAfter": values,
            "Payload": values,
            "Timeout": scalars,
            "Retry": st.dictionaries(st.sampled_from(["MaxAttempts", "Interval"]), scalars),
        },
    )
)
_resources_of_any_shape = st.dictionaries(
    st.sampled_from(IDS) | texts,
    resources_of_type(st.sampled_from(_TYPES)) | values | deep_values,
    max_size=4,
)
_sections_of_any_shape = st.dictionaries(
    st.sampled_from(_SECTIONS), values | deep_values, max_size=3
)
_function = {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "index.handler"}}
templates_of_any_shape = st.builds(
    lambda sections, resources, trigger: (
        sections | {"Resources": resources | {"Migrate": _function, "Run": trigger}}
    ),
    _sections_of_any_shape,
    _resources_of_any_shape,
    _triggers_amid_odd_things | _triggers_of_any_shape,
)


def _numbered(pair: tuple[Template, int]) -> dict[Any, Json]:
    template, number = pair
    return template | {number: {number: [number]}}


templates_without_triggers = st.tuples(
    st.builds(
        lambda sections, resources: sections | {"Resources": resources},
        _sections_of_any_shape,
        st.dictionaries(
            st.sampled_from(IDS) | texts,
            resources_of_type(st.sampled_from(_TYPES[1:])) | values | deep_values,
            max_size=4,
        )
        | values,
    ),
    st.integers(),
).map(_numbered)

# ---- well formed


def _references(names: list[str]) -> st.SearchStrategy[Json]:
    name = st.sampled_from(names)
    plain = name.flatmap(
        lambda target: st.sampled_from([
            {"Ref": target}, {"Fn::GetAtt": [target, "Arn"]}, {"Fn::Sub": f"-${{{target}}}-"},
            {"Fn::Join": ["", ["a", {"Fn::GetAtt": f"{target}.Name"}]]},
        ])
    )  # fmt: skip
    nothing = st.just({"Ref": "AWS::NoValue"})
    chosen = st.builds(
        lambda condition, yes, no: {"Fn::If": [condition, yes, no]},
        st.sampled_from(_CONDITIONS),
        plain,
        nothing | plain,
    )
    return plain | chosen


def _settings(names: list[str]) -> st.SearchStrategy[Template]:
    selectors = st.lists(
        st.sampled_from([*names, "*", "AWS::DynamoDB::*", "AWS::SQS::Queue", "*s"]), max_size=3
    )
    payload = st.dictionaries(
        st.text(string.ascii_letters, min_size=1, max_size=3), values | _references(names)
    )
    return st.fixed_dictionaries(
        {"Handler": st.sampled_from([{"Ref": "Migrate"}, {"Fn::GetAtt": "Seed.Arn"}, "Migrate"])},
        optional={
            "ExecuteAfter": selectors,
            "ExecuteBefore": selectors,
            "ExecuteOnResourceChange": st.lists(st.sampled_from(names), max_size=2),
            "ExecuteOnHandlerChange": st.booleans(),
            "Payload": st.sampled_from([None, 5]) | payload,
            "Timeout": st.integers(1, 3540) | st.integers(3541, 43_200),
            "Retry": st.fixed_dictionaries({"MaxAttempts": st.integers(1, 100)}),
            "OnRollback": st.fixed_dictionaries(
                {"Handler": st.sampled_from(["Migrate", "Seed"])}, optional={"Payload": payload}
            ),
        },
    )


@st.composite
def templates_with_triggers(draw: st.DrawFn) -> Template:
    """Draw a template in which a resource refers only to what was drawn before it.

    So it has no cycle of the author's own. Selectors may still ask for one.
    """
    fixed = {"Orders": "AWS::DynamoDB::Table", "Items": "AWS::DynamoDB::Table"} | {
        "Jobs": "AWS::SQS::Queue",
        "Role": "AWS::IAM::Role",
        "Migrate": "AWS::Lambda::Function",
        "Seed": "AWS::Lambda::Function",
        "Policy": "AWS::IAM::Policy",
        "Door": "AWS::SQS::Queue",
    }
    order = draw(st.permutations(list(fixed)))
    conditional: bool = draw(st.booleans())
    conditions = st.sampled_from(["", *_CONDITIONS]) if conditional else st.just("")
    resources: Template = {}
    for position, name in enumerate(order):
        properties: Template = {"Name": name}
        if before := order[:position]:
            properties["Refers"] = draw(st.lists(_references(before), max_size=2))
            if fixed[name] == "AWS::Lambda::Function":
                properties["Environment"] = properties.pop("Refers")
        resources[name] = {"Type": fixed[name], "Properties": properties}
        waits = draw(st.booleans())
        if before and waits:
            firsts = st.lists(st.sampled_from(before), max_size=2, unique=True)
            resources[name]["DependsOn"] = draw(st.sampled_from(before) | firsts)
        if condition := draw(conditions):
            resources[name]["Condition"] = condition
    triggers = draw(st.lists(st.sampled_from(["Run", "Check", "Zero"]), min_size=1, unique=True))
    for name in triggers:
        properties = draw(_settings([*fixed, *triggers]))
        properties["Payload"] = _without(properties.get("Payload"), name)
        resources[name] = {"Type": "Custom::Trigger", "Properties": properties}
        if condition := draw(conditions):
            resources[name]["Condition"] = condition
    shuffled = draw(st.permutations(list(resources)))
    return {
        "Parameters": {"Secret": {"Type": "String", "NoEcho": True}, "Stage": {"Type": "String"}},
        "Conditions": {
            "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
            "IsLive": {"Fn::Not": [{"Condition": "IsTest"}]},
        },
        "Resources": {name: resources[name] for name in shuffled},
        "Outputs": draw(
            st.sampled_from([{}, {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}}])
        ),
    }


def _without(payload: Json, name: str) -> Json:
    """Remove what would refer to the trigger itself, or contain a secret."""
    if isinstance(payload, dict):
        kept = {key: value for key, value in payload.items() if name not in str(value)}
        return {key: value for key, value in kept.items() if "secretsmanager" not in str(value)}
    return payload


# ---- deployable

_CODE: Final[Template] = {
    "Runtime": "python3.13",
    "Handler": "index.handler",
    "Code": {"ZipFile": "def handler(event, context): return event"},
}
_ASSUMED_BY_LAMBDA: Final = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
_DEPLOYABLE: Final[Template] = {
    "Orders": {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    },
    "Jobs": {"Type": "AWS::SQS::Queue"},
    "Door": {"Type": "AWS::SNS::Topic"},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": [_ASSUMED_BY_LAMBDA]}},
    },
}
_FUNCTION: Final[Template] = {
    "Type": "AWS::Lambda::Function",
    "Properties": _CODE | {"Role": {"Fn::GetAtt": ["Role", "Arn"]}},
}
_HANDLERS: Final[list[Json]] = [
    {"Ref": "Migrate"}, {"Fn::GetAtt": ["Seed", "Arn"]}, {"Ref": "Live"},
    {"Fn::ImportValue": "Handler"}, {"Fn::If": ["IsTest", {"Ref": "Migrate"}, {"Ref": "Seed"}]},
    "arn:aws:lambda:eu-central-1:123456789012:function:seed",
]  # fmt: skip
_selected = st.lists(
    st.sampled_from(["Orders", "Jobs", "Door", "*", "AWS::*::Queue"]), max_size=2, unique=True
)
_deployable_settings = st.fixed_dictionaries(
    {},
    optional={
        "ExecuteAfter": _selected,
        "ExecuteBefore": _selected,
        "ExecuteOnResourceChange": _selected,
        "ExecuteOnEveryDeployment": st.booleans(),
        "ExecuteOnRollback": st.booleans(),
        "ExecuteOnDelete": st.booleans(),
        "Payload": st.sampled_from([{"Table": {"Ref": "Orders"}}, "all", 5]),
        "Timeout": st.integers(1, 3540) | st.integers(3541, 43_200),
        "Retry": st.fixed_dictionaries({"MaxAttempts": st.integers(1, 100)}),
        "OnFailure": st.sampled_from(["Fail", "Continue"]),
    },
)
_ends: st.SearchStrategy[Template] = st.sampled_from([
    {"Expect": {"Rows": 5}},
    {"InvocationType": "DryRun"},
    {"InvocationType": "Event"},
    {"InvocationType": "Event", "FailureDestination": {"Fn::GetAtt": ["Jobs", "Arn"]}},
])  # fmt: skip


@st.composite
def deployable_templates(draw: st.DrawFn) -> Template:
    """Draw a template whose resources CloudFormation accepts.

    Only what no other resource refers to exists under a condition.
    """
    conditions = st.sampled_from(["", *_CONDITIONS])
    resources: Template = {name: dict(resource) for name, resource in _DEPLOYABLE.items()}
    resources |= {"Migrate": dict(_FUNCTION), "Seed": dict(_FUNCTION)}
    version = {"FunctionName": {"Ref": "Migrate"}}
    alias = version | {"FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]}, "Name": "live"}
    resources["Version"] = {"Type": "AWS::Lambda::Version", "Properties": version}
    resources["Live"] = {"Type": "AWS::Lambda::Alias", "Properties": alias}
    if condition := draw(conditions):
        resources["Door"]["Condition"] = condition
    if draw(st.booleans()):
        resources["Seed"]["Metadata"] = {"Trigger": draw(_deployable_settings)}
    for name in ("Run", "Check"):
        named, handler = "Handler", draw(st.sampled_from(_HANDLERS))
        if draw(st.booleans()):
            named, handler = "Function", _CODE
        properties = {named: handler, **draw(_deployable_settings), **draw(_ends)}
        resources[name] = {"Type": "Custom::Trigger", "Properties": properties}
        if condition := draw(conditions):
            resources[name]["Condition"] = condition
    return {
        "Parameters": {"Stage": {"Type": "String", "Default": "test"}},
        "Conditions": {
            "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
            "IsLive": {"Fn::Not": [{"Condition": "IsTest"}]},
        },
        "Resources": resources,
        "Outputs": {"Stage": {"Value": {"Fn::If": ["IsLive", "live", "test"]}}},
    }


# ---- with what comes along

_SPELLINGS: Final[list[Callable[[str], Json]]] = [
    lambda name: f"test-{name}",
    lambda name: {"Fn::Sub": f"${{Stage}}-{name}"},
    lambda name: {"Fn::Sub": ["${Prefix}-${Name}", {"Prefix": {"Ref": "Stage"}, "Name": name}]},
    lambda name: {"Fn::Join": ["-", [{"Ref": "Stage"}, name]]},
    lambda name: {"Fn::Join": ["", [{"Fn::FindInMap": ["Names", {"Ref": "Stage"}, name]}]]},
    lambda name: {"Fn::Select": [1, ["other", {"Fn::Sub": f"${{Stage}}-{name}"}]]},
]
"""Ways to write the name `test-NAME` in a template whose parameter Stage is `test`."""


def _at(path: str, value: Json) -> Template:
    for name in reversed(path.split(".")):
        value = {name: value}
    return cast("Template", value)


@st.composite
def templates_with_companions(draw: st.DrawFn) -> tuple[Template, Template]:
    """Draw a template twice, in which the same names are spelled differently.

    A handler in a VPC, whose network is partly elsewhere; resources `Subject0` and so on, each
    with a companion `Companion0`, which names it by a reference or by its name. Everything may
    exist under a condition, or wait for the trigger `Run`.
    """
    rows = draw(st.lists(st.sampled_from(COMPANIONS), min_size=1, max_size=4, unique=True))
    names = [f"name{at}" for at in range(len(rows))]
    kinds = [draw(st.sampled_from(row.of)) for row in rows]
    is_by_name = [kind in NAMES and draw(st.booleans()) for kind in kinds]
    waits = [draw(st.sampled_from([[], [], ["Run"]])) for _ in rows]
    conditions = [draw(st.sampled_from(["", *_CONDITIONS])) for _ in rows]
    subjects = [f"Subject{at}" for at in range(len(rows))]
    companions = [f"Companion{at}" for at in range(len(rows))]
    selectors = st.lists(
        st.sampled_from([*subjects, *companions, "Subject*", "Companion*", "*"]), max_size=3
    )
    run = {
        "Handler": {"Ref": "Migrate"}, "ExecuteAfter": draw(selectors),
        "ExecuteBefore": draw(selectors), "Payload": {"Ref": draw(st.sampled_from(subjects))},
    }  # fmt: skip

    def spelled() -> Template:
        resources: Template = {
            "Migrate": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []}},
            },
            "Door": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"SubnetIds": ["subnet-1"]}},
            "Run": {"Type": "Custom::Trigger", "Properties": run},
        }
        for at, row in enumerate(rows):
            named: Json = {"Ref": subjects[at]}
            properties: Template = {}
            if is_by_name[at]:
                properties[NAMES[kinds[at]]] = draw(st.sampled_from(_SPELLINGS))(names[at])
                named = draw(st.sampled_from(_SPELLINGS))(names[at])
            resources[subjects[at]] = {"Type": kinds[at], "Properties": properties}
            companion: Template = {"Type": row.type, "Properties": _at(row.by, [named])}
            resources[companions[at]] = companion | {"DependsOn": waits[at]}
            if conditions[at]:
                resources[companions[at]]["Condition"] = conditions[at]
        return {
            "Parameters": {"Stage": {"Type": "String"}},
            "Mappings": {"Names": {"test": {name: f"test-{name}" for name in names}}},
            "Conditions": {
                "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
                "IsLive": {"Fn::Not": [{"Condition": "IsTest"}]},
            },
            "Resources": resources,
        }

    return spelled(), spelled()
