"""A trigger that takes hours, in parts: each passes on to the next what it knows of the run.

Knows the attribute Run of a part, and the property Previous in which the next finds it. Refuses to
know when a part ends (`decision`), and what an answer says (`answer`).
"""

import base64
import json
import zlib
from typing import Final

from trigger_provider.answer import LIMIT, answer, echo, physical_id
from trigger_provider.calls import description_of
from trigger_provider.request import (
    ABSENT,
    PART,
    Map,
    Outcome,
    Progress,
    Request,
    failed,
    sent_at,
)
from trigger_provider.result import LONGEST_ID
from trigger_provider.text import encoded, size, truncate

LATEST: Final = 4200
"""Seconds after which a part no longer goes on: the one before answers within an hour."""

LONGEST_PASSED_ON: Final = 1000
"""Bytes of a message that is passed on."""


def resumed(event: Map, request: Request, now: float) -> Map:
    """Return an event with the Progress that the part before passed on in this deployment."""
    run, old = event["ResourceProperties"].get("Previous"), event.get("OldResourceProperties", {})
    if "Progress" in event or request.kind == "Delete" or run in {None, old.get("Previous")}:
        return event
    known: Map = json.loads(zlib.decompress(base64.b85decode(run)))
    # What succeeded is answered with SUCCESS in any case; before a FAILED, each part asks again.
    is_sure = known["outcome"][0] in {"done", "skipped"}
    rolling_back = bool(known["rolling_back"]) if is_sure else None
    own: Map = {"sent": sent_at(event, now), "hops": 0, "rolling_back": rolling_back, "status": ""}
    is_late = own["sent"] - known["sent"] > LATEST
    return event if is_late else event | {"Progress": known | own}


def answer_of_part(request: Request, progress: Progress, outcome: Outcome) -> tuple[Map, str]:
    """Compose an answer; that of a part holds what it passes on to the next."""
    body, reason = answer(request, progress, outcome)
    if not request.part_of or request.kind == "Delete" or body["Status"] == "FAILED":
        return body, reason
    last = progress.outcome if outcome.kind == "passed" else outcome._replace(is_final=True)
    result = last.result if last.kind == "done" and last.result is not ABSENT else None
    message = truncate(last.message, LONGEST_PASSED_ON)
    kept = progress._replace(
        outcome=last._replace(message=message, frames=(), log="", result=result),
        identity=description_of(
            request._replace(old_payload=ABSENT), progress._replace(state=None)
        ),
        fresh=True,
    )
    run = base64.b85encode(zlib.compress(encoded(kept._asdict()), 9)).decode()
    body = echo(request, "SUCCESS", truncate(PART + physical_id(request, progress), LONGEST_ID))
    body |= {"Reason": "the next part continues", "NoEcho": True, "Data": {"Run": run}}
    if size(body) <= LIMIT:
        return body, reason
    message = "after an hour, a result or EventState may have at most 3,000 bytes when compressed"
    return answer_of_part(request, progress, failed("TooLong", message))
