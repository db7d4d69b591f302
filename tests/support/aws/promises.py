"""The provider's promises, held against everything that happened in a cloud.

Each promise is a function of one request that yields what breaks it. Knows the contract between
CloudFormation, provider and handler; refuses to know how the provider keeps it.
"""

from collections.abc import Callable, Iterator

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import SECRET, STACK_NAME
from tests.support.aws.economy import (
    asks_seldom,
    cuts_no_attempt_short,
    gives_up_no_earlier_than_it_must,
    hops_seldom,
    requests_of_run,
)
from tests.support.aws.obligations import (
    changes_settings_alone,
    is_forgiven,
    last_heard,
    must_not_run,
    undone_run,
    was_answered,
    was_never_created,
)
from tests.support.aws.requests import OK, Request
from tests.support.aws.virtual_time import FOREVER

Promise = Callable[[Cloud, Request], Iterator[str]]
ACCEPTED = 202
FORBIDDEN = 403
LONGEST_QUEUED = 60.0  # seconds in Lambda's queue with which a provider has to reckon
RESERVE = 30.0  # seconds within which an execution may end before it could do better


def broken_promises(cloud: Cloud) -> list[str]:
    """Return every promise that was broken, with the request that it was broken to."""
    cloud.settle()
    ends = [each.end for each in cloud.executions if each.end.startswith("crashed")]
    broken = [f"an execution {end}" for end in ends]
    for request in cloud.requests:
        for promise in IN_ANY_CASE if "delivered twice" in request.excuses else PROMISES:
            where = f"{request.kind} {request.trigger} at {request.sent_at - 1.8e9:.0f}"
            broken += [f"{where}: {breach}" for breach in promise(cloud, request)]
    return [*broken, *nothing_is_orphaned(cloud)]


# ---- the promises


def is_answered_once(cloud: Cloud, request: Request) -> Iterator[str]:
    """CloudFormation gets one answer, in time, whatever fails on the way.

    A fresh execution may begin a minute after it was asked for; one that Lambda's queue keeps
    longer may begin too late. Where Lambda refuses a fresh execution while the bucket refuses the
    response, the last execution ends with it.
    """
    if request.answer is not None or request.cancelled_at < FOREVER:
        return
    too_late = begins_too_late(request) or was_queued_too_long(request)
    is_refused = request.refused_puts and any(
        call.name == "hand over" and call.status != ACCEPTED for call in request.calls
    )
    asks = request.kind == "Update" or undone_run(request)
    unknown = asks and not was_answered(request, "DescribeStacks")
    bucket_out = any(
        begins < request.deadline and ends > request.deadline - 4 * RESERVE
        for begins, ends, _ in cloud.bucket.outages
    )
    excuses = request.excuses & {"killed", "event lost"}
    if not (excuses or too_late or unknown or bucket_out or is_refused):
        yield "no answer in time"


def begins_too_late(request: Request) -> bool:
    """Return whether Lambda's queue kept the event for almost as long as CloudFormation waits."""
    began = min((each.began for each in request.executions), default=FOREVER)
    return began > request.deadline - RESERVE


def was_queued_too_long(request: Request) -> bool:
    """Return whether the last execution was asked for in time and began after the deadline."""
    asked_at = [call.at for call in request.calls if call.name == "hand over"]
    began = max((each.began for each in request.executions), default=0)
    waited = began - max(asked_at, default=began)
    return began > request.deadline - RESERVE and waited > LONGEST_QUEUED


def never_wedges_a_stack(_cloud: Cloud, request: Request) -> Iterator[str]:
    """A Delete and a rollback are never answered FAILED, nor is what may be a rollback.

    An event that was in Lambda's queue for too long leaves no time to ask twice.
    """
    for answer in request.answers[:1]:  # nobody reads another
        if answer.status != "FAILED":
            continue
        if request.kind == "Delete":
            yield "FAILED in answer to a Delete"
        if request.takes_back:
            yield f"FAILED in answer to a rollback: {answer.reason}"
        denied = any(call.status == 403 for call in request.calls if "Describe" in call.name)
        asked = denied or begins_too_late(request) or was_answered(request, "DescribeStacks")
        if request.kind == "Update" and not asked:
            yield f"FAILED while nobody knows whether it is a rollback: {answer.reason}"


def starts_as_often_as_granted(cloud: Cloud, request: Request) -> Iterator[str]:
    """A handler starts once for each attempt and poll that is granted, and not after success.

    All parts of a trigger have together what one trigger has.
    """
    retry = request.settings.get("Retry", {})
    of_run = requests_of_run(cloud, request)[::-1]
    if not request.attempts or any("delivered twice" in each.excuses for each in of_run):
        return
    attempts = [attempt for each in of_run for attempt in each.attempts]
    polls = sum(each.heard and each.run.ends == "pending" for each in attempts)
    granted = 0 if must_not_run(request) else retry.get("MaxAttempts", 1) + polls
    if len(attempts) > granted:
        yield f"{len(attempts)} starts, {granted} were granted"
    done = any(each.heard and each.run.ends == "done" for each in attempts[:-1])
    if done and "Expect" not in request.properties:
        yield "a start after it was done"


def runs_only_what_changed(cloud: Cloud, request: Request) -> Iterator[str]:
    """An Update of settings alone runs nothing, unless the last run failed.

    One that is cancelled before the provider can ask, and be told of its own beginning, is told
    that the stack rolls back, as the rollback itself is, and runs like that.
    """
    failed_before = any(
        event.logical_id == request.trigger and event.status.endswith("FAILED")
        for event in cloud.history.events
        if event.at <= request.sent_at
    )
    answered_at = [
        call.at
        for call in request.calls
        if call.name == "DescribeStackEvents" and call.answers_question
        if call.at >= request.sent_at + cloud.api.events_lag
    ]
    known = min(answered_at, default=FOREVER) < request.cancelled_at and not failed_before
    if changes_settings_alone(request) and request.attempts and known:
        yield "the handler ran for settings alone"


def keeps_the_handlers_id(_cloud: Cloud, request: Request) -> Iterator[str]:
    """A valid physical id that a handler gave is in every answer from then on.

    A part of a trigger has an id of its own, which says that its Delete runs nothing.
    """
    is_part = "PartOf" in request.properties
    if request.kind == "Delete" or request.is_of_undo or is_part:
        return
    ids = [each.known_id for each in request.attempts if each.known_id]
    for answer in request.answers:
        if ids and answer.physical_id not in ids:
            yield f"the handler's id {ids[-1]} is lost, the answer has {answer.physical_id}"
        is_begun = "Previous" in request.properties  # an earlier part may have heard of an id
        kept = ids or is_begun or answer.physical_id == request.old_id
        kept = kept or was_never_created(request)
        if request.kind == "Update" and not kept:
            yield f"the physical id changed to {answer.physical_id}"


def remembers_what_was_begun(_cloud: Cloud, request: Request) -> Iterator[str]:
    """A Create of which a poll was heard has begun something: its Delete runs the handler."""
    polled = any(each.known_ending == "pending" for each in request.attempts)
    if request.kind != "Create" or not polled or not request.properties.get("ExecuteOnDelete"):
        return
    for answer in request.answers:
        if answer.physical_id == f"{request.trigger}-create-failed":
            yield "what a polled handler began is answered as never created"


def tells_the_truth(_cloud: Cloud, request: Request) -> Iterator[str]:
    """SUCCESS means that it succeeded or was forgiven; FAILED means that it did not succeed."""
    answer, last = request.answer, last_heard(request)
    waits = request.properties.get("InvocationType", "RequestResponse") == "RequestResponse"
    if answer is None or request.cancelled_at < FOREVER or not waits:
        return
    ends = last.run.ends if last else "nothing"
    is_relayed = bool(request.properties.keys() & {"PartOf", "Previous"})
    if answer.status == "SUCCESS" and not is_forgiven(request) and not is_relayed:
        if request.attempts and ends != "done":
            yield f"SUCCESS after {ends}"
        must_run = request.kind == "Create" and not must_not_run(request)
        if must_run and not request.attempts:
            yield "SUCCESS without a run"
    plain = not request.properties.keys() & {"Expect", "Attributes"}
    if answer.status == "FAILED" and ends == "done" and plain:
        yield f"FAILED though the handler was done: {answer.reason}"


def leaves_no_durable_run(_cloud: Cloud, request: Request) -> Iterator[str]:
    """No durable execution goes on after the answer: a function with one cannot be deleted.

    Nobody can stop what nobody could name: a start of which the reply never came. A part of a
    trigger that passes on leaves its execution to the next.
    """
    starts = [call for call in request.calls if call.name == "invoke"]
    is_unnamed = bool(starts) and starts[-1].status != ACCEPTED
    stops = [call for call in request.calls if call.name == "stop"]
    is_refused = any(call.status != OK for call in stops)
    if request.excuses or is_unnamed or is_refused:
        return
    passes_on = "PartOf" in request.properties
    for answer in request.answers[:1] if not passes_on else ():
        for each in request.attempts:
            awaited = each.is_durable and each.invocation_type == "RequestResponse"
            if awaited and each.ended > answer.at:
                yield f"a durable execution goes on for {each.ended - answer.at:.0f} s"


def undoes_what_is_rolled_back(cloud: Cloud, request: Request) -> Iterator[str]:
    """What is undone is a run that succeeded, since the stack was last stable, and only once."""
    if not request.is_of_undo or not request.attempts:
        return
    run = undone_run(request)
    of_run = [each for each in cloud.requests if run in run_ids(each)]
    if not of_run:
        yield f"the run {run!r} is undone, and nobody has heard of it"
    at_rest = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    rests = [
        event.at
        for event in cloud.history.events
        if event.logical_id == STACK_NAME and event.status in at_rest and event.at < request.sent_at
    ]
    for each in of_run:
        if each.sent_at < max(rests, default=0):
            yield "a run of an earlier deployment is undone"
        last = last_heard(last_with_attempts(cloud, each))
        is_done = last is not None and last.run.ends == "done"
        if not is_done and "delivered twice" not in each.excuses:
            yield "a run that did not succeed is undone"
    undone = [each for each in cloud.requests if each.attempts and undone_run(each) == run]
    if len(undone) > 1 and not any(each.excuses for each in undone):
        yield f"the run {run!r} is undone {len(undone)} times"


def last_with_attempts(cloud: Cloud, request: Request) -> Request:
    """Return the last request that attempted this run, which may be that of an earlier part."""
    before = cloud.requests[: cloud.requests.index(request) + 1]
    relayed = [each for each in before if owner(each) == owner(request) and each.attempts]
    return relayed[-1] if relayed else request


def run_ids(request: Request) -> set[str]:
    """Return the ids of runs that succeeded, as the answers to a trigger's request have them."""
    return {each.data.get("TriggerRunId", "") for each in request.answers} - {""}


def keeps_secrets(_cloud: Cloud, request: Request) -> Iterator[str]:
    """With NoEcho no reason and no error holds what a handler said."""
    for answer in request.answers:
        revealed = answer.reason + answer.data.get("Error", "")
        if request.properties.get("NoEcho") and SECRET in revealed:
            yield f"a secret is revealed: {revealed}"


def runs_the_new_code(_cloud: Cloud, request: Request) -> Iterator[str]:
    """While a function is updated, its old code is not run by who could see that it is.

    What runs after its request was cancelled may meet the update of a later deployment, and with a
    short Timeout a handler that may not be looked at any longer runs all the same.
    """
    for first in request.attempts[:1] if request.cancelled_at == FOREVER else ():
        looks = [call for call in request.calls if call.name == "look" and call.at <= first.began]
        could_see = any(look.answers_question for look in looks) and looks[-1].status != FORBIDDEN
        if first.code == "old" and could_see:
            yield "the old code ran"


def nothing_is_orphaned(cloud: Cloud) -> Iterator[str]:
    """What a handler made is deleted with its trigger, if its trigger says so."""
    if cloud.stack.status not in {"DELETE_COMPLETE", "ROLLBACK_COMPLETE"}:
        return
    if any(request.excuses or request.cancelled_at < FOREVER for request in cloud.requests):
        return
    deletes = [request for request in cloud.requests if request.kind == "Delete"]
    done = {
        (owner(each), each.old_id)
        for each in deletes
        if must_not_run(each) or any(call.name in {"invoke", "look"} for call in each.calls)
    }
    for request in cloud.requests:
        ids = [each.known_id for each in request.attempts]
        last_id = next((each for each in ids[::-1] if each), None)
        # What a part of an update has begun and not done is not deleted under the trigger's id.
        is_done = request.answer is not None and request.answer.status == "SUCCESS"
        is_undone = request.kind == "Update" and (request.takes_back or not is_done)
        is_unheard = is_undone and "PartOf" in request.properties
        is_kept = request.kind != "Delete" and not (request.is_of_undo or is_unheard)
        known = is_kept and request.answer is not None
        is_lost = last_id and known and (owner(request), last_id) not in done
        if is_lost and not has_a_later_id(cloud, request):
            yield f"{last_id} of {request.trigger} was never deleted"


def has_a_later_id(cloud: Cloud, request: Request) -> bool:
    """Return whether a later part of the same run received another id from its handler."""
    return any(
        request in requests_of_run(cloud, each)[1:]
        and any(attempt.known_id for attempt in each.attempts)
        for each in cloud.requests
    )


def owner(request: Request) -> str:
    """Return the logical id of the trigger that a request is about, or about a part of."""
    return str(request.properties.get("PartOf", request.trigger))


IN_ANY_CASE: tuple[Promise, ...] = (never_wedges_a_stack, keeps_secrets)
PROMISES: tuple[Promise, ...] = (
    is_answered_once,
    never_wedges_a_stack,
    starts_as_often_as_granted,
    runs_only_what_changed,
    keeps_the_handlers_id,
    remembers_what_was_begun,
    tells_the_truth,
    leaves_no_durable_run,
    undoes_what_is_rolled_back,
    keeps_secrets,
    hops_seldom,
    asks_seldom,
    cuts_no_attempt_short,
    gives_up_no_earlier_than_it_must,
    runs_the_new_code,
)
