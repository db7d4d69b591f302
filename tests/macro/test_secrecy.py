"""Which attributes of resources may be secrets."""

import pytest

from macro.secrecy import is_secret_attribute
from macro.secret_attributes import SECRET_ATTRIBUTES
from tests.support.templates import fingerprint, function, get, of_type, ref, template, trigger

MARKED = [(kind, name) for kind, names in SECRET_ATTRIBUTES.items() for name in names]


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("AWS::AppSync::ApiKey", "ApiKey"),
        ("AWS::Cognito::UserPoolClient", "ClientSecret"),
        ("AWS::IAM::AccessKey", "SecretAccessKey"),
        ("AWS::IVS::StreamKey", "Value"),
        ("AWS::ManagedBlockchain::Accessor", "BillingToken"),
        ("AWS::SSM::Parameter", "Value"),
    ],
)
def test_what_aws_marks_as_sensitive_or_calls_so_is_a_secret(kind: str, attribute: str) -> None:
    assert attribute in SECRET_ATTRIBUTES[kind]
    assert is_secret_attribute(kind, attribute)


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("AWS::New::Client", "ClientSecret"),
        ("AWS::New::Database", "Endpoint.MasterPassword"),
        ("AWS::New::SigningKey", "Value"),
        ("AWS::New::Thing", "ApiKey"),
        ("AWS::New::Thing", "AccessToken"),
    ],
)
def test_what_is_called_as_a_secret_is_one_without_a_mark(kind: str, attribute: str) -> None:
    assert is_secret_attribute(kind, attribute)


@pytest.mark.parametrize(
    "kind",
    [
        "Custom::Password",
        "AWS::CloudFormation::CustomResource",
        "AWS::CloudFormation::Stack",
        "Company::Vault::Item",
        "",
    ],
)
def test_everything_may_be_a_secret_of_a_type_without_a_public_schema(kind: str) -> None:
    assert is_secret_attribute(kind, "Arn")


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("AWS::DynamoDB::Table", "Arn"),
        ("AWS::RDS::DBCluster", "MasterUserSecret.SecretArn"),
        ("AWS::KMS::Key", "KeyId"),
        ("AWS::ApiGateway::ApiKey", "APIKeyId"),
        ("AWS::Redshift::Cluster", "MasterPasswordSecretArn"),
        ("AWS::S3ObjectLambda::AccessPoint", "Alias.Value"),
    ],
)
def test_what_is_about_a_secret_is_not_one(kind: str, attribute: str) -> None:
    assert not is_secret_attribute(kind, attribute)


@pytest.mark.parametrize(("kind", "attribute"), MARKED)
def test_a_secret_attribute_is_in_no_live_reference(kind: str, attribute: str) -> None:
    handler = function(Environment={"Variables": {"A": get("Thing", attribute)}})
    run = trigger(ExecuteOnResourceChange=["Watched"])
    watched = of_type("AWS::SQS::Queue", Name=get("Thing", attribute))
    fragment = template(Migrate=handler, Thing=of_type(kind), Watched=watched, Run=run)

    assert fingerprint(fragment)["References"] == {"Thing": ref("Thing"), "Watched": ref("Watched")}
