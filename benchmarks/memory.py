"""Measure the provider's peak memory while it answers with large results, over their size.

Run `python -m benchmarks.memory`. The body of the reply, which is there before, counts once.
"""

import json
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPMessage
from typing import Any, Final

from trigger_provider.index import Clock, Effects, serve

SIZE: Final = 6_000_000
EVENT: Final = {
    "RequestType": "Create",
    "RequestId": "request-1",
    "ResponseURL": "https://bucket/?X-Amz-Date=20270115T080000Z",
    "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/1",
    "LogicalResourceId": "Run",
    "ResourceProperties": {
        "HandlerArn": "arn:aws:lambda:eu-central-1:123456789012:function:run",
        "ServiceTimeout": "960",
    },
}
NOW: Final = 1_800_000_000.0


def repeated(item: Callable[[int], Any]) -> bytes:
    """Return a JSON list of 6 MB."""
    length = len(json.dumps(item(100_000))) + 2
    return json.dumps([item(number) for number in range(SIZE // length)]).encode()


RESULTS: Final[Mapping[str, Callable[[], bytes]]] = {
    "integers": lambda: repeated(lambda number: number),
    "integers of one digit": lambda: repeated(lambda _: 7),
    "decimal numbers": lambda: repeated(lambda number: number / 8),
    "texts": lambda: repeated(lambda number: f"text {number}"),
    "rows": lambda: repeated(lambda number: {"Id": number, "Name": f"name {number}", "Ok": True}),
    "one wide map": lambda: json.dumps({f"key{n}": n for n in range(SIZE // 20)}).encode(),
    "one text": lambda: json.dumps("x" * SIZE).encode(),
    "lists in lists, too deep": lambda: b"[" * (SIZE // 2) + b"]" * (SIZE // 2),
}


def effects(body: bytes, answers: list[bytes]) -> Effects:
    """Play a Lambda whose handler returns a body, and a bucket that takes every answer."""

    def call(_service: str, method: str, *_more: Any) -> tuple[int, HTTPMessage, bytes]:
        return 200, HTTPMessage(), b'{"State": "Active"}' if method == "GET" else body

    def put(_url: str, answer: bytes) -> tuple[int, HTTPMessage, bytes]:
        answers.append(answer)
        return 200, HTTPMessage(), b""

    return Effects(lambda: Clock(NOW, 900), lambda _: None, call, put, lambda _: None)


def peaks() -> Iterator[tuple[str, float]]:
    """Yield the peak for each kind of result, over its size."""
    for name, compose in RESULTS.items():
        body = compose()
        answers: list[bytes] = []
        tracemalloc.start()
        serve(EVENT, effects(body, answers), "provider")
        peak = tracemalloc.get_traced_memory()[1] + len(body)
        tracemalloc.stop()
        if len(answers) != 1:
            raise RuntimeError(f"{len(answers)} answers to a result of {name}")
        yield name, peak / len(body)


if __name__ == "__main__":
    print("| result of 6 MB | peak memory over its size |\n|---|---|")
    for name, ratio in peaks():
        print(f"| {name} | {ratio:.1f} |")
    print("| *target* | (≤ 12) |")
