"""What a resource needs besides itself to be usable, as one table.

CloudFormation waits for what a resource refers to, but not for what refers to the resource: a
database cluster is complete before it has an instance, a topic before anybody subscribes. A trigger
that waits for the one waits for the other too. Knows types and properties. Refuses to know
templates (`needs`) and what waits (`ordering`).
"""

from typing import Final, NamedTuple

from macro.cloudformation import ALIAS_TYPE, FUNCTION_TYPE, POLICY_TYPE, ROLE_TYPE, VERSION_TYPE

_REFERENCE: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"


class Companion(NamedTuple):
    """A type of resource that comes along with those which it names in a property.

    `by` is the path of the property, through the items of lists. `role` is what the companion is
    for the other resource, as in "instance of Orders"; `otherwise` is what happens without it. A
    change of a companion that `is_part` of the other resource is a change of that resource.
    """

    of: tuple[str, ...]
    type: str
    by: str
    role: str
    otherwise: str
    is_part: bool = False

    @property
    def page(self) -> str:
        """The page that documents the companion."""
        return f"{_REFERENCE}aws-resource-{'-'.join(self.type.lower().split('::')[1:])}.html"


class Use(NamedTuple):
    """A property through which a resource uses others, whose companions it needs as well."""

    type: str
    by: str
    of: tuple[str, ...]


_SECURITY_GROUP: Final = "AWS::EC2::SecurityGroup"
_SUBNET: Final = "AWS::EC2::Subnet"
_VPC: Final = "AWS::EC2::VPC"
_ROUTE_TABLE: Final = "AWS::EC2::RouteTable"
_DATABASES: Final = (
    "AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance", "AWS::Redshift::Cluster", "AWS::RedshiftServerless::Namespace",
)  # fmt: skip
_APIS: Final = ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")
_DOMAINS: Final = ("AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName")
_LOAD_BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_TARGET_GROUP: Final = "AWS::ElasticLoadBalancingV2::TargetGroup"
_LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"
_NAMED_IN_DNS: Final = (
    *_DOMAINS, _LOAD_BALANCER, "AWS::CloudFront::Distribution", "AWS::AppSync::DomainName",
)  # fmt: skip
_INVOKING: Final = (
    *_APIS, "AWS::SNS::Topic", "AWS::Events::Rule", "AWS::S3::Bucket", "AWS::Cognito::UserPool",
    _TARGET_GROUP,
)  # fmt: skip
_LAMBDA: Final = (FUNCTION_TYPE, ALIAS_TYPE, VERSION_TYPE)
_POOL: Final = ("AWS::Cognito::UserPool",)
_EKS: Final = ("AWS::EKS::Cluster",)
_MSK: Final = ("AWS::MSK::Cluster", "AWS::MSK::ServerlessCluster")

_ALLOWED: Final = "a role does not yet have all its permissions"
_REACHED: Final = "packets are dropped"
_ROUTED: Final = "packets find no way out of the subnet"
_GRANTED: Final = "callers that it allows are denied"
_PUBLISHED: Final = "an API answers nothing"
_NAMED: Final = "the name does not resolve"
_LISTENED: Final = "a load balancer accepts no requests or has nowhere to send them"
_CONNECTED: Final = "there is nothing to connect to"
_SIGNED_IN: Final = "nobody can sign in that way"
_SUBSCRIBED: Final = "what is published reaches nobody"

COMPANIONS: Final[tuple[Companion, ...]] = (
    # Permissions.
    Companion((ROLE_TYPE,), POLICY_TYPE, "Roles", "policy", _ALLOWED),
    Companion((ROLE_TYPE,), "AWS::IAM::RolePolicy", "RoleName", "policy", _ALLOWED),
    Companion((ROLE_TYPE,), "AWS::IAM::ManagedPolicy", "Roles", "policy", _ALLOWED),
    # Networks.
    *(
        Companion((_SECURITY_GROUP,), f"AWS::EC2::{rule}", name, "rule", _REACHED)
        for rule, name in (
            ("SecurityGroupIngress", "GroupId"),
            ("SecurityGroupIngress", "SourceSecurityGroupId"),
            ("SecurityGroupEgress", "GroupId"),
            ("SecurityGroupEgress", "DestinationSecurityGroupId"),
        )
    ),
    Companion(
        (_SUBNET,), "AWS::EC2::SubnetRouteTableAssociation", "SubnetId", "route table", _ROUTED
    ),
    Companion(
        (_SUBNET,), "AWS::EC2::SubnetNetworkAclAssociation", "SubnetId", "network ACL", _REACHED
    ),
    Companion(
        ("AWS::EC2::NetworkAcl",), "AWS::EC2::NetworkAclEntry", "NetworkAclId", "entry", _REACHED
    ),
    Companion((_ROUTE_TABLE,), "AWS::EC2::Route", "RouteTableId", "route", _ROUTED),
    *(
        Companion((of,), "AWS::EC2::VPCEndpoint", name, "endpoint", _ROUTED)
        for of, name in ((_VPC, "VpcId"), (_SUBNET, "SubnetIds"), (_ROUTE_TABLE, "RouteTableIds"))
    ),
    Companion((_VPC,), "AWS::EC2::VPCGatewayAttachment", "VpcId", "gateway", _ROUTED),
    Companion(
        ("AWS::EC2::InternetGateway",),
        "AWS::EC2::VPCGatewayAttachment",
        "InternetGatewayId",
        "attachment",
        _ROUTED,
    ),
    *(
        Companion(
            ("AWS::EC2::TransitGateway",), attachment, "TransitGatewayId", "attachment", _ROUTED
        )
        for attachment in (
            "AWS::EC2::TransitGatewayAttachment", "AWS::EC2::TransitGatewayVpcAttachment",
        )
    ),
    Companion((_VPC,), "AWS::EC2::VPCDHCPOptionsAssociation", "VpcId", "DHCP options", _NAMED),
    Companion(
        (_VPC,), "AWS::Route53Resolver::ResolverRuleAssociation", "VPCId", "resolver rule", _NAMED
    ),
    Companion(
        ("AWS::EC2::Instance",), "AWS::EC2::EIPAssociation", "InstanceId", "address", _ROUTED
    ),
    # File systems.
    *(
        Companion((f"{service}::FileSystem",), f"{service}::MountTarget", "FileSystemId",
                  "mount target", "a file system cannot be mounted")
        for service in ("AWS::EFS", "AWS::S3Files")
    ),
    Companion(("AWS::S3Files::FileSystem",), "AWS::S3Files::FileSystemPolicy", "FileSystemId",
              "policy", _GRANTED),
    # Databases.
    *(
        Companion((f"AWS::{service}::DBCluster",), f"AWS::{service}::DBInstance",
                  "DBClusterIdentifier", "instance", _CONNECTED)
        for service in ("RDS", "DocDB", "Neptune")
    ),
    Companion(("AWS::RDS::GlobalCluster",), "AWS::RDS::DBCluster", "GlobalClusterIdentifier",
              "cluster", _CONNECTED),
    Companion(("AWS::RDS::DBProxy",), "AWS::RDS::DBProxyTargetGroup", "DBProxyName", "target group",
              "a proxy has no database"),
    Companion(("AWS::RedshiftServerless::Namespace",), "AWS::RedshiftServerless::Workgroup",
              "NamespaceName", "workgroup", _CONNECTED),
    Companion(_DATABASES, "AWS::SecretsManager::SecretTargetAttachment", "TargetId",
              "secret attachment", "the secret does not say where the database is"),
    Companion(("AWS::SecretsManager::Secret",), "AWS::SecretsManager::SecretTargetAttachment",
              "SecretId", "attachment", "the secret does not say where the database is"),
    Companion(("AWS::SecretsManager::Secret",), "AWS::SecretsManager::ResourcePolicy", "SecretId",
              "policy", _GRANTED),
    Companion(("AWS::OpenSearchServerless::Collection",), "AWS::OpenSearchServerless::AccessPolicy",
              "Policy", "access policy", _GRANTED),
    Companion(("AWS::OpenSearchServerless::Collection",),
              "AWS::OpenSearchServerless::SecurityPolicy", "Policy", "security policy", _GRANTED),
    # Streams and messages.
    Companion(_MSK, "AWS::MSK::ClusterPolicy", "ClusterArn", "policy", _GRANTED),
    Companion(_MSK, "AWS::MSK::BatchScramSecret", "ClusterArn", "credentials", _GRANTED),
    Companion(("AWS::Kinesis::Stream",), "AWS::Kinesis::ResourcePolicy", "ResourceArn", "policy",
              _GRANTED),
    Companion(("AWS::SQS::Queue",), "AWS::SQS::QueuePolicy", "Queues", "policy", _GRANTED),
    Companion(("AWS::SQS::Queue",), "AWS::SQS::QueueInlinePolicy", "Queue", "policy", _GRANTED),
    Companion(("AWS::SNS::Topic",), "AWS::SNS::TopicPolicy", "Topics", "policy", _GRANTED),
    Companion(("AWS::SNS::Topic",), "AWS::SNS::TopicInlinePolicy", "TopicArn", "policy", _GRANTED),
    Companion(("AWS::SNS::Topic",), "AWS::SNS::Subscription", "TopicArn", "subscription",
              _SUBSCRIBED),
    Companion(("AWS::Events::EventBus",), "AWS::Events::EventBusPolicy", "EventBusName", "policy",
              _GRANTED),
    Companion(("AWS::Events::EventBus",), "AWS::Events::Rule", "EventBusName", "rule",
              _SUBSCRIBED),
    Companion(("AWS::AmazonMQ::Broker",), "AWS::AmazonMQ::ConfigurationAssociation", "Broker",
              "configuration", "a broker runs with its default configuration"),
    # Storage and keys.
    Companion(("AWS::S3::Bucket",), "AWS::S3::BucketPolicy", "Bucket", "policy", _GRANTED),
    Companion(("AWS::S3::MultiRegionAccessPoint",), "AWS::S3::MultiRegionAccessPointPolicy",
              "MrapName", "policy", _GRANTED),
    Companion(("AWS::KMS::Key",), "AWS::KMS::Alias", "TargetKeyId", "alias",
              "the key is unknown by that name"),
    # Functions.
    Companion(_LAMBDA, "AWS::Lambda::EventSourceMapping", "FunctionName", "event source mapping",
              "a function receives no events"),
    Companion(_LAMBDA, "AWS::Lambda::Permission", "FunctionName", "permission", _GRANTED),
    Companion(_LAMBDA, "AWS::Lambda::Url", "TargetFunctionArn", "URL",
              "a function has no address"),
    Companion(_LAMBDA, "AWS::Lambda::EventInvokeConfig", "FunctionName", "invoke configuration",
              "failed events are retried and dropped as by default"),
    Companion(_INVOKING, "AWS::Lambda::Permission", "SourceArn", "permission",
              "the event source may not invoke its function"),
    Companion(("AWS::Lambda::LayerVersion",), "AWS::Lambda::LayerVersionPermission",
              "LayerVersionArn", "permission", _GRANTED),
    # APIs and names.
    *(
        Companion((f"AWS::{service}::{api}",), f"AWS::{service}::{kind}", name, kind.lower(),
                  _PUBLISHED, is_part=True)
        for service, api, name in (
            ("ApiGateway", "RestApi", "RestApiId"), ("ApiGatewayV2", "Api", "ApiId"),
        )
        for kind in ("Deployment", "Stage")
    ),
    Companion(("AWS::ApiGatewayV2::Api",), "AWS::ApiGatewayV2::Route", "ApiId", "route",
              _PUBLISHED),
    Companion(_DOMAINS, "AWS::ApiGateway::BasePathMapping", "DomainName", "mapping", _PUBLISHED),
    Companion(_DOMAINS, "AWS::ApiGatewayV2::ApiMapping", "DomainName", "mapping", _PUBLISHED),
    Companion(("AWS::ApiGateway::ApiKey",), "AWS::ApiGateway::UsagePlanKey", "KeyId", "usage plan",
              "the key opens no API"),
    *(
        Companion(("AWS::AppSync::GraphQLApi",), f"AWS::AppSync::{kind}", "ApiId", role, _PUBLISHED)
        for kind, role in (
            ("GraphQLSchema", "schema"), ("Resolver", "resolver"), ("DataSource", "data source"),
            ("ApiKey", "key"),
        )
    ),
    Companion(("AWS::AppSync::Api",), "AWS::AppSync::ChannelNamespace", "ApiId", "namespace",
              _PUBLISHED),
    Companion(("AWS::AppSync::DomainName",), "AWS::AppSync::DomainNameApiAssociation", "DomainName",
              "association", _PUBLISHED),
    Companion(_NAMED_IN_DNS, "AWS::Route53::RecordSet", "AliasTarget.DNSName", "record", _NAMED),
    Companion(_NAMED_IN_DNS, "AWS::Route53::RecordSet", "ResourceRecords", "record", _NAMED),
    Companion(_NAMED_IN_DNS, "AWS::Route53::RecordSetGroup", "RecordSets", "record", _NAMED),
    *(
        Companion(("AWS::Route53::HostedZone",), f"AWS::Route53::{kind}", "HostedZoneId", "record",
                  _NAMED)
        for kind in ("RecordSet", "RecordSetGroup")
    ),
    Companion(("AWS::ServiceDiscovery::Service",), "AWS::ServiceDiscovery::Instance", "ServiceId",
              "instance", _NAMED),
    # Load balancers and containers.
    Companion((_LOAD_BALANCER,), _LISTENER, "LoadBalancerArn", "listener", _LISTENED),
    Companion((_TARGET_GROUP,), _LISTENER, "DefaultActions", "listener", _LISTENED),
    Companion((_TARGET_GROUP,), "AWS::ElasticLoadBalancingV2::ListenerRule", "Actions",
              "listener rule", _LISTENED),
    Companion((_LISTENER,), "AWS::ElasticLoadBalancingV2::ListenerRule", "ListenerArn", "rule",
              _LISTENED),
    Companion((_LISTENER,), "AWS::ElasticLoadBalancingV2::ListenerCertificate", "ListenerArn",
              "certificate", _LISTENED),
    Companion(("AWS::ECS::Cluster",), "AWS::ECS::ClusterCapacityProviderAssociations", "Cluster",
              "capacity", "tasks have nowhere to run"),
    Companion(("AWS::ECS::Service",), "AWS::ECS::TaskSet", "Service", "task set", _CONNECTED),
    Companion(("AWS::ECS::Service",), "AWS::ECS::PrimaryTaskSet", "Service", "primary task set",
              _CONNECTED),
    *(
        Companion(_EKS, f"AWS::EKS::{kind}", "ClusterName", role,
                  "a cluster has nowhere to run pods, or nobody who may")
        for kind, role in (
            ("Nodegroup", "node group"), ("FargateProfile", "Fargate profile"),
            ("Addon", "add-on"), ("AccessEntry", "access entry"),
            ("PodIdentityAssociation", "pod identity"),
        )
    ),
    # Users and things.
    *(
        Companion(_POOL, f"AWS::Cognito::UserPool{kind}", "UserPoolId", role, _SIGNED_IN)
        for kind, role in (
            ("Domain", "domain"), ("Client", "client"), ("ResourceServer", "resource server"),
            ("IdentityProvider", "identity provider"), ("Group", "group"),
        )
    ),
    Companion(("AWS::Cognito::IdentityPool",), "AWS::Cognito::IdentityPoolRoleAttachment",
              "IdentityPoolId", "roles", _SIGNED_IN),
    Companion(("AWS::IoT::Thing",), "AWS::IoT::ThingPrincipalAttachment", "ThingName",
              "certificate", _SIGNED_IN),
    Companion(("AWS::IoT::Policy",), "AWS::IoT::PolicyPrincipalAttachment", "PolicyName",
              "certificate", _SIGNED_IN),
    Companion(("AWS::Transfer::Server",), "AWS::Transfer::User", "ServerId", "user", _SIGNED_IN),
)  # fmt: skip
"""Every type that comes along with other types."""

_GROUPS: Final = (_SECURITY_GROUP,)
_ROLES: Final = (ROLE_TYPE,)
_GUARDED: Final = (
    ("AWS::AmazonMQ::Broker", "SecurityGroups"),
    ("AWS::DAX::Cluster", "SecurityGroupIds"),
    ("AWS::DocDB::DBCluster", "VpcSecurityGroupIds"),
    ("AWS::EC2::Instance", "SecurityGroupIds"),
    ("AWS::EC2::VPCEndpoint", "SecurityGroupIds"),
    ("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups"),
    ("AWS::EFS::MountTarget", "SecurityGroups"),
    ("AWS::EKS::Cluster", "ResourcesVpcConfig.SecurityGroupIds"),
    ("AWS::ElastiCache::CacheCluster", "VpcSecurityGroupIds"),
    ("AWS::ElastiCache::ReplicationGroup", "SecurityGroupIds"),
    ("AWS::ElastiCache::ServerlessCache", "SecurityGroupIds"),
    (_LOAD_BALANCER, "SecurityGroups"),
    ("AWS::MemoryDB::Cluster", "SecurityGroupIds"),
    ("AWS::MSK::Cluster", "BrokerNodeGroupInfo.SecurityGroups"),
    ("AWS::MSK::ServerlessCluster", "VpcConfigs.SecurityGroups"),
    ("AWS::Neptune::DBCluster", "VpcSecurityGroupIds"),
    ("AWS::OpenSearchService::Domain", "VPCOptions.SecurityGroupIds"),
    ("AWS::RDS::DBCluster", "VpcSecurityGroupIds"),
    ("AWS::RDS::DBInstance", "VPCSecurityGroups"),
    ("AWS::RDS::DBProxy", "VpcSecurityGroupIds"),
    ("AWS::Redshift::Cluster", "VpcSecurityGroupIds"),
    ("AWS::RedshiftServerless::Workgroup", "SecurityGroupIds"),
    ("AWS::S3Files::MountTarget", "SecurityGroups"),
)

USES: Final[tuple[Use, ...]] = (
    Use(FUNCTION_TYPE, "Role", _ROLES),
    Use(FUNCTION_TYPE, "VpcConfig.SubnetIds", (_SUBNET,)),
    Use(FUNCTION_TYPE, "VpcConfig.SecurityGroupIds", _GROUPS),
    Use(FUNCTION_TYPE, "FileSystemConfigs.Arn",
        ("AWS::EFS::AccessPoint", "AWS::S3Files::AccessPoint")),
    *(Use(qualified, "FunctionName", (FUNCTION_TYPE,)) for qualified in (ALIAS_TYPE, VERSION_TYPE)),
    *(
        Use(f"{service}::AccessPoint", "FileSystemId", (f"{service}::FileSystem",))
        for service in ("AWS::EFS", "AWS::S3Files")
    ),
    *(Use(kind, name, _GROUPS) for kind, name in _GUARDED),
    Use(_SECURITY_GROUP, "VpcId", (_VPC,)),
    Use(_SUBNET, "VpcId", (_VPC,)),
    Use("AWS::EC2::SubnetRouteTableAssociation", "RouteTableId", (_ROUTE_TABLE,)),
    Use("AWS::EC2::SubnetNetworkAclAssociation", "NetworkAclId", ("AWS::EC2::NetworkAcl",)),
    Use("AWS::EC2::Route", "NatGatewayId", ("AWS::EC2::NatGateway",)),
    Use("AWS::EC2::Route", "GatewayId", ("AWS::EC2::InternetGateway",)),
    Use("AWS::EC2::Route", "TransitGatewayId", ("AWS::EC2::TransitGateway",)),
    Use("AWS::EC2::Route", "InstanceId", ("AWS::EC2::Instance",)),
    Use("AWS::EC2::NatGateway", "SubnetId", (_SUBNET,)),
    Use("AWS::EC2::Instance", "IamInstanceProfile", ("AWS::IAM::InstanceProfile",)),
    Use("AWS::IAM::InstanceProfile", "Roles", _ROLES),
    Use("AWS::RDS::DBInstance", "DBClusterIdentifier", ("AWS::RDS::DBCluster",)),
    Use("AWS::RDS::DBProxyEndpoint", "DBProxyName", ("AWS::RDS::DBProxy",)),
    Use("AWS::RDS::DBProxyTargetGroup", "DBClusterIdentifiers", ("AWS::RDS::DBCluster",)),
    Use("AWS::RDS::DBProxyTargetGroup", "DBInstanceIdentifiers", ("AWS::RDS::DBInstance",)),
    Use("AWS::RedshiftServerless::Workgroup", "NamespaceName",
        ("AWS::RedshiftServerless::Namespace",)),
    Use("AWS::SecretsManager::SecretTargetAttachment", "TargetId", _DATABASES),
    Use("AWS::SNS::Subscription", "Endpoint", ("AWS::SQS::Queue", *_LAMBDA)),
    Use("AWS::Events::Rule", "Targets.Arn", ("AWS::SQS::Queue", "AWS::SNS::Topic", *_LAMBDA)),
    Use("AWS::Lambda::EventSourceMapping", "FunctionName", _LAMBDA),
    Use("AWS::Lambda::Url", "TargetFunctionArn", _LAMBDA),
    Use("AWS::StepFunctions::StateMachine", "RoleArn", _ROLES),
    Use("AWS::ApiGateway::BasePathMapping", "RestApiId", _APIS),
    Use("AWS::ApiGatewayV2::ApiMapping", "ApiId", _APIS),
    Use("AWS::CloudFront::Distribution", "DistributionConfig.Origins",
        ("AWS::S3::Bucket", _LOAD_BALANCER, *_APIS)),
    Use("AWS::Cognito::UserPoolClient", "UserPoolId", _POOL),
    Use("AWS::ECS::Service", "Cluster", ("AWS::ECS::Cluster",)),
    Use("AWS::ECS::Service", "LoadBalancers.TargetGroupArn", (_TARGET_GROUP,)),
    Use("AWS::ECS::Service", "TaskDefinition", ("AWS::ECS::TaskDefinition",)),
    Use("AWS::ECS::TaskDefinition", "TaskRoleArn", _ROLES),
    Use("AWS::ECS::TaskDefinition", "ExecutionRoleArn", _ROLES),
)  # fmt: skip
"""Through which properties a resource needs the companions of others."""
