"""The harness itself: what the functions of these tests see is what Lambda would show them."""

import contextlib
import importlib.metadata
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lambda_function import Function, function

CODE = """
import importlib.metadata, os, sys, time
starts = []
def look(event, context):
    starts.append(1)
    print("seen", event)
    return {
        "packages": sorted(d.name for d in importlib.metadata.distributions()),
        "environment": dict(os.environ),
        "path": sys.path,
        "pid": os.getpid(),
        "starts": len(starts),
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "seconds_left": context.get_remaining_time_in_millis() / 1000,
    }
def fail(event, context):
    raise ValueError("no such table")
def sleep(event, context):
    time.sleep(900)
"""


@contextlib.contextmanager
def written(folder: Path, handler: str, *, timeout: int = 900) -> Iterator[Function]:
    (folder / "app.py").write_text(CODE)
    with function(folder, f"app.{handler}", timeout=timeout, memory=256) as made:
        yield made


def test_a_function_sees_only_the_packages_that_lambda_has(tmp_path: Path) -> None:
    with written(tmp_path, "look") as seen:
        packages = seen.invoke({}).payload["packages"]

    assert {"boto3", "botocore", "awslambdaric"} <= set(packages)
    assert not {"pytest", "pip", "troposphere", "aws-sam-cli"} & set(packages)


def test_a_function_has_lambdas_packages_in_the_versions_of_the_development_environment(
    tmp_path: Path,
) -> None:
    (tmp_path / "app.py").write_text(
        "import awslambdaric, boto3, botocore\n"
        "def look(event, context): return [boto3.__version__, botocore.__version__]\n"
    )

    with function(tmp_path, "app.look") as seen:
        payload = seen.invoke({}).payload

    assert payload == [importlib.metadata.version(n) for n in ("boto3", "botocore")]


def test_a_function_inherits_nothing_from_the_process_that_runs_it(tmp_path: Path) -> None:
    with written(tmp_path, "look") as seen:
        payload = seen.invoke({}).payload

    assert not {"VIRTUAL_ENV", "PYTHONPATH", "PYTEST_CURRENT_TEST"} & set(payload["environment"])
    assert not [p for p in payload["path"] if p.startswith(sys.prefix) and "build" not in p]


def test_a_function_knows_its_name_memory_and_deadline(tmp_path: Path) -> None:
    with written(tmp_path, "look", timeout=700) as seen:
        payload = seen.invoke({}).payload

        assert payload["arn"] == seen.arn
    assert payload["memory"] == "256"
    assert 0 < payload["seconds_left"] <= 700


def test_a_second_invocation_is_warm_and_one_after_cold_is_not(tmp_path: Path) -> None:
    with written(tmp_path, "look") as seen:
        counts = [seen.invoke({}).payload["starts"], seen.invoke({}).payload["starts"]]
        seen.cold()
        counts.append(seen.invoke({}).payload["starts"])

    assert counts == [1, 2, 1]


def test_the_log_holds_one_invocation_and_no_other(tmp_path: Path) -> None:
    with written(tmp_path, "look") as seen:
        first, second = seen.invoke({"n": "one"}), seen.invoke({"n": "two"})

    assert "seen {'n': 'one'}" in first.log
    assert "two" not in first.log
    assert "seen {'n': 'two'}" in second.log
    assert "one" not in second.log


def test_an_exception_has_lambdas_error_payload(tmp_path: Path) -> None:
    with written(tmp_path, "fail") as failing:
        payload = failing.invoke({}).payload

    assert payload["errorType"] == "ValueError"
    assert payload["errorMessage"] == "no such table"
    assert 'in fail\n    raise ValueError("no such table")' in payload["stackTrace"][0]


def test_a_timeout_is_enforced_with_lambdas_message(tmp_path: Path) -> None:
    with written(tmp_path, "sleep", timeout=1) as sleeping:
        payload = sleeping.invoke({}).payload

    assert payload == "Task timed out after 1.00 seconds"


def test_nothing_is_left_running_or_listening(tmp_path: Path) -> None:
    with written(tmp_path, "look") as seen:
        payload = seen.invoke({}).payload

    host, port = payload["environment"]["AWS_LAMBDA_RUNTIME_API"].split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=1)
    with pytest.raises(ProcessLookupError):
        os.kill(payload["pid"], 0)
