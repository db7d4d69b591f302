"""Functions of Lambda: their states, their configuration, and why they cannot be invoked.

Knows a function's life: Pending, Active, Inactive, Failed, and updates during which the old code
runs. https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
Refuses to know concurrency: that is `concurrency`'s.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.support.aws.handler_runs import Ending, Run
from tests.support.aws.network import Reply, json_reply, lambda_error
from tests.support.aws.virtual_time import FOREVER, BreachError, VirtualTime

if TYPE_CHECKING:
    from tests.support.aws.durable import DurableExecutions

State = Literal[
    "Pending", "Active", "Inactive", "Failed", "Deactivating", "Deactivated", "Deleting"
]
Code = Literal["old", "new"]


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One run of a handler that Lambda began; `heard`: its provider has its reply."""

    began: float
    ended: float
    run: Run
    request: str  # which request of CloudFormation it serves
    trigger: str
    invocation_type: str
    code: Code
    payload: Any
    client_context: Any = None
    allowed: float = FOREVER  # seconds that the provider waits for it
    heard: bool = False
    is_durable: bool = False

    @property
    def known_id(self) -> str | None:
        """The physical id that it returned to its provider."""
        return self.run.physical_id if self.known_ending else None

    @property
    def known_ending(self) -> Ending | None:
        """How it ended, as its provider knows: an asynchronous run returns nothing to anybody.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
        """
        is_synchronous = self.invocation_type == "RequestResponse"
        return self.run.ends if self.heard and is_synchronous else None

    @property
    def description(self) -> Any:
        """The description of the event: the event itself, or the context next to a payload."""
        return self.payload if self.client_context is None else self.client_context


@dataclass(slots=True, repr=False)
class Function:
    """A function that a trigger can name as its handler."""

    time: VirtualTime
    arn: str
    timeout: float = 900.0
    state: State = "Active"
    state_reason: str = ""
    state_reason_code: str = ""
    wakes_in: float = 30.0  # seconds from Inactive to Active, once somebody invokes it
    denied_until: float = 0.0  # IAM does not know the policy yet
    reserved_concurrency: float = FOREVER
    durable: "DurableExecutions | None" = None
    package: Literal["Zip", "Image"] = "Zip"
    script: deque[Run] = field(default_factory=deque)
    otherwise: Callable[[], Run] | None = None
    attempts: list[Attempt] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    _updating_until: float = 0.0

    def plays(self, *runs: Run) -> None:
        """Have the next runs go like these, in this order."""
        self.script.extend(runs)

    def always(self, run: Run) -> None:
        """Have every run that the script does not name go like this."""
        self.otherwise = lambda: run

    def next_run(self) -> Run:
        """Return how the run that begins now goes."""
        if self.script:
            return self.script.popleft()
        if self.otherwise is None:
            raise BreachError("the handler was started more often than scripted")
        return self.otherwise()

    def is_updated_for(self, seconds: float) -> None:
        """Begin an update of the code, which takes this long; until then the old code runs."""
        self._updating_until = self.time.now + seconds

    def becomes(self, state: State, *, reason: str = "", code: str = "") -> None:
        """Change the state of the function."""
        self.state, self.state_reason, self.state_reason_code = state, reason, code

    def becomes_active_after(self, seconds: float) -> None:
        """Let the function be Pending until then."""
        self.becomes("Pending", reason="The function is being created.", code="Creating")
        self.time.after(seconds, lambda: self.becomes("Active"))

    @property
    def is_denied(self) -> bool:
        return self.time.now < self.denied_until

    @property
    def code(self) -> Code:
        """Which code an invocation runs now."""
        return "old" if self.time.now < self._updating_until else "new"

    def configuration(self) -> Reply:
        """Return the reply to GetFunctionConfiguration, in which null is what is not set."""
        self.looks.append(self.time.now)
        if self.is_denied:
            return denied(self.arn, "lambda:GetFunctionConfiguration")
        name = self.arn.rsplit(":", 1)[1]
        configuration = {
            "FunctionName": name,
            "FunctionArn": self.arn,
            "Timeout": int(self.timeout),
            "PackageType": self.package,
            "State": self.state,
            "LastUpdateStatus": "InProgress" if self.code == "old" else "Successful",
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
            "StateReason": self.state_reason or None,
            "StateReasonCode": self.state_reason_code or None,
            "LastUpdateStatusReason": None,
            "LastUpdateStatusReasonCode": None,
            "DurableConfig": None,
            "VpcConfig": None,
        }
        if self.durable:
            seconds = int(self.durable.execution_timeout)
            configuration |= {"DurableConfig": {"ExecutionTimeout": seconds}}
        return json_reply(200, configuration)

    def refusal(self) -> Reply | None:
        """Return why an invocation does not begin now, if it does not.

        An Inactive function wakes by being invoked; its first invocations fail:
        https://github.com/aws/aws-cdk/issues/20123
        """
        if self.is_denied:
            return denied(self.arn, "lambda:InvokeFunction")
        if self.state == "Inactive":
            self.becomes("Pending", reason="The function is restoring.", code="Restoring")
            self.time.after(self.wakes_in, lambda: self.becomes("Active"))
        match self.state:
            case "Pending" if self.state_reason_code == "Restoring":
                message = (
                    "Lambda is initializing your function. It will be ready to invoke shortly."
                )
                return lambda_error(409, "CodeArtifactUserPendingException", message)
            case "Pending" | "Failed" | "Deactivating" | "Deactivated" | "Deleting":
                message = (
                    "The operation cannot be performed at this time. "
                    f"The function is currently in the following state: {self.state}"
                )
                return lambda_error(409, "ResourceConflictException", message)
        return None


def denied(arn: str, action: str) -> Reply:
    """Return IAM's refusal."""
    who = (
        "arn:aws:sts::123456789012:assumed-role/shop-TriggerProviderRole-1A/shop-TriggerProvider-9Z"
    )
    message = (
        f"User: {who} is not authorized to perform: {action} on resource: {arn} "
        f"because no identity-based policy allows the {action} action"
    )
    return lambda_error(403, "AccessDeniedException", message)
