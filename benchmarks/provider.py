"""The cost of a trigger with our provider, AWS CDK's, and two libraries for custom resources.

Our provider is measured twice: embedded in a template, and from a layer, which has its bytecode.

`python -m benchmarks.provider` prints medians of interleaved runs and their ratios to CDK, because
absolute times on a shared machine mean little. RESULTS.md in this folder records the results.

Every provider runs under Lambda's own runtime client and the runtime interface emulator, and calls
stubs of Lambda and of the response bucket over TLS. *Cold* is from the event's arrival at the
emulator, which then starts the runtime, to the arrival of the answer at the bucket. *Warm* is in a
running environment, from the entry of the provider's handler to that arrival; *with the emulator*
it is from the event's arrival there, about a millisecond more for each of them. *CPU* is measured
by the process around the call of the provider's handler, so without initialization: for the first
event, which Lambda runs on a share of a core, and for warm ones. *Memory* is the resident memory
after the last warm event. *Starts* counts how often a handler is started that is slower than the
client's read timeout. The timeouts are shortened to keep the run short; the number of retries is
each client's default.
"""

import os
import platform
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.services import Services, services
from benchmarks.subjects import (
    CFN_LAMBDA_HANDLER,
    CRHELPER,
    Environment,
    Seen,
    Subject,
    cdk,
    empty,
    environment,
    macro,
    node_version,
    peer,
    runtime_client,
    trigger,
    trigger_from_layer,
)
from tests.support.lambda_function import runtime

COLD_RUNS: Final = 15
WARM_RUNS: Final = 200
SLOW_HANDLER: Final = 2.5  # seconds: over every shortened timeout
TARGETS: Final = "| *target for cfn-trigger* | (≤ 0.60) | (≤ 0.10) | | (≤ 0.25) | | (≤ 0.35) | 1 |"
MACRO_EVENT: Final = {
    "region": "us-east-1",
    "accountId": "123456789012",
    "fragment": {
        "Resources": {
            "Check": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}}},
            "Run": {"Type": "Custom::Trigger", "Properties": {"Handler": {"Ref": "Check"}}},
        }
    },
    "transformId": "123456789012::Trigger",
    "params": {},
    "requestId": "request-1",
    "templateParameterValues": {},
}


@dataclass(slots=True)
class Taken:
    """The measurements of one provider: milliseconds, megabytes, a count."""

    cold: list[float] = field(default_factory=list)
    first_cpu: list[float] = field(default_factory=list)
    warm_cpu: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    with_emulator: list[float] = field(default_factory=list)
    memory: float = 0
    starts: int = 0

    def figures(self) -> list[float]:
        """Return the figures in a row of the table."""
        measured = (self.cold, self.first_cpu, self.warm_cpu, self.warm, self.with_emulator)
        return [*map(statistics.median, measured), self.memory]


def triggered(served: Services, running: Environment, properties: dict[str, str]) -> Seen:
    """Send one event and check its answer; it ends when the answer arrives."""
    seen = running.timed(served.event(properties))
    if (served.status, served.starts) != ("SUCCESS", 1):
        raise RuntimeError(f"{served.starts} starts, answered {served.status!r}: {seen.result}")
    return seen._replace(ended=served.answered_at)


def milliseconds(seen: Seen) -> float:
    """Return how long an invocation took."""
    return (seen.ended - seen.began) * 1e3


def measure_cold(served: Services, taken: dict[str, Taken], subjects: list[Subject]) -> None:
    """Start each provider anew, in turns."""
    for _ in range(COLD_RUNS):
        for subject in subjects:
            with environment(subject, served.environment) as running:
                seen = triggered(served, running, subject.properties)
            taken[subject.name].cold.append(milliseconds(seen))
            taken[subject.name].first_cpu.append(seen.result["cpu_ms"])


def measure_warm(served: Services, taken: dict[str, Taken], subjects: list[Subject]) -> None:
    """Keep all providers running, and send events to them in turns."""
    with ExitStack() as stack:
        running = {
            subject.name: stack.enter_context(environment(subject, served.environment))
            for subject in subjects
        }
        for _ in range(WARM_RUNS):
            for subject in subjects:
                seen = triggered(served, running[subject.name], subject.properties)
                taken[subject.name].with_emulator.append(milliseconds(seen))
                entered = seen._replace(began=seen.result["entered"])
                taken[subject.name].warm.append(milliseconds(entered))
                taken[subject.name].warm_cpu.append(seen.result["cpu_ms"])
                taken[subject.name].memory = seen.result["rss_mb"]


def measure_starts(served: Services, taken: dict[str, Taken], subjects: list[Subject]) -> None:
    """Make the handler too slow for the client, once for each provider."""
    for subject in subjects:
        variables = served.environment | dict(subject.hurried_environment)
        with environment(subject, variables) as running:
            triggered(served, running, subject.properties)
            served.seconds_per_start = SLOW_HANDLER
            running.timed(served.event(subject.properties | subject.hurried_properties))
            served.seconds_per_start = 0
        taken[subject.name].starts = served.starts


def providers(folder: Path) -> Iterator[str]:
    """Measure the providers, and yield the table."""
    subjects = [
        cdk(),
        trigger(),
        trigger_from_layer(),
        peer("crhelper", CRHELPER, "with_crhelper"),
        peer("cfn-lambda-handler", CFN_LAMBDA_HANDLER, "with_cfn_lambda_handler"),
    ]
    taken = {subject.name: Taken() for subject in subjects}
    with services(folder, runtime() / "botocore" / "cacert.pem") as served:
        measure_starts(served, taken, subjects)
        measure_cold(served, taken, subjects)
        measure_warm(served, taken, subjects)
    heads = (
        "cold → PUT, ms",
        "CPU in handler, first event, ms",
        "CPU in handler, warm, ms",
        "warm → PUT, ms",
        "the same with the emulator, ms",
        "resident after 200, MB",
        "starts of a slow handler",
    )
    yield f"| provider | {' | '.join(heads)} |"
    yield "|---|---|---|---|---|---|---|---|"
    reference = taken[subjects[0].name].figures()
    for name, its in taken.items():
        both = zip(its.figures(), reference, strict=True)
        cells = [f"{figure:.1f} ({figure / cdks:.2f})" for figure, cdks in both]
        yield f"| {name} | {' | '.join(cells)} | {its.starts} |"
    yield TARGETS


def macro_cold() -> Iterator[str]:
    """Measure the macro's cold start, from event to response, and yield the table."""
    subjects = [empty(), macro()]
    taken: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for _ in range(COLD_RUNS):
        for subject in subjects:
            with environment(subject, {}) as running:
                seen = running.timed(MACRO_EVENT)
            response: Any = seen.result
            if subject.name == "macro" and response.get("status") != "success":
                raise RuntimeError(f"the macro failed: {response}")
            taken[subject.name].append(milliseconds(seen))
    nothing, expanding = (statistics.median(times) for times in taken.values())
    yield "| | cold → response, ms | target |"
    yield "|---|---|---|"
    yield f"| an empty function | {nothing:.1f} (1.00) | |"
    yield f"| the macro, compiled | {expanding:.1f} ({expanding / nothing:.2f}) | (≤ 2.00) |"


def lines() -> Iterator[str]:
    """Measure everything, and describe the environment."""
    with tempfile.TemporaryDirectory(prefix="cfn-trigger-benchmark-") as folder:
        yield from providers(Path(folder))
    yield ""
    yield from macro_cold()
    client = "aws-lambda-ric" if "aws-lambda-ric" in runtime_client().parts else "our stand-in"
    yield ""
    yield (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, Node {node_version()} under "
        f"{client}; {COLD_RUNS} cold and {WARM_RUNS} warm runs of each, in turns."
    )


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
