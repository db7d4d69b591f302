"""The macro as it is shipped: its package, built by the Makefile, under the real runtime client.

Knows the package and the envelope. Refuses to know what an expansion holds: it must be what the
stages give in this process.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from macro.expand import expand
from macro.model import Deployment
from tests.support.lambda_function import REPOSITORY, Function, built_by_make, function

TEMPLATE = {
    "Resources": {
        "Check": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}}},
        "Run": {"Type": "Custom::Trigger", "Properties": {"Handler": {"Ref": "Check"}}},
    }
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    return built_by_make("build-MacroFunction", folder)


@pytest.fixture(scope="module")
def macro(package: Path) -> Iterator[Function]:
    with function(package, "macro.handler.handler") as running:
        yield running


def event(fragment: object) -> dict[str, object]:
    return {
        "region": "us-east-1",
        "accountId": "123456789012",
        "fragment": fragment,
        "transformId": "123456789012::Trigger",
        "params": {},
        "requestId": "request-1",
        "templateParameterValues": {},
    }


def test_the_package_holds_the_macro_the_provider_and_what_they_import(package: Path) -> None:
    found = {path.name for path in package.iterdir() if not path.name.endswith(".dist-info")}

    assert found - {"__pycache__"} == {
        "macro",
        "trigger_provider",
        "troposphere",
        "cfn_flip.py",
    }


def test_the_package_is_compiled_where_the_runtimes_python_is_installed(package: Path) -> None:
    ask = ["sh", "-c", "python3.13 -c ''"]  # as the Makefile asks: it may be no program at all
    has_python = subprocess.run(ask, check=False, capture_output=True)

    compiled = list((package / "macro").glob("__pycache__/handler.cpython-313.pyc"))

    assert len(compiled) == (has_python.returncode == os.EX_OK)


def test_the_package_expands_a_template_as_the_stages_do(macro: Function) -> None:
    answer = macro.invoke(event(TEMPLATE)).payload

    assert answer == {
        "requestId": "request-1",
        "status": "success",
        "fragment": expand(TEMPLATE, Deployment(request_id="request-1")).fragment,
    }


def test_the_provider_is_embedded_as_its_generated_text(macro: Function) -> None:
    answer = macro.invoke(event(TEMPLATE)).payload

    embedded = answer["fragment"]["Resources"]["TriggerProvider"]["Properties"]["Code"]["ZipFile"]
    assert embedded == (REPOSITORY / "trigger_provider" / "embedded.py").read_text()


def test_the_package_holds_only_the_embedded_forms_of_the_provider(package: Path) -> None:
    names = {path.name for path in package.glob("trigger_provider/*")}

    assert names == {"compressed.py", "embedded.py"}


def test_a_template_without_triggers_comes_back_byte_for_byte(macro: Function) -> None:
    fragment = {"Resources": {"Z": {"Type": "AWS::SQS::Queue"}, "A": {"Type": "AWS::SNS::Topic"}}}

    answer = macro.invoke(event(fragment)).payload

    assert json.dumps(answer["fragment"]) == json.dumps(fragment)


def test_problems_are_an_error_message_and_no_traceback(macro: Function) -> None:
    wrong = {"Resources": {"Run": {"Type": "Custom::Trigger", "Properties": {"Handlr": "x"}}}}

    invocation = macro.invoke(event(wrong))

    assert invocation.payload == {
        "requestId": "request-1",
        "status": "failure",
        "errorMessage": "Run.Handlr: unknown property; did you mean 'Handler'?",
    }
    assert "Traceback" not in invocation.log
