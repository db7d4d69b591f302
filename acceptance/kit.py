"""The order of a run: the macro, the examples, the promises, the questions.

Knows no terminal and no clock: yields what to print, and passes on what to record.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from acceptance import macro, probes, promises
from acceptance.account import Account
from acceptance.answers import Answer, masked


def run(
    account: Account,
    sam: macro.Sam,
    *,
    is_long: bool,
    today: Callable[[], str],
    record: Callable[[Answer], None],
    templates: Sequence[Path] = macro.TEMPLATES,
    questions: Sequence[probes.Probe] = probes.PROBES,
) -> Iterator[str]:
    """Run everything; yield the lines that a person reads.

    Raises NotAsExpectedError for the first promise that is not kept. Removes nothing but the stacks
    of the examples and of the promises.
    """
    name = macro.deploy_macro(account, sam)
    yield f"\nThe macro is deployed as {name}\n\nExamples"
    for example in macro.deploy_examples(account, sam, name, templates):
        yield f"  {example}"
    yield "\nPromises"
    steps = (*promises.STEPS, promises.LONG_STEP) if is_long else promises.STEPS
    for promise in promises.keep(account, name, steps):
        yield f"  {promise}"
    yield "\nQuestions"
    for answer in ask(account, is_long=is_long, today=today, questions=questions):
        record(answer)
        yield f"  {answer.probe}: {masked(answer.answer)}"


def ask(
    account: Account,
    *,
    is_long: bool,
    today: Callable[[], str],
    questions: Sequence[probes.Probe] = probes.PROBES,
) -> Iterator[Answer]:
    """Ask the questions; yield the answers. A refused request is an answer, too."""
    probes.prepare(account)
    region = account.client("cloudformation").meta.region_name
    for probe in questions:
        if is_long or not probe.takes_long:
            try:
                answer = probe.ask(account)
            except (ClientError, BotoCoreError) as error:
                answer = f"refused: {error}"
            yield Answer(probe=probe.name, answer=answer, region=region, date=today())
