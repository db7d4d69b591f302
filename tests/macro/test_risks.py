"""What the macro allows and tells of all the same."""

from typing import Final

import pytest

from macro.expand import read
from macro.model import Deployment
from macro.risks import risks
from tests.support.templates import Json, function, get, of_type, ref, sub, template, trigger, when

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:failed"


def warnings(fragment: Json) -> list[str]:
    return [str(risk) for risk in risks(read(fragment, Deployment()))]


def of(name: str) -> str:
    return (
        f"Run.InvocationType: a failure of {name!r} would go unnoticed, since Lambda drops the "
        "event; give"
        " the trigger a FailureDestination or the function a dead-letter queue"
    )


def asynchronous(handler: Json = "Migrate", **properties: Json) -> Json:
    return trigger(handler, InvocationType="Event", **properties)


def test_an_event_whose_failure_goes_nowhere_is_a_risk() -> None:
    assert warnings(template(Run=asynchronous())) == [of("Migrate")]


def test_each_function_that_may_be_chosen_is_a_risk_of_its_own() -> None:
    chosen = when("Large", ref("Migrate"), ref("Other"))

    assert warnings(template(Run=asynchronous(chosen), Other=function())) == [
        of("Migrate"),
        of("Other"),
    ]


def test_a_function_that_is_defined_with_its_trigger_is_a_risk_as_any_other() -> None:
    run = of_type("Custom::Trigger", Function={"Handler": "a.b"}, InvocationType="Event")

    assert warnings(template(Run=run)) == [of("RunFunction")]


def test_a_function_with_the_trigger_in_its_metadata_is_a_risk_as_any_other() -> None:
    migrate = function() | {"Metadata": {"Trigger": {"InvocationType": "Event"}}}

    (risk,) = warnings(template(Migrate=migrate))

    assert risk.startswith(
        "Migrate.Metadata.Trigger.InvocationType: a failure of 'Migrate' would go unnoticed"
    )


@pytest.mark.parametrize("kind", ["RequestResponse", "DryRun"])
def test_a_trigger_that_waits_for_its_handler_is_not_a_risk(kind: str) -> None:
    assert warnings(template(Run=trigger(InvocationType=kind))) == []


def test_a_failure_destination_is_where_a_failure_is_seen() -> None:
    assert warnings(template(Run=asynchronous(FailureDestination=QUEUE))) == []


def test_a_dead_letter_queue_is_where_a_failure_is_seen() -> None:
    migrate = function(DeadLetterConfig={"TargetArn": QUEUE})

    assert warnings(template(Run=asynchronous(), Migrate=migrate)) == []


def test_a_configuration_of_its_own_is_the_authors_to_judge() -> None:
    config = of_type("AWS::Lambda::EventInvokeConfig", FunctionName=ref("Migrate"), Qualifier="1")

    assert warnings(template(Run=asynchronous(), Config=config)) == []


def test_a_function_of_elsewhere_cannot_be_judged() -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:other"

    assert warnings(template(Run=asynchronous(arn))) == []


# ---- payloads


@pytest.mark.parametrize(
    ("payload", "needed"),
    [
        ("x" * 2000, "2,006"),
        ("é" * 350, "2,106"),
        ("😀" * 200, "2,406"),
        ({"Rows": ["x" * 1990]}, "2,010"),
    ],
)
def test_a_payload_that_is_too_long_to_be_passed_on_as_old_is_a_risk(
    payload: Json, needed: str
) -> None:
    (told,) = warnings(template(Run=trigger(Payload=payload)))

    assert told == (
        f"Run.Payload: the next update's event will lack Old, since {needed} bytes do not fit "
        "there; keep the payload under 2,000 bytes if the handler reads Old"
    )


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"Payload": "x" * 1900},
        {"Payload": {"Queue": {"Ref": "Queue"}}},
        {"Payload": "x" * 3000, "InvocationType": "DryRun"},
    ],
    ids=["none", "short", "a reference", "DryRun"],
)
def test_a_payload_that_an_update_passes_on_is_not_a_risk(properties: Json) -> None:
    assert warnings(template(Run=trigger(**properties), Queue=of_type("AWS::SQS::Queue"))) == []


# ---- what changes where no deployment can see it


def stored(key: Json, **code: Json) -> Json:
    return function(Code={"S3Bucket": "code", "S3Key": key, **code})


def image(uri: Json) -> Json:
    return function(PackageType="Image", Code={"ImageUri": uri})


def of_code(migrate: Json, **resources: Json) -> list[str]:
    return warnings(template(Migrate=migrate, Run=trigger(), **resources))


REGISTRY: Final = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
DIGEST: Final = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def test_an_object_that_can_be_overwritten_is_a_risk() -> None:
    assert of_code(stored("migrate.zip")) == [
        (
            "Migrate.Code: an object that is overwritten at 'migrate.zip' goes unnoticed; "
            "set S3ObjectVersion, or change the key with it"
        )
    ]


@pytest.mark.parametrize(
    "migrate",
    [
        stored("migrate.zip", S3ObjectVersion="1"),
        stored("7d793037a0760186574b0282f2f435e7"),
        stored("builds/1.2.3/migrate.zip"),
        stored("migrate-20261125.zip"),
        stored(sub("${Build}/migrate.zip")),
        function(Code={"ZipFile": "def handler(event, context): ..."}),
        function(Code="./migrate"),
    ],
)
def test_code_under_a_name_of_its_own_is_not_a_risk(migrate: Json) -> None:
    assert of_code(migrate) == []


@pytest.mark.parametrize("tag", ["", ":latest", ":prod"])
def test_a_tag_of_an_image_that_can_move_is_a_risk(tag: str) -> None:
    assert of_code(image(f"{REGISTRY}/migrate{tag}")) == [
        (
            f"Migrate.Code: an image that is pushed to 'migrate{tag}' goes unnoticed; "
            "use its digest, or a tag that does not move"
        )
    ]


def test_the_tag_of_an_image_is_found_behind_references() -> None:
    uri = sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/migrate:latest")

    assert len(of_code(image(uri))) == 1


@pytest.mark.parametrize(
    "uri",
    [
        f"{REGISTRY}/migrate@{DIGEST}",
        f"{REGISTRY}/migrate:latest@{DIGEST}",
        f"{REGISTRY}/migrate:1.2.3",
        f"{REGISTRY}/migrate:migrate-0a1b2c3d4e5f-latest",
        sub(f"{REGISTRY}/migrate:${{Tag}}"),
        ref("Image"),
    ],
)
def test_an_image_whose_reference_does_not_move_is_not_a_risk(uri: Json) -> None:
    assert of_code(image(uri)) == []


def test_the_content_of_a_layer_is_a_risk_like_code() -> None:
    library = of_type("AWS::Lambda::LayerVersion", Content={"S3Bucket": "a", "S3Key": "lib.zip"})

    assert of_code(function(Layers=[ref("Library")]), Library=library) == [
        (
            "Library.Content: an object that is overwritten at 'lib.zip' goes unnoticed; "
            "set S3ObjectVersion, or change the key with it"
        )
    ]


def test_a_risk_of_a_handler_of_two_triggers_is_reported_once() -> None:
    assert len(of_code(stored("migrate.zip"), Again=trigger())) == 1


@pytest.mark.parametrize(
    "setting", [{"ExecuteOnHandlerChange": False}, {"ExecuteOnEveryDeployment": True}]
)
def test_code_that_need_not_be_noticed_is_not_a_risk(setting: Json) -> None:
    assert warnings(template(Migrate=stored("a.zip"), Run=trigger(**setting))) == []


ELSEWHERE: Final = "arn:aws:lambda:eu-central-1:123456789012:function:other"


@pytest.mark.parametrize(
    "arn",
    [f"{ELSEWHERE}:$LATEST", sub("arn:aws:lambda:${AWS::Region}:1:function:other:$LATEST")],
)
def test_the_latest_code_of_a_function_outside_the_template_is_a_risk(arn: Json) -> None:
    assert warnings(template(Run=trigger(arn))) == [
        (
            "Run.Handler: new code of 'other' goes unnoticed, since the template has none; "
            "name a version of it, or set ExecuteOnEveryDeployment"
        )
    ]


def test_the_latest_code_of_a_function_that_only_the_deployment_shows_is_a_risk() -> None:
    name = {"Parameters": {"Name": {"Type": "String"}}}
    latest = sub("arn:aws:lambda:${AWS::Region}:1:function:${Name}:$LATEST")

    assert warnings(template(name, Run=trigger(latest))) == [
        (
            "Run.Handler: new code of the function goes unnoticed, since the template has none; "
            "name a version of it, or set ExecuteOnEveryDeployment"
        )
    ]


@pytest.mark.parametrize(
    "arn", [ELSEWHERE, f"{ELSEWHERE}:7", f"{ELSEWHERE}:live", ref("Parameter")]
)
def test_any_other_function_outside_the_template_is_not_a_risk(arn: Json) -> None:
    sections = {"Parameters": {"Parameter": {"Type": "String"}}}

    assert warnings(template(sections, Run=trigger(arn))) == []


def published(logical_id: str, **properties: Json) -> Json:
    version = of_type("AWS::Lambda::Version", FunctionName=ref("Migrate"), **properties)
    live = of_type(
        "AWS::Lambda::Alias",
        FunctionName=ref("Migrate"),
        FunctionVersion=get(logical_id, "Version"),
        Name="live",
    )
    return {logical_id: version, "Live": live}


@pytest.mark.parametrize("handler", ["Live", "Fixed"])
def test_a_version_that_does_not_follow_its_code_is_a_risk(handler: str) -> None:
    assert warnings(template(Run=trigger(ref(handler)), **published("Fixed"))) == [
        (
            "Run.Handler: 'Fixed' keeps the code that it was created with; "
            "give it another logical id with new code, as AutoPublishAlias does"
        )
    ]


@pytest.mark.parametrize(
    "resources",
    [
        published("MigrateVersion0a1b2c3d4e"),
        published("Fixed", CodeSha256="abc"),
        published("Fixed", Description=ref("Build")),
    ],
)
def test_a_version_that_follows_its_code_is_not_a_risk(resources: Json) -> None:
    assert warnings(template(Run=trigger(ref("Live")), **resources)) == []


def test_a_parameter_of_a_handler_or_a_payload_without_a_version_is_a_risk() -> None:
    latest, fixed = "{{resolve:ssm:/level}}", "{{resolve:ssm:/level:3}}"
    migrate = function(Environment={"Variables": {"A": f"-{latest}-", "B": fixed}})
    run = trigger(Payload={"Level": latest, "Old": fixed})

    assert warnings(template(Migrate=migrate, Run=run)) == [
        f"{place}: a new value of {latest!r} goes unnoticed; "
        "name a version, or use a parameter of the template"
        for place in ("Migrate.Environment", "Run.Payload")
    ]


def durable(role: Json, **resources: Json) -> Json:
    """Build a template whose handler is a durable function with this role."""
    handler = function(DurableConfig={"ExecutionTimeout": 3600}, Role=get("Role", "Arn"))
    return template(
        Migrate=handler, Role=of_type("AWS::IAM::Role", **role), Run=trigger(), **resources
    )


def allowing(action: Json) -> Json:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"PolicyName": "P", "PolicyDocument": {"Statement": [statement]}}


BASIC: Final = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
CHECKPOINTING: Final = f"{BASIC[:-13]}DurableExecutionRolePolicy"


@pytest.mark.parametrize(
    "role",
    [
        {},
        {"ManagedPolicyArns": [BASIC]},
        {"Policies": [allowing(["s3:GetObject", "s3:PutObject"])]},
    ],
)
def test_a_durable_handler_whose_role_allows_no_checkpoint_is_a_risk(role: Json) -> None:
    assert warnings(durable(role)) == [
        (
            "Migrate.Role: its role 'Role' does not allow CheckpointDurableExecution, so a durable "
            "run fails at once; add the managed policy AWSLambdaBasicDurableExecutionRolePolicy "
            "to the role"
        )
    ]


@pytest.mark.parametrize(
    "role",
    [
        {"ManagedPolicyArns": [CHECKPOINTING]},
        {"ManagedPolicyArns": [sub("arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess")]},
        {"ManagedPolicyArns": [ref("Shared")]},
        {"Policies": [allowing("lambda:CheckpointDurableExecution")]},
        {"Policies": [allowing(["s3:GetObject", "lambda:*"])]},
        {"Policies": [allowing(["s3:GetObject", "*"])]},
        {"Policies": [allowing("*")]},
    ],
)
def test_a_durable_handler_whose_role_may_allow_checkpoints_is_not_a_risk(role: Json) -> None:
    assert warnings(durable(role)) == []


def test_a_separate_policy_of_the_role_of_a_durable_handler_counts() -> None:
    attached = allowing("lambda:CheckpointDurableExecution") | {"Roles": [ref("Role")]}
    policy = of_type("AWS::IAM::Policy", **attached)

    assert warnings(durable({}, Policy=policy)) == []


def test_a_role_of_elsewhere_cannot_be_judged() -> None:
    handler = function(DurableConfig={"ExecutionTimeout": 3600}, Role="arn:aws:iam::1:role/r")

    assert warnings(template(Migrate=handler, Run=trigger())) == []


@pytest.mark.parametrize("seconds", [600, "600"])
def test_a_trigger_that_waits_longer_than_its_durable_handler_may_take_is_a_risk(
    seconds: Json,
) -> None:
    handler = function(DurableConfig={"ExecutionTimeout": seconds})

    assert warnings(template(Migrate=handler, Run=trigger(Timeout=1200))) == [
        (
            "Run.Timeout: an execution of 'Migrate' ends after 600 s, its ExecutionTimeout; "
            "increase that to 1200, or decrease Timeout"
        )
    ]


@pytest.mark.parametrize("seconds", [1200, {"Ref": "Seconds"}])
def test_a_durable_handler_that_may_take_as_long_as_its_trigger_is_not_a_risk(
    seconds: Json,
) -> None:
    parameters = {"Parameters": {"Seconds": {"Type": "Number", "Default": 600}}}
    handler = function(DurableConfig={"ExecutionTimeout": seconds})

    assert warnings(template(parameters, Migrate=handler, Run=trigger(Timeout=1200))) == []


@pytest.mark.parametrize("kind", ["Event", "DryRun"])
def test_a_trigger_that_does_not_wait_for_its_durable_handler_has_no_such_risk(kind: str) -> None:
    handler = function(DurableConfig={"ExecutionTimeout": 600}, DeadLetterConfig={})

    run = trigger(Timeout=1200, InvocationType=kind)
    assert warnings(template(Migrate=handler, Run=run)) == []


def test_a_destination_of_a_durable_handler_is_a_risk() -> None:
    handler = function(DurableConfig={"ExecutionTimeout": 900})
    run = trigger(InvocationType="Event", FailureDestination=get("Failed"))

    assert warnings(template(Migrate=handler, Run=run, Failed=of_type("AWS::SQS::Queue"))) == [
        (
            "Run.FailureDestination: AWS documents only dead-letter queues for durable functions; "
            "give 'Migrate' a DeadLetterConfig"
        )
    ]
