"""CloudFormation's API with one stack, over HTTP; it counts what it is asked.

Knows the three operations that read a stack, in the query protocol. An operation in `throttled` is
refused, one in `throttled_once` the first time. The stack is there for every access key and in
every region.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

_CREDENTIAL: Final = re.compile(r"Credential=(\w+)/(\d+)/([\w-]+)/")
STACK_ID: Final = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"


@dataclass(slots=True)
class StackEndpoint:
    """A stack `shop`: its status, its processed template, and physical ids by logical id.

    `original` is the template before its transforms, if that was asked for. `signers` are the
    access keys and regions of requests, such as `key/us-east-1`.
    """

    template: Mapping[str, Any]
    physical_ids: Mapping[str, str]
    status: str = "CREATE_COMPLETE"
    throttled: frozenset[str] = frozenset()
    original: str = ""
    throttled_once: frozenset[str] = frozenset()
    requests: Counter[str] = field(default_factory=Counter)
    signers: set[str] = field(default_factory=set)

    def answer(self, query: Mapping[str, list[str]]) -> tuple[int, str]:
        """Return the status and the XML of the response to an operation."""
        (operation,), (name,) = query["Action"], query["StackName"]
        assert name in ("shop", STACK_ID)
        self.requests[operation] += 1
        is_first = self.requests[operation] == 1
        if operation in self.throttled or (is_first and operation in self.throttled_once):
            error = "<Code>Throttling</Code><Message>Rate exceeded</Message>"
            return 400, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
        result = f"<{operation}Result>{self._result(operation, query)}</{operation}Result>"
        return 200, f"<{operation}Response>{result}</{operation}Response>"

    def _result(self, operation: str, query: Mapping[str, list[str]]) -> str:
        match operation:
            case "DescribeStacks":
                stack = f"<StackName>shop</StackName><StackId>{STACK_ID}</StackId>"
                stack += f"<StackStatus>{self.status}</StackStatus>"
                return f"<Stacks><member>{stack}</member></Stacks>"
            case "GetTemplate":
                (stage,) = query["TemplateStage"]
                texts = {"Processed": json.dumps(self.template), "Original": self.original}
                assert texts[stage]
                return f"<TemplateBody>{escape(texts[stage])}</TemplateBody>"
            case "ListStackResources":
                members = (
                    f"<member><LogicalResourceId>{logical_id}</LogicalResourceId>"
                    f"<PhysicalResourceId>{physical_id}</PhysicalResourceId>"
                    "<ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>"
                    for logical_id, physical_id in self.physical_ids.items()
                )
                return f"<StackResourceSummaries>{''.join(members)}</StackResourceSummaries>"
        raise AssertionError(f"nothing here answers {operation}")

    @contextmanager
    def serving(self) -> Iterator[dict[str, str]]:
        """Serve on loopback, and yield the environment that points the AWS tools to it."""
        with ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield {
                    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                    "AWS_REGION": "us-east-1",
                    "AWS_DEFAULT_REGION": "us-east-1",
                    "AWS_ACCESS_KEY_ID": "key",
                    "AWS_SECRET_ACCESS_KEY": "secret",
                    "AWS_MAX_ATTEMPTS": "1",
                }
            finally:
                server.shutdown()
                thread.join()


def _handler(endpoint: StackEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            key, _, region = _CREDENTIAL.findall(self.headers["Authorization"])[0]
            endpoint.signers.add(f"{key}/{region}")
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, xml = endpoint.answer(parse_qs(body))
            content = xml.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    return Handler
