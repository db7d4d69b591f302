"""The promises can be broken: each is, by a provider that breaks it, and says so."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fakes import probe
from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import SECRET
from tests.support.aws.handler_runs import Run, in_progress, raises, returns
from tests.support.aws.promises import broken_promises
from tests.support.aws.scripted_provider import FAILED, OK, SILENT, Scripted, ScriptedProvider
from tests.support.aws.template import Template, trigger
from trigger_provider.index import Effects


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def cloud(provider: ScriptedProvider) -> Iterator[Cloud]:
    with Cloud(serve=provider.serve) as cloud:
        cloud.handler.always(returns(None))
        yield cloud


def run(code: str = "1", **settings: Any) -> Template:
    return {"Run": trigger(Fingerprint={"Code": code}, **settings)}


def does(cloud: Cloud, provider: ScriptedProvider, work: Callable[[Effects], Any]) -> None:
    """Have the provider do this before it answers a request."""

    def serve(event: dict[str, Any], effects: Effects, me: str) -> None:
        work(effects)
        provider.serve(event, effects, me)

    cloud.serve = serve


def works(effects: Effects, times: int = 1) -> None:
    """Do what a request needs, and start the handler so often."""
    probe.ask(effects, "DescribeStacks")
    probe.look(effects)
    for _ in range(times):
        probe.invoke(effects)


def breaches(cloud: Cloud) -> list[str]:
    return [breach.split(": ", 1)[1] for breach in broken_promises(cloud)]


def test_a_life_that_keeps_them_breaks_none(cloud: Cloud, provider: ScriptedProvider) -> None:
    does(cloud, provider, works)
    cloud.stack.create(run())

    assert breaches(cloud) == []


def test_a_request_without_an_answer(cloud: Cloud, provider: ScriptedProvider) -> None:
    provider.plays(SILENT)
    cloud.stack.create(run(), disable_rollback=True)

    assert breaches(cloud) == ["no answer in time"]


def test_a_delete_that_is_answered_failed(cloud: Cloud, provider: ScriptedProvider) -> None:
    provider.plays(FAILED, FAILED)
    cloud.stack.create(run())

    assert breaches(cloud) == ["FAILED in answer to a Delete"]


def test_an_update_that_is_answered_failed_though_it_may_be_a_rollback(
    cloud: Cloud, provider: ScriptedProvider
) -> None:
    provider.plays(FAILED, OK, FAILED, FAILED)
    cloud.stack.create(run(), disable_rollback=True)
    cloud.stack.update(run())
    cloud.stack.update(run("2"))

    assert breaches(cloud) == [
        "SUCCESS without a run",
        "FAILED while nobody knows whether it is a rollback: no",
        "FAILED in answer to a rollback: no",
        "FAILED while nobody knows whether it is a rollback: no",
    ]


def test_a_handler_that_starts_more_often_than_granted(
    cloud: Cloud, provider: ScriptedProvider
) -> None:
    cloud.handler.always(raises("E", "no"))
    does(cloud, provider, lambda effects: works(effects, 2))
    provider.plays(FAILED)
    cloud.stack.create(run(), disable_rollback=True)

    assert breaches(cloud) == ["2 starts, 1 were granted"]


def test_a_handler_that_starts_again_after_it_was_done(
    cloud: Cloud, provider: ScriptedProvider
) -> None:
    does(cloud, provider, lambda effects: works(effects, 2))
    cloud.stack.create(run(Retry={"MaxAttempts": 2}))

    assert breaches(cloud) == ["a start after it was done"]


def test_a_rollback_that_runs_the_handler(cloud: Cloud, provider: ScriptedProvider) -> None:
    does(cloud, provider, works)
    provider.plays(OK, FAILED, OK)
    cloud.handler.plays(returns(None), raises("E", "no"), returns(None))
    cloud.stack.create(run())
    cloud.stack.update(run("2"))

    assert breaches(cloud) == ["1 starts, 0 were granted"]


def test_settings_that_run_the_handler(cloud: Cloud, provider: ScriptedProvider) -> None:
    def work(effects: Effects) -> None:
        works(effects)
        probe.ask(effects, "DescribeStackEvents")

    does(cloud, provider, work)
    cloud.stack.create(run())
    cloud.stack.update(run(Timeout=60))

    assert breaches(cloud) == ["the handler ran for settings alone"]


def test_an_id_of_the_handler_that_is_lost(cloud: Cloud, provider: ScriptedProvider) -> None:
    cloud.handler.always(returns({"PhysicalResourceId": "own"}))
    does(cloud, provider, works)
    cloud.stack.create(run())

    assert breaches(cloud) == ["the handler's id own is lost, the answer has Run-1"]


def test_what_a_handler_made_and_nobody_deletes(cloud: Cloud, provider: ScriptedProvider) -> None:
    cloud.handler.always(returns({"PhysicalResourceId": "own"}))
    provider.plays(Scripted(physical_id="own"))
    does(cloud, provider, lambda effects: None if cloud.handler.attempts else works(effects))
    cloud.stack.create(run(ExecuteOnDelete=True))
    cloud.stack.delete()

    assert broken_promises(cloud) == ["own of Run was never deleted"]


def test_what_an_asynchronous_run_made_is_known_to_nobody(
    cloud: Cloud, provider: ScriptedProvider
) -> None:
    cloud.handler.always(returns({"PhysicalResourceId": "own"}))
    does(cloud, provider, lambda effects: probe.invoke(effects, kind="Event"))
    cloud.stack.create(run(InvocationType="Event"))
    cloud.stack.delete()

    assert not any("own" in breach for breach in broken_promises(cloud))


def test_what_a_polled_handler_began_and_nobody_remembers(
    cloud: Cloud, provider: ScriptedProvider
) -> None:
    cloud.handler.always(in_progress())
    provider.plays(Scripted(status="FAILED", reason="no", physical_id="Run-create-failed"))
    does(cloud, provider, works)
    cloud.stack.create(run(ExecuteOnDelete=True), disable_rollback=True)

    assert "what a polled handler began is answered as never created" in breaches(cloud)


def test_success_after_a_failure(cloud: Cloud, provider: ScriptedProvider) -> None:
    cloud.handler.always(raises("E", "no"))
    does(cloud, provider, works)
    cloud.stack.create(run())

    assert breaches(cloud) == ["SUCCESS after failed"]


def test_failure_after_success(cloud: Cloud, provider: ScriptedProvider) -> None:
    does(cloud, provider, works)
    provider.plays(FAILED)
    cloud.stack.create(run(), disable_rollback=True)

    assert breaches(cloud) == ["FAILED though the handler was done: no"]


def test_a_secret_that_is_revealed(cloud: Cloud, provider: ScriptedProvider) -> None:
    does(cloud, provider, works)
    provider.plays(Scripted(reason=SECRET))
    cloud.stack.create(run(NoEcho=True))

    assert breaches(cloud) == [f"a secret is revealed: {SECRET}"]


def test_cloudformation_that_is_asked_too_often(cloud: Cloud, provider: ScriptedProvider) -> None:
    def work(effects: Effects) -> None:
        works(effects)
        for _ in range(9):
            probe.ask(effects, "DescribeStacks")

    does(cloud, provider, work)
    cloud.stack.create(run())

    assert breaches(cloud) == ["10 questions to CloudFormation in 4 s"]


def test_an_attempt_that_is_cut_short(cloud: Cloud, provider: ScriptedProvider) -> None:
    cloud.handler.always(returns(None, seconds=300))
    does(cloud, provider, lambda effects: probe.invoke(effects, seconds=100))
    provider.plays(FAILED)
    cloud.stack.create(run(), disable_rollback=True)

    assert breaches(cloud) == ["an attempt of 300 s was allowed 100 s"]


@pytest.mark.parametrize(
    ("run_of_handler", "settings"),
    [(in_progress(), {}), (raises("E", "no"), {"Retry": {"MaxAttempts": 2}})],
    ids=["it was to be polled", "an attempt is left"],
)
def test_a_request_that_is_given_up_too_early(
    cloud: Cloud, provider: ScriptedProvider, run_of_handler: Run, settings: dict[str, Any]
) -> None:
    cloud.handler.always(run_of_handler)
    does(cloud, provider, works)
    provider.plays(FAILED)
    cloud.stack.create(run(**settings), disable_rollback=True)

    assert breaches(cloud) == ["gave up 897 s before its Timeout: no"]


def test_old_code_that_runs(cloud: Cloud, provider: ScriptedProvider) -> None:
    cloud.handler.is_updated_for(60)
    does(cloud, provider, works)
    cloud.stack.create(run())

    assert breaches(cloud) == ["the old code ran"]


def test_executions_that_are_many(cloud: Cloud, provider: ScriptedProvider) -> None:
    cloud.handler.always(in_progress())
    hops: list[int] = []

    def serve(event: dict[str, Any], effects: Effects, me: str) -> None:
        hops.append(1)
        if len(hops) < 5:
            probe.hand_over(effects, event)
        else:
            provider.serve(event, effects, me)

    cloud.serve = serve
    cloud.stack.create(run(OnFailure="Continue"))

    assert breaches(cloud) == ["5 executions in 6 s"]


def test_an_execution_that_crashes(cloud: Cloud) -> None:
    def serve(_event: dict[str, Any], _effects: Effects, _me: str) -> None:
        raise ValueError("oops")

    cloud.serve = serve
    cloud.stack.create(run(), disable_rollback=True)

    assert broken_promises(cloud)[0] == "an execution crashed: ValueError oops"
