"""A cloud in virtual time: Lambda, CloudFormation, the response bucket, the network between.

Knows how the parts hang together. `with Cloud() as cloud:` gives a stack, its handler, and the
record of all that happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.support.aws.custom_resources import HANDLER, Event
from tests.support.aws.executions import Call, Execution, Serve
from tests.support.aws.functions import Function
from tests.support.aws.lambda_service import LambdaService
from tests.support.aws.network import FAIR, Forecast, Reply, Weather
from tests.support.aws.requests import Request
from tests.support.aws.response_bucket import Bucket
from tests.support.aws.stack import Stack
from tests.support.aws.stack_events import History, QueryApi
from tests.support.aws.steps import Provisioner
from tests.support.aws.virtual_time import VirtualTime
from trigger_provider.index import serve


def fair_weather(_name: str) -> Weather:
    """Let every call arrive."""
    return FAIR


@dataclass(slots=True, repr=False)
class Cloud:
    """Everything around the provider, for one stack."""

    time: VirtualTime = field(default_factory=VirtualTime)
    serve: Serve = serve
    forecast: Forecast = fair_weather
    log: list[dict[str, Any]] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    lambda_service: LambdaService = field(init=False)
    history: History = field(init=False)
    api: QueryApi = field(init=False)
    bucket: Bucket = field(init=False)
    provisioner: Provisioner = field(init=False)
    stack: Stack = field(init=False)
    handler: Function = field(init=False)

    def __post_init__(self) -> None:
        self.lambda_service = LambdaService(self.time, self._begin)
        self.history = History(self.time)
        self.api = QueryApi(self.history)
        self.provisioner = Provisioner(self.time, self.history, self.lambda_service)
        self.bucket = Bucket(self.time, self.provisioner.answered)
        self.stack = Stack(self.time, self.history, self.provisioner)
        self.handler = self.function(HANDLER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.time.close()

    def function(self, arn: str) -> Function:
        """Add a function that triggers can name."""
        function = Function(self.time, arn)
        self.lambda_service.functions[arn] = function
        return function

    @property
    def requests(self) -> list[Request]:
        """All requests of CloudFormation, in the order they were sent."""
        return self.provisioner.requests

    @property
    def starts(self) -> list[str]:
        """What the handler was started for: the kind of request, once for each start."""
        kinds = {request.id: request.kind for request in self.requests}
        return [kinds[attempt.request] for attempt in self.handler.attempts]

    def request(self, kind: str, trigger: str | None = None) -> Request:
        """Return the last request of a kind."""
        return next(
            each
            for each in self.requests[::-1]
            if each.kind == kind and trigger in {None, each.trigger}
        )

    def settle(self) -> None:
        """Let everything happen that is still under way, also what nobody waits for."""
        self.time.run_out()

    # ---- what executions can reach

    def answer(self, call: Call) -> Reply:
        """Answer a call of the provider."""
        if call.service == "cloudformation":
            return self.api.answer(call)
        return self.lambda_service.answer(call)

    def put(self, request: Request, body: bytes, execution: int) -> Reply:
        """Take or refuse a response."""
        return self.bucket.put(request, body, execution)

    def weather(self, name: str, request: Request) -> Weather:
        """Return what a call meets on its way."""
        weather = self.forecast(name)
        if name == "hand over" and weather.trouble == "request lost":
            request.excuses.add("event lost")
        if weather.trouble == "killed":
            request.excuses.add("killed")
        return weather

    def _begin(self, request: Request, event: Event, give_back: Callable[[], None]) -> None:
        execution = Execution(
            number=len(self.executions),
            time=self.time,
            services=self,
            request=request,
            event=event,
            began=self.time.now,
            log=self.log,
            serve=self.serve,
        )
        self.executions.append(execution)
        request.executions.append(execution)
        self.time.start(lambda process: execution.run(process, give_back))
