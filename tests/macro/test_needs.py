"""What a trigger waits for though nobody named it: what its handler and its selections need."""

from typing import Any, Final

import pytest

from macro.companions import COMPANIONS
from macro.expand import read
from macro.model import Deployment
from tests.support.templates import (
    Template,
    function,
    get,
    of_type,
    problems,
    ref,
    resources,
    sub,
    template,
    trigger,
    under,
    waiting,
    waits,
    when,
)

STAGE: Final = {"Parameters": {"Stage": {"Type": "String"}}}
SETTINGS: Final = {
    "Parameters": {
        "Nets": {"Type": "List<AWS::EC2::Subnet::Id>"}, "Vpc": {"Type": "AWS::EC2::VPC::Id"},
    }
}  # fmt: skip
ROLE: Final = of_type("AWS::IAM::Role", RoleName=sub("${Stage}-load"))
QUEUE: Final = of_type("AWS::SQS::Queue")


def companions(fragment: Template, **values: Any) -> dict[str, str]:
    """Return what every resource that a trigger waits for is to what the author named."""
    reading = read(fragment, Deployment(parameters=values))
    assert not reading.problems
    return {
        edge.first: f"{edge.why.rpartition('.')[2]}: {edge.companion}"
        for edge in reading.order.edges
        if edge.companion
    }


# ---- names are compared by meaning

NAMES: Final = [
    ("load", "load"),
    (sub("${Stage}-load"), sub("${Stage}-load")),
    (sub("${Stage}-load"), {"Fn::Join": ["-", [ref("Stage"), "load"]]}),
    (sub("${Stage}-load"), sub("${Name}", {"Name": sub("${Stage}-load")})),
    (sub("${Stage}-load"), "test-load"),
    (sub("${AWS::StackName}-load"), {"Fn::Join": ["", [ref("AWS::StackName"), "-load"]]}),
    (when("Named", "a", "b"), when("Named", "a", "b")),
    (when("Named", "a", "b"), "b"),
]


@pytest.mark.parametrize(("left", "right"), NAMES)
def test_a_log_group_is_the_handlers_if_its_name_means_that(left: Any, right: Any) -> None:
    group = of_type("AWS::Logs::LogGroup", LogGroupName=sub("/aws/lambda/${Name}", {"Name": left}))
    fragment = template(
        STAGE | {"Conditions": {"Named": {}}},
        Migrate=function(FunctionName=right),
        Logs=group,
        Run=trigger(),
    )

    assert companions(fragment, Stage="test") == {"Logs": "Handler: log group of Migrate"}


@pytest.mark.parametrize(
    "name",
    [
        sub("/aws/lambda/${Migrate}"),
        {"Fn::Join": ["/", ["/aws/lambda", ref("Migrate")]]},
        sub("/aws/lambda/${Stage}-load"),
    ],
)
def test_a_log_group_may_refer_to_the_handler_or_repeat_its_name(name: Any) -> None:
    fragment = template(
        STAGE,
        Migrate=function(FunctionName=sub("${Stage}-load")),
        Logs=of_type("AWS::Logs::LogGroup", LogGroupName=name),
        Run=trigger(),
    )

    assert waits(fragment) == ["Logs"]


def test_a_log_group_of_a_longer_name_is_not_the_handlers() -> None:
    group = of_type("AWS::Logs::LogGroup", LogGroupName=sub("/aws/lambda/${Stage}-load-2"))
    fragment = template(
        STAGE, Migrate=function(FunctionName=sub("${Stage}-load")), Logs=group, Run=trigger()
    )

    assert waits(fragment) == []


def test_a_function_that_logs_elsewhere_waits_for_that_group_alone() -> None:
    fragment = template(
        Migrate=function(LoggingConfig={"LogGroup": "/app/load"}, FunctionName="load"),
        Logs=of_type("AWS::Logs::LogGroup", LogGroupName="/app/load"),
        Default=of_type("AWS::Logs::LogGroup", LogGroupName="/aws/lambda/load"),
        Run=trigger(),
    )

    assert waits(fragment) == ["Logs"]


def test_a_log_group_that_the_function_refers_to_needs_no_edge() -> None:
    fragment = template(
        Migrate=function(LoggingConfig={"LogGroup": ref("Logs")}),
        Logs=of_type("AWS::Logs::LogGroup", LogGroupName="/app/load"),
        Run=trigger(),
    )

    assert waits(fragment) == []


@pytest.mark.parametrize(("left", "right"), NAMES)
@pytest.mark.parametrize(
    ("kind", "named_in"),
    [
        ("AWS::IAM::Policy", lambda name: {"Roles": [name]}),
        ("AWS::IAM::ManagedPolicy", lambda name: {"Roles": [name]}),
        ("AWS::IAM::RolePolicy", lambda name: {"RoleName": name}),
    ],
)
def test_a_policy_is_the_handlers_if_its_role_means_that(
    kind: str, named_in: Any, left: Any, right: Any
) -> None:
    fragment = template(
        STAGE | {"Conditions": {"Named": {}}},
        Migrate=function(Role=get("Role")),
        Role=of_type("AWS::IAM::Role", RoleName=right),
        More=of_type(kind, **named_in(left)),
        Run=trigger(),
    )

    assert companions(fragment, Stage="test") == {"More": "Handler: policy of Role"}


def test_a_policy_belongs_to_a_role_that_the_handler_names_by_arn() -> None:
    fragment = template(
        STAGE,
        Migrate=function(Role=sub("arn:aws:iam::${AWS::AccountId}:role/app/${Stage}-load")),
        Role=ROLE,
        More=of_type("AWS::IAM::Policy", Roles=[ref("Role")]),
        Other=of_type("AWS::IAM::Policy", Roles=["other"]),
        Run=trigger(),
    )

    assert "More" in waits(fragment)
    assert "Other" not in waits(fragment)


def test_a_policy_that_only_mentions_a_role_is_not_attached_to_it() -> None:
    passing = {"Statement": [{"Action": "iam:PassRole", "Resource": get("Role")}]}
    fragment = template(
        Migrate=function(Role=get("Role")),
        Role=of_type("AWS::IAM::Role"),
        Deployer=of_type("AWS::IAM::Policy", Roles=["deployer"], PolicyDocument=passing),
        Run=trigger(),
    )

    assert waits(fragment) == []


# ---- a handler in a VPC

NETWORK: Final[Template] = {
    "Private": of_type("AWS::EC2::Subnet", VpcId=ref("Cloud")),
    "Public": of_type("AWS::EC2::Subnet", VpcId=ref("Cloud")),
    "Cloud": of_type("AWS::EC2::VPC"),
    "Group": of_type("AWS::EC2::SecurityGroup", VpcId=ref("Cloud")),
    "Out": of_type("AWS::EC2::SecurityGroupEgress", GroupId=get("Group", "GroupId")),
    "In": of_type("AWS::EC2::SecurityGroupIngress", SourceSecurityGroupId=ref("Group")),
    "Table": of_type("AWS::EC2::RouteTable", VpcId=ref("Cloud")),
    "Use": of_type(
        "AWS::EC2::SubnetRouteTableAssociation", SubnetId=ref("Private"), RouteTableId=ref("Table")
    ),
    "Nat": of_type("AWS::EC2::NatGateway", SubnetId=ref("Public")),
    "Outwards": of_type("AWS::EC2::Route", RouteTableId=ref("Table"), NatGatewayId=ref("Nat")),
    "PublicTable": of_type("AWS::EC2::RouteTable", VpcId=ref("Cloud")),
    "PublicUse": of_type(
        "AWS::EC2::SubnetRouteTableAssociation",
        SubnetId=ref("Public"),
        RouteTableId=ref("PublicTable"),
    ),
    "Internet": of_type("AWS::EC2::InternetGateway"),
    "Attached": of_type(
        "AWS::EC2::VPCGatewayAttachment", VpcId=ref("Cloud"), InternetGatewayId=ref("Internet")
    ),
    "Onwards": of_type(
        "AWS::EC2::Route", RouteTableId=ref("PublicTable"), GatewayId=ref("Internet")
    ),
    "Door": of_type(
        "AWS::EC2::VPCEndpoint", VpcId=ref("Cloud"), SecurityGroupIds=[ref("DoorGroup")]
    ),
    "DoorGroup": of_type("AWS::EC2::SecurityGroup", VpcId=ref("Cloud")),
    "DoorRule": of_type("AWS::EC2::SecurityGroupIngress", GroupId=ref("DoorGroup")),
}  # fmt: skip
IN_VPC: Final = function(
    VpcConfig={"SubnetIds": [ref("Private")], "SecurityGroupIds": [get("Group", "GroupId")]}
)


def test_a_handler_in_a_vpc_waits_for_what_lets_it_out_and_in() -> None:
    fragment = template(Migrate=IN_VPC, **NETWORK, Run=trigger())

    assert companions(fragment) == {
        "Use": "Handler: route table of Private",
        "Out": "Handler: rule of Group",
        "In": "Handler: rule of Group",
        "Outwards": "Handler: route of Table",
        "Attached": "Handler: gateway of Cloud",
        "Door": "Handler: endpoint of Cloud",
        "DoorRule": "Handler: rule of DoorGroup",
        "PublicUse": "Handler: route table of Public",
        "Onwards": "Handler: route of PublicTable",
    }


def test_a_handler_outside_a_vpc_waits_for_no_network() -> None:
    assert waits(template(**NETWORK, Run=trigger())) == []


def test_a_network_of_another_stack_is_known_by_its_ids() -> None:
    network = {"SubnetIds": ref("Nets"), "SecurityGroupIds": [ref("Group")]}
    fragment = template(
        SETTINGS,
        Migrate=function(VpcConfig=network),
        Group=of_type("AWS::EC2::SecurityGroup", VpcId=ref("Vpc")),
        Door=of_type("AWS::EC2::VPCEndpoint", VpcId=ref("Vpc"), ServiceName="s3"),
        Second=of_type("AWS::EC2::VPCEndpoint", SubnetIds=["net-b"], ServiceName="sqs"),
        Elsewhere=of_type("AWS::EC2::VPCEndpoint", VpcId="vpc-2", ServiceName="s3"),
        Use=of_type("AWS::EC2::SubnetRouteTableAssociation", SubnetId="net-a", RouteTableId="t"),
        Run=trigger(),
    )

    assert companions(fragment, Nets=["net-a", "net-b"], Vpc="vpc-1") == {
        "Use": "Handler: route table of its Subnet",
        "Second": "Handler: endpoint of its Subnet",
        "Door": "Handler: endpoint of its VPC",
    }


@pytest.mark.parametrize("service", ["EFS", "S3Files"])
def test_a_handler_waits_for_the_mount_targets_of_its_file_system(service: str) -> None:
    fragment = template(
        Migrate=function(FileSystemConfigs=[{"Arn": get("Access"), "LocalMountPath": "/mnt"}]),
        Access=of_type(f"AWS::{service}::AccessPoint", FileSystemId=ref("Files")),
        Files=of_type(f"AWS::{service}::FileSystem"),
        Mount=of_type(
            f"AWS::{service}::MountTarget", FileSystemId=ref("Files"), SecurityGroups=[ref("Group")]
        ),
        Group=of_type("AWS::EC2::SecurityGroup"),
        Nfs=of_type("AWS::EC2::SecurityGroupIngress", GroupId=ref("Group")),
        Run=trigger(),
    )

    assert companions(fragment) == {
        "Mount": "Handler: mount target of Files",
        "Nfs": "Handler: rule of Group",
    }


def test_a_network_chosen_by_a_condition_is_waited_for() -> None:
    network = {"SubnetIds": [ref("Private")], "SecurityGroupIds": [ref("Group")]}
    fragment = template(
        {"Conditions": {"InVpc": {}}},
        Migrate=function(VpcConfig=when("InVpc", network)),
        **NETWORK,
        Run=trigger(),
    )

    assert {"Use", "Out", "Door"} <= {*waits(fragment)}


def test_a_precondition_of_everything_still_has_its_network() -> None:
    fragment = template(Migrate=IN_VPC, **NETWORK, Other=QUEUE, Run=trigger(ExecuteBefore=["*"]))

    assert {"Use", "Out", "Onwards"} <= {*waits(fragment)}
    assert waits(fragment, "Other") == ["Run"]


def test_a_network_that_waits_for_the_trigger_gives_way() -> None:
    late = waiting(dict(NETWORK["Out"]), "Run")
    fragment = template(Migrate=IN_VPC, **NETWORK | {"Out": late}, Run=trigger())

    assert problems(fragment) == []
    assert "Out" not in waits(fragment)


def test_a_network_that_may_not_be_there_is_waited_for_where_it_is() -> None:
    fragment = template(
        {"Conditions": {"Production": {}}},
        Migrate=IN_VPC,
        **NETWORK | {"Out": under("Production", NETWORK["Out"])},
        Run=trigger(),
    )

    assert resources(fragment)["Run"]["Metadata"] == {
        "TriggerEdges": [when("Production", ref("Out"))]
    }


# ---- what comes along with a selection

DATABASE: Final[Template] = {
    "Orders": of_type("AWS::RDS::DBCluster", VpcSecurityGroupIds=[ref("Group")]),
    "Writer": of_type("AWS::RDS::DBInstance", DBClusterIdentifier=ref("Orders")),
    "Login": of_type("AWS::SecretsManager::Secret"),
    "Joined": of_type(
        "AWS::SecretsManager::SecretTargetAttachment", SecretId=ref("Login"), TargetId=ref("Orders")
    ),
    "Group": of_type("AWS::EC2::SecurityGroup"),
    "Open": of_type("AWS::EC2::SecurityGroupIngress", GroupId=ref("Group")),
}
OF_DATABASE: Final = {
    "Writer": "ExecuteAfter: instance of Orders",
    "Joined": "ExecuteAfter: secret attachment of Orders",
    "Open": "ExecuteAfter: rule of Group",
}


@pytest.mark.parametrize("selector", ["Orders", "Ord*", "AWS::RDS::DBCluster"])
def test_a_database_brings_its_instances_its_secret_and_its_rules(selector: str) -> None:
    fragment = template(**DATABASE, Run=trigger(ExecuteAfter=[selector]))

    assert companions(fragment) == OF_DATABASE


def test_an_instance_belongs_to_a_cluster_by_its_name() -> None:
    named = of_type("AWS::RDS::DBCluster", DBClusterIdentifier=sub("${Stage}-orders"))
    writer = of_type("AWS::RDS::DBInstance", DBClusterIdentifier=sub("${Stage}-orders"))
    other = of_type("AWS::RDS::DBInstance", DBClusterIdentifier=sub("${Stage}-jobs"))
    fragment = template(
        STAGE, Orders=named, Writer=writer, Other=other, Run=trigger(ExecuteAfter=["Orders"])
    )

    assert waits(fragment) == ["Orders", "Writer"]


def test_a_database_in_the_handlers_environment_brings_what_makes_it_usable() -> None:
    reading = function(Environment={"Variables": {"HOST": get("Orders", "Endpoint.Address")}})
    fragment = template(Migrate=reading, **DATABASE, Run=trigger())

    assert companions(fragment) == {
        name: role.replace("ExecuteAfter", "Handler") for name, role in OF_DATABASE.items()
    }


def test_a_database_in_the_payload_brings_what_makes_it_usable() -> None:
    fragment = template(**DATABASE, Run=trigger(Payload={"Cluster": ref("Orders")}))

    assert companions(fragment) == {
        name: role.replace("ExecuteAfter", "Payload") for name, role in OF_DATABASE.items()
    }


@pytest.mark.parametrize("before", ["Writer", "Wri*", "AWS::RDS::DBInstance"])
@pytest.mark.parametrize("after", ["Orders", "Ord*"])
def test_a_companion_gives_way_to_what_its_author_selects(before: str, after: str) -> None:
    run = trigger(ExecuteAfter=[after], ExecuteBefore=[before])
    fragment = template(**DATABASE, Run=run)

    assert waits(fragment) == ["Orders", "Joined", "Open"]
    assert waits(fragment, "Writer") == ["Run"]


def test_a_companion_comes_before_a_precondition_of_everything_else() -> None:
    run = trigger(ExecuteAfter=["Orders"], ExecuteBefore=["*"])
    fragment = template(**DATABASE, Other=QUEUE, Run=run)

    assert waits(fragment) == ["Orders", "Writer", "Joined", "Open"]
    assert waits(fragment, "Other") == ["Run"]


def test_a_companion_that_waits_for_the_trigger_gives_way() -> None:
    late = waiting(dict(DATABASE["Writer"]), "Run")
    fragment = template(**DATABASE | {"Writer": late}, Run=trigger(ExecuteAfter=["Orders"]))

    assert problems(fragment) == []
    assert "Writer" not in waits(fragment)


def test_what_follows_a_trigger_holds_up_nothing_that_it_shares_with_others() -> None:
    fragment = template(**DATABASE, Run=trigger(ExecuteBefore=["Orders"]))

    assert waits(fragment, "Writer") == ["Run"]
    assert waits(fragment, "Open") == []


def test_a_change_of_a_database_is_one_of_the_database_itself() -> None:
    reading = read(
        template(**DATABASE, Run=trigger(ExecuteOnResourceChange=["Orders"])), Deployment()
    )

    assert reading.order.watched == {"Run": ("Orders",)}


def test_a_topic_brings_its_subscriptions_and_the_policies_of_their_queues() -> None:
    fragment = template(
        Topic=of_type("AWS::SNS::Topic"),
        Jobs=QUEUE,
        Joined=of_type("AWS::SNS::Subscription", TopicArn=ref("Topic"), Endpoint=get("Jobs")),
        Allowed=of_type("AWS::SQS::QueuePolicy", Queues=[ref("Jobs")]),
        Run=trigger(ExecuteAfter=["Topic"]),
    )

    assert companions(fragment) == {
        "Joined": "ExecuteAfter: subscription of Topic",
        "Allowed": "ExecuteAfter: policy of Jobs",
    }


def test_a_service_brings_its_listeners_and_the_permissions_of_its_tasks() -> None:
    fragment = template(
        Cluster=of_type("AWS::ECS::Cluster"),
        Capacity=of_type("AWS::ECS::ClusterCapacityProviderAssociations", Cluster=ref("Cluster")),
        Task=of_type("AWS::ECS::TaskDefinition", TaskRoleArn=get("TaskRole")),
        TaskRole=of_type("AWS::IAM::Role"),
        TaskMay=of_type("AWS::IAM::Policy", Roles=[ref("TaskRole")]),
        Target=of_type("AWS::ElasticLoadBalancingV2::TargetGroup"),
        Listener=of_type(
            "AWS::ElasticLoadBalancingV2::Listener",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": ref("Target")}],
        ),
        Web=of_type(
            "AWS::ECS::Service",
            Cluster=ref("Cluster"),
            TaskDefinition=ref("Task"),
            LoadBalancers=[{"TargetGroupArn": ref("Target")}],
        ),
        Run=trigger(ExecuteAfter=["Web"]),
    )

    assert companions(fragment) == {
        "Capacity": "ExecuteAfter: capacity of Cluster",
        "TaskMay": "ExecuteAfter: policy of TaskRole",
        "Listener": "ExecuteAfter: listener of Target",
    }


def written(path: str, value: Any) -> Any:
    """Return properties that have a value at a path."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


@pytest.mark.parametrize(
    ("of", "kind", "by"), sorted({(of, row.type, row.by) for row in COMPANIONS for of in row.of})
)
def test_every_companion_in_the_table_comes_along(of: str, kind: str, by: str) -> None:
    both = {
        "Named": of_type(of),
        "Other": of_type(of),
        "Beside": of_type(kind, **written(by, [ref("Named")])),
    }

    assert waits(template(**both, Run=trigger(ExecuteAfter=["Named"]))) == ["Named", "Beside"]
    assert waits(template(**both, Run=trigger(ExecuteAfter=["Other"]))) == ["Other"]
