"""What a request obliges the provider to do, by the contract alone.

Knows a request and what the provider was told while it served it; refuses to know its answer.
"""

from tests.support.aws.functions import Attempt
from tests.support.aws.requests import Request

SETTINGS = frozenset({
    "Timeout", "Retry", "PollInterval", "OnFailure", "ExecuteOnDelete", "NoEcho",
    "ExecuteOnRollback", "ExecuteOnEveryDeployment", "ServiceTimeout", "UndoneBy",
})  # fmt: skip  # what changes nothing about a run that succeeded


def is_forgiven(request: Request) -> bool:
    """Return whether a failure is answered with SUCCESS."""
    forgiving = request.properties.get("OnFailure") == "Continue"
    return request.kind == "Delete" or request.takes_back or forgiving


def was_never_created(request: Request) -> bool:
    """Return whether the physical id says that no creation succeeded."""
    made_up = "-1KXVQZ3F8R0B" in request.old_id
    return made_up or request.old_id == f"{request.trigger}-create-failed"


def was_answered(request: Request, *actions: str) -> bool:
    """Return whether each of these questions to CloudFormation was answered."""
    return all(
        any(call.name == action and call.answers_question for call in request.calls)
        for action in actions
    )


def undone_run(request: Request) -> str:
    """Return the run that a rollback undoes by this request; empty if there is none.

    An update that changes only how a run would be undone is about no run.
    """
    if not request.is_of_undo or request.kind == "Create" or "ROLLBACK" not in request.stack_status:
        return ""
    undo = request.settings["Undo"]
    if request.kind == "Update" and request.properties["Undo"] == undo:
        return ""
    return next(str(hole["Value"]) for hole in undo["Values"] if hole["Path"] == ["RunId"])


def must_not_run(request: Request) -> bool:
    """Return whether the handler must not be started."""
    properties = request.properties
    if request.is_of_undo:
        return not undone_run(request)
    if properties.get("Enabled") is False:
        return True
    if request.kind == "Delete":
        never = not properties.get("ExecuteOnDelete") or request.old_id.endswith("-create-failed")
        return bool(never)
    skips = request.takes_back and not properties.get("ExecuteOnRollback")
    return skips and was_answered(request, "DescribeStacks") and knows_own_rollback(request)


def knows_own_rollback(request: Request) -> bool:
    """Return whether the provider could learn that an Update takes a failed one back."""
    return "ROLLBACK" in request.stack_status or was_answered(request, "DescribeStackEvents")


def changes_settings_alone(request: Request) -> bool:
    """Return whether an Update changes nothing that a run depends on."""
    is_update = request.kind == "Update" and not request.takes_back
    if not is_update or request.old_properties is None or was_never_created(request):
        return False
    old, new = dict(request.old_properties), dict(request.properties)
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    continues = "Continue" in {old.get("OnFailure"), new.get("OnFailure")}
    return bool(changed) and changed <= SETTINGS and not continues and not new.get("Attributes")


def last_heard(request: Request) -> Attempt | None:
    """Return the last attempt that the provider had a reply of."""
    return next((each for each in request.attempts[::-1] if each.heard), None)
