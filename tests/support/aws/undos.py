"""Triggers with their undos, as the macro emits them, and what happened to them.

Two resources: a trigger `Run`, and its undo, which has another name for each code.
"""

from typing import Any, Final

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import skeleton
from tests.support.aws.functions import Function
from tests.support.aws.template import GetAtt, Other, Template, Trigger, relay

REVERT: Final = "arn:aws:lambda:eu-central-1:123456789012:function:shop-Revert-9Z"
FIRST: Final = {"Rows": 1}
SECOND: Final = {"Rows": 2}


def undo_id(code: str) -> str:
    """Return the logical id of the undo of `Run` with a code."""
    return f"RunUndo{code:0>10}"


def run(
    code: str, *, live: str = "", parts: int = 0, undo: dict[str, Any] | None = None, **more: Any
) -> Template:
    """Return a trigger and its undo, which names the version of its function with this code."""
    fingerprint = {"Code": code} | ({"References": {"Table": live}} if live else {})
    of_run: dict[str, Any] = {
        "Fingerprint": fingerprint,
        "Payload": skeleton({"Version": code}),
        "UndoneBy": undo_id(code),
    }
    return {
        **relay("Run", parts, **(of_run | more)),
        undo_id(code): undo_of("Run", code, **(undo or {})),
    }


def undo_of(name: str, code: str, **more: Any) -> Trigger:
    """Return the undo of a trigger, with what its handler receives about the run."""
    described_run = {
        "RequestType": "Rollback", "LogicalResourceId": name, "PhysicalResourceId": "own",
        "RunId": None, "Payload": {"Version": code}, "Result": None,
    }  # fmt: skip
    holes = [
        {"Path": ["RunId"], "Value": GetAtt(name, "TriggerRunId")},
        {"Path": ["Result"], "Value": GetAtt(name, "Result")},
    ]
    properties: dict[str, Any] = {
        "HandlerArn": f"{REVERT}:{code}",
        "Undo": skeleton(described_run, *holes),
    }
    return Trigger(properties=properties | more)


def with_failing_service(template: Template) -> Template:
    """Return a template with a service that waits for everything else and fails."""
    return {**template, "Service": Other(version="2", fails=True, seconds=5, after=(*template,))}


def with_service(template: Template) -> Template:
    """Return a template with a service that waits for everything else."""
    return {**template, "Service": Other(after=(*template,))}


def undone(revert: Function) -> list[Any]:
    """Return the runs that were undone: the operation, the version in the payload, the result."""
    described = [attempt.description for attempt in revert.attempts]
    return [(it["RollbackOf"], it["Payload"]["Version"], it["Result"]) for it in described]


def errors(cloud: Cloud) -> list[str]:
    """Return the reasons that the provider has logged as errors."""
    return [str(entry["reason"]) for entry in cloud.log if entry.get("level") == "ERROR"]
