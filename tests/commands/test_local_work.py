"""Commands that work on templates ask nobody: not AWS, not a registry, not the network.

Each runs in a process in which Python's audit events refuse to use a socket.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.support.command_line import CLEAN, ROOT

_WITHOUT_NETWORK: Final = """\
import contextlib, io, json, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise SystemExit(f"asked the network: {event} {arguments!r}")

sys.addaudithook(refuse)
from cfn_trigger.main import main

ends = []
for arguments in json.loads(sys.argv[1]):
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            main(arguments)
        except SystemExit as end:
            ends.append([arguments, end.code, errors.getvalue()])
print(json.dumps(ends))
"""
_HEAD: Final = """\
Transform: [AWS::Serverless-2016-10-31, Trigger]
Parameters:
  Path: {Type: String, Default: ./source}
  Stored: {Type: AWS::SSM::Parameter::Value<String>, Default: /level}
Resources:
  Run: {Type: Custom::Trigger, Properties: {Handler: !Ref Fn, ExecuteAfter: ["*"]}}
"""
_FUNCTION: Final = """\
  Fn:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ./source, Runtime: python3.13, Handler: app.handler}
"""
ACCEPTED: Final = {
    "an application of the repository": f"""{_FUNCTION}\
  App:
    Type: AWS::Serverless::Application
    Properties:
      Location:
        ApplicationId: arn:aws:serverlessrepo:us-east-1:123456789012:applications/app
        SemanticVersion: 1.0.0
""",
    "an application that is computed": f"""{_FUNCTION}\
  App:
    Type: AWS::Serverless::Application
    Properties: {{Location: {{ApplicationId: !Ref Path, SemanticVersion: !Ref Stored}}}}
""",
    "a local application": f"""{_FUNCTION}\
  App: {{Type: AWS::Serverless::Application, Properties: {{Location: ./app.yaml}}}}
""",
    "an image that is not built": """\
  Fn:
    Type: AWS::Serverless::Function
    Metadata: {Dockerfile: Dockerfile, DockerContext: .}
    Properties: {PackageType: Image}
""",
    "a local image": """\
  Fn: {Type: AWS::Serverless::Function, Properties: {PackageType: Image, ImageUri: fn:latest}}
""",
    "a function without code": """\
  Fn: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: app.handler}}
""",
    "code at a path in a parameter": """\
  Fn:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: !Ref Path, Runtime: python3.13, Handler: app.handler}
""",
    "a layer and definitions at local paths": f"""{_FUNCTION}\
  Libs: {{Type: AWS::Serverless::LayerVersion, Properties: {{ContentUri: ./libs}}}}
  Api: {{Type: AWS::Serverless::HttpApi, Properties: {{DefinitionUri: ./api.yaml}}}}
""",
    "managed policies by name": """\
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ./source
      Runtime: python3.13
      Handler: app.handler
      Policies: [AWSLambdaExecute, AmazonS3ReadOnlyAccess, {S3ReadPolicy: {BucketName: data}}]
""",
    "dynamic references": f"""{_FUNCTION}\
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      TableName: '{{{{resolve:ssm:/table:1}}}}'
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
""",
}


def ends(folder: Path, *command_lines: list[str]) -> list[Any]:
    """Return each command line with its exit code and what it printed to standard error."""
    environment = {name: value for name, value in CLEAN.items() if value is not None}
    ended = subprocess.run(
        [sys.executable, "-c", _WITHOUT_NETWORK, json.dumps(command_lines)],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ended.stdout)  # type: ignore[no-any-return]


def test_what_the_sam_cli_accepts_is_accepted_without_a_question(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("Resources: {Queue: {Type: AWS::SQS::Queue}}\n")
    for name, resources in ACCEPTED.items():
        (tmp_path / f"{name}.yaml").write_text(f"{_HEAD}{resources}")
    lines = [[command, f"{name}.yaml"] for name in ACCEPTED for command in ("plan", "graph")]
    lines.append(["check", *(f"{name}.yaml" for name in ACCEPTED)])

    assert ends(tmp_path, *lines) == [[line, 0, ""] for line in lines]


def test_every_command_for_templates_ends_without_a_question(tmp_path: Path) -> None:
    resources = ACCEPTED["an application of the repository"]
    (tmp_path / "t.yaml").write_text(f"{_HEAD}{resources}")
    codes = {
        ("expand", "t.yaml"): 2,
        ("expand", "--sam", "t.yaml"): 1,
        ("plan", "t.yaml", "--against", "t.yaml"): 0,
        ("graph", "t.yaml", "--format", "svg"): 0,
        ("check", "t.yaml", "--format", "sarif"): 0,
        ("init", "."): 0,
        ("new", "starter"): 0,
    }

    ended = ends(tmp_path, *map(list, codes))

    assert {tuple(line): code for line, code, _ in ended} == codes
