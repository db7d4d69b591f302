"""A stack's operations, status by status, in every mode.

Knows which request follows which answer: creations, updates and deletions; their rollbacks; what
`--disable-rollback` and EXPRESS keep; `rollback-stack`, `continue-update-rollback` and what cancels
an operation under way.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
https://github.com/aws/aws-cdk/blob/main/docs/CLOUDFORMATION.md
Refuses to know what one step does: that is `steps`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from tests.support.aws.changes import Changes, failed_words, leftover
from tests.support.aws.stack_events import History
from tests.support.aws.steps import Provisioner, Step, missing_attributes
from tests.support.aws.template import Provisioned, Template, dependency_order
from tests.support.aws.virtual_time import VirtualTime

Interruption = Literal["", "cancel", "delete"]
USER: Final = "User Initiated"


@dataclass(slots=True, repr=False)
class Stack:
    """One stack; each operation returns once the stack has come to rest."""

    time: VirtualTime
    history: History
    provisioner: Provisioner
    changes: Changes = field(init=False)
    take_back_status: Literal["UPDATE_IN_PROGRESS", "UPDATE_FAILED"] = "UPDATE_IN_PROGRESS"
    announces_take_back: bool = True
    update_reason: str = USER  # of the event with which an update begins
    rollback_spreads: bool = False
    _desired: Template = field(default_factory=dict)
    _stable_template: Template = field(default_factory=dict)
    _stable: dict[str, Provisioned] = field(default_factory=dict)
    _interruption: Interruption = ""

    def __post_init__(self) -> None:
        self.changes = Changes(self.provisioner)

    @property
    def resources(self) -> dict[str, Provisioned]:
        """The resources that the stack has."""
        return self.changes.resources

    @property
    def status(self) -> str:
        """The stack's status."""
        return self.history.status

    @property
    def stable_names(self) -> frozenset[str]:
        """What a rollback brings back."""
        return frozenset(self._stable)

    # ---- operations

    def create(self, template: Template, *, disable_rollback: bool = False) -> str:
        """Create the stack."""
        self.history.stack_becomes("CREATE_IN_PROGRESS", USER)
        self._desired = template
        failed = self._apply(template, goes_on=disable_rollback)
        if self._interruption == "delete":
            return self.delete()
        if not failed:
            return self._comes_to_rest("CREATE_COMPLETE")
        if disable_rollback:
            self.history.stack_becomes("CREATE_FAILED", f"{failed_words('create', failed)}. ")
            return self.status
        return self._roll_back_creation(failed_words("create", failed))

    def update(self, template: Template, *, disable_rollback: bool = False) -> str:
        """Update the stack; a resource that failed before is tried again."""
        self.history.stack_becomes("UPDATE_IN_PROGRESS", self.update_reason)
        self._desired = template
        failed = self._apply(template, goes_on=disable_rollback)
        if self._interruption:
            return self._roll_back_update("")
        if not failed:
            self.history.stack_becomes("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            self.changes.remove(name for name in [*self.resources] if name not in template)
            self.changes.delete_leftovers()
            return self._comes_to_rest("UPDATE_COMPLETE")
        if disable_rollback:
            return self._take_back_failed(failed)
        return self._roll_back_update(failed_words("update", failed))

    def delete(self) -> str:
        """Delete the stack."""
        self._interruption = ""
        self.history.stack_becomes("DELETE_IN_PROGRESS", USER)
        kept = self.changes.remove([*self.resources], keep_failed=True)
        self.changes.delete_leftovers()
        self.history.stack_becomes("DELETE_FAILED" if kept else "DELETE_COMPLETE")
        return self.status

    def roll_back(self) -> str:
        """Roll a stack that kept what succeeded back: `rollback-stack`."""
        assert self.status in {"CREATE_FAILED", "UPDATE_FAILED"}, self.status
        if self.status == "CREATE_FAILED" and not self._stable:
            return self._roll_back_creation(USER)
        return self._roll_back_update(USER)

    def continue_update_rollback(self, *, skip: Collection[str] = ()) -> str:
        """Go on with a rollback that failed; `skip` leaves resources as they are."""
        assert self.status == "UPDATE_ROLLBACK_FAILED", self.status
        for name in skip:
            self.resources[name].definition = self._stable[name].definition
            self.resources[name].status = "UPDATE_COMPLETE"
            self.history.resource_becomes(name, "UPDATE_COMPLETE", "Resource was skipped")
        return self._roll_back_update(USER, skip=skip)

    # ---- interruptions

    def cancel_update_after(self, seconds: float) -> None:
        """Let somebody cancel the update under way: `cancel-update-stack`."""
        self.time.after(seconds, lambda: self._interrupt("cancel"))

    def delete_after(self, seconds: float) -> None:
        """Let somebody delete the stack while it is created."""
        self.time.after(seconds, lambda: self._interrupt("delete"))

    def _interrupt(self, how: Interruption) -> None:
        possible = {"cancel": "UPDATE_IN_PROGRESS", "delete": "CREATE_IN_PROGRESS"}
        if self.status == possible.get(how):
            self._interruption = how

    def _apply(self, template: Template, *, goes_on: bool) -> list[str]:
        self._interruption = ""
        return self.changes.apply(
            template, goes_on=goes_on, interrupted=lambda: bool(self._interruption)
        )

    # ---- what follows a failure

    def _take_back_failed(self, failed: list[str]) -> str:
        """Roll failed resources alone back to their last stable state; keep the others.

        The documentation says that they stay UPDATE_FAILED. What the history shows meanwhile, and
        which status the stack has, is not documented: a test can have either.
        """
        if self.take_back_status == "UPDATE_FAILED":
            self.history.stack_becomes("UPDATE_FAILED", failed_words("update", failed))
        for name in failed:
            stable = self._stable.get(name)
            current = self.resources.get(name)
            if stable is None or current is None or current.status != "UPDATE_FAILED":
                continue
            step = Step(
                kind="Update",
                logical_id=name,
                definition=stable.definition,
                before=current,
                shown="as failed" if self.announces_take_back else "not at all",
            )
            self.provisioner.play(step, takes_back=True)
            if step.physical_id != current.physical_id:
                self.changes.leftovers.append(leftover(name, current))
            current.definition = stable.definition
            current.physical_id = step.physical_id
            current.status = "UPDATE_FAILED"
        if self.take_back_status == "UPDATE_IN_PROGRESS":
            self.history.stack_becomes("UPDATE_FAILED", failed_words("update", failed))
        return self.status

    def _roll_back_creation(self, why: str) -> str:
        self.history.stack_becomes("ROLLBACK_IN_PROGRESS", f"{why}. Rollback requested by user.")
        kept = self.changes.remove([*self.resources], keep_failed=True)
        self.changes.delete_leftovers()
        self.history.stack_becomes("ROLLBACK_FAILED" if kept else "ROLLBACK_COMPLETE")
        return self.status

    def _roll_back_update(self, why: str, *, skip: Collection[str] = ()) -> str:
        """Bring the stable template back: its references mean what the resources now answer.

        Whether a resource that the update did not reach gets a request too if what it refers to
        now means something else is not documented: `rollback_spreads`.
        """
        self._interruption = ""
        self.history.stack_becomes("UPDATE_ROLLBACK_IN_PROGRESS", why)
        for name in dependency_order(self._stable_template):
            if name not in self._stable or name in skip:
                continue  # it waits for what no template had, or is left as it is
            stable, current = self._stable[name], self.resources[name]
            definition = self.changes.with_references_resolved(name, self._stable_template[name])
            if definition is None:
                self.history.stack_becomes("UPDATE_ROLLBACK_FAILED", failed_words("update", [name]))
                return self.status
            unchanged = current.definition.content == stable.definition.content
            if self.rollback_spreads:
                unchanged &= definition.content == current.definition.content
            if unchanged and not current.status.endswith("FAILED"):
                continue
            step = Step(kind="Update", logical_id=name, definition=definition, before=current)
            self.provisioner.play(step, takes_back=True)
            ok = step.settled == "complete" and not missing_attributes(step)
            if not ok:
                self.history.stack_becomes("UPDATE_ROLLBACK_FAILED", failed_words("update", [name]))
                return self.status
            self.changes.restore(name, step, stable)
        self.history.stack_becomes("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self.changes.remove(name for name in [*self.resources] if name not in self._stable)
        self.changes.delete_leftovers()
        return self._comes_to_rest("UPDATE_ROLLBACK_COMPLETE")

    def _comes_to_rest(self, status: str) -> str:
        self.history.stack_becomes(status)
        self.changes.leftovers = []
        if "ROLLBACK" not in status:
            self._stable_template = dict(self._desired)
        self._stable = {name: replace(each) for name, each in self.resources.items()}
        return status
