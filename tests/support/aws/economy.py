"""What the provider promises about time: few executions, few questions, no attempt in vain.

Each promise yields what breaks it, as those of `promises` do.
"""

import math
from collections.abc import Iterator
from typing import Final

from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Attempt
from tests.support.aws.requests import Answer, Request
from tests.support.aws.virtual_time import FOREVER
from trigger_provider.index import LOST, NOT_SENT

FIRST_QUESTIONS: Final = 5  # as often as a request begins by asking, however short it is
ASKED_AGAIN: Final = 3  # more, where status and events lag behind
ACCEPTED, CONFLICT, THROTTLED = 202, 409, 429
CROWDED: Final = b'"ConcurrentInvocationLimitExceeded"'
LATEST: Final = 4200.0  # seconds after which a part begins a new run
WHOLE: Final = 860.0  # seconds that a fresh execution has for an attempt, at least


def hops_seldom(cloud: Cloud, request: Request) -> Iterator[str]:
    """Executions are long and few; where slots are scarce, giving way is no fault.

    An execution may end before one more run of the function would fit into it, and gives way at
    every other refusal for want of concurrency.
    """
    if cloud.lambda_service.pool.limit < FOREVER:
        return
    crowded = sum(call.name == "invoke" and CROWDED in call.body for call in request.calls)
    ended = max((each.ended for each in request.executions), default=request.sent_at)
    lasted = min(request.timeout + 60, ended - request.sent_at)
    most = 2 + math.ceil(lasted / min(max(880 - cloud.handler.timeout, 240), 840)) + crowded // 2
    if len(request.executions) > most:
        yield f"{len(request.executions)} executions in {lasted:.0f} s"


def asks_seldom(cloud: Cloud, request: Request) -> Iterator[str]:
    """CloudFormation is asked at most twice a minute."""
    ended = max((each.ended for each in request.executions), default=request.sent_at)
    first = FIRST_QUESTIONS + (ASKED_AGAIN if cloud.api.lag or cloud.api.events_lag else 0)
    most = 2 * math.ceil((ended - request.sent_at) / 60) + first
    if len(request.questions) > most:
        lasted = ended - request.sent_at
        yield f"{len(request.questions)} questions to CloudFormation in {lasted:.0f} s"


def run_began(cloud: Cloud, request: Request) -> float:
    """Return when the run of a request was asked for: of a part, when the first part was."""
    if "Previous" not in request.properties or request.kind == "Delete":
        return request.sent_at
    first = f"{request.properties.get('PartOf', request.trigger)}Part1"
    earlier = (each.sent_at for each in cloud.requests if each.trigger == first)
    return max(at for at in earlier if at <= request.sent_at)


def cuts_no_attempt_short(cloud: Cloud, request: Request) -> Iterator[str]:
    """No attempt begins without the time that a fresh execution would have for it.

    How long one may take is known from its function's Timeout, then from what earlier ones took,
    also in earlier parts. Where executions had to end early, the next attempt takes what it finds:
    they stay few.
    """
    looks = [call.answers_question for call in request.calls if call.name == "look"]
    due = run_began(cloud, request) + request.timeout
    earlier = [each for part in requests_of_run(cloud, request)[1:] for each in part.attempts]
    longest = max((took(each) for each in earlier), default=FOREVER)
    if looks and not any(looks):  # nobody knows the function's Timeout
        longest = 0.0
    if request.takes_back or request.kind == "Delete":  # there is no other part to go on
        due = min(due, request.deadline)
    for each in request.attempts:
        cut = each.invocation_type == "RequestResponse" and each.allowed < each.run.seconds
        fits = each.run.seconds <= WHOLE and due - each.began > each.run.seconds + 15
        expected = each.run.seconds <= max(60, 1.5 * longest)
        longest = max(took(each), 0 if longest == FOREVER else longest)
        begun = sum(one.began <= each.began for one in request.executions)
        spent = begun > 2 + (each.began - request.sent_at) / 840
        if cut and fits and expected and not spent and each.allowed < WHOLE:
            yield f"an attempt of {each.run.seconds:.0f} s was allowed {each.allowed:.0f} s"


def took(attempt: Attempt) -> float:
    """Return the seconds after which the provider no longer waited for an attempt."""
    return min(attempt.run.seconds, attempt.allowed)


def gives_up_no_earlier_than_it_must(cloud: Cloud, request: Request) -> Iterator[str]:
    """A failure is final only when attempts or time are spent: what passes is waited out."""
    answer, due = request.answer, run_began(cloud, request) + request.timeout
    if answer is None or answer.status != "FAILED" or request.cancelled_at < FOREVER:
        return
    if any(call.name == "hand over" and call.status != ACCEPTED for call in request.calls):
        return
    if ends_with_its_timeout(cloud, request, answer):
        return
    invocations = [call.status for call in request.calls if call.name == "invoke"]
    if invocations[-1:] == [LOST]:  # it may run, or have run
        return
    last = request.attempts[-1] if request.attempts else None
    match last.run.ends if last and last.heard else "unheard" if last else "refused":
        case "pending" if last:
            poll = request.settings.get("PollInterval", 10)
            after = last.run.retry_after
            pause = max(1.0, float(poll if after is None else after))
        case "failed" if attempts_left(request, requests_of_run(cloud, request)) > 0:
            pause = float(request.settings.get("Retry", {}).get("MaxInterval", 60))
        case "refused" if invocations[-1:] in ([THROTTLED], [CONFLICT], [NOT_SENT]):
            pause = 10.0
        case _:
            return
    if answer.at + pause + 1 < due:
        yield f"gave up {due - answer.at:.0f} s before its Timeout: {answer.reason}"


def attempts_left(request: Request, of_run: list[Request]) -> int:
    """Return how many more attempts a request is granted: what was lost may have been one."""
    attempts = [attempt for each in of_run for attempt in each.attempts]
    calls = [call for each in of_run for call in each.calls]
    tried = sum(each.heard and each.run.ends != "pending" for each in attempts)
    lost = sum(call.name == "invoke" and call.status == LOST for call in calls)
    return int(request.settings.get("Retry", {}).get("MaxAttempts", 1)) - tried - lost


def requests_of_run(cloud: Cloud, request: Request) -> list[Request]:
    """Return a request and those of earlier parts that passed the run on to it, the last first."""
    of_run = [request]
    while not request.takes_back and request.kind != "Delete":
        last = of_run[-1]
        run = last.properties.get("Previous")
        is_known = run is None or (last.old_properties or {}).get("Previous") == run
        earlier = [] if is_known else [each for each in cloud.requests if passed_on(each, run)]
        if not earlier or last.sent_at - earlier[-1].sent_at > LATEST:
            break
        of_run.append(earlier[-1])
    return of_run


def passed_on(request: Request, run: object) -> bool:
    """Return whether a part answered with this state of a run."""
    return any(answer.data.get("Run") == run for answer in request.answers)


def ends_with_its_timeout(cloud: Cloud, request: Request, answer: Answer) -> bool:
    """Return whether an execution ends in the last minute: the next might begin too late.

    What counts is the execution that gave up: another may have put its answer again. While nobody
    knew whether the stack rolls back, no Timeout passed.
    """
    known_at = [call.at for call in request.calls if call.name == "look"] or [request.sent_at]
    asked_for = known_at[0] - request.sent_at if request.kind == "Update" else 0
    due = run_began(cloud, request) + request.timeout + asked_for
    puts = [call.at for call in request.calls if call.name == "put"]
    first_put = min(puts, default=answer.at)  # none if the execution was killed meanwhile
    ends_at = [each.ends_at for each in request.executions if each.began <= first_put][-1]
    return answer.at > due - 60 - asked_for and ends_at < due + 10
