"""Changes to a stack's resources: created, updated and deleted in the order of their dependencies.

Knows what a stack holds, what runs side by side, and which physical ids are left to delete.
Refuses to know statuses of the stack and what follows from a failure: that is `stack`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tests.support.aws.steps import (
    Provisioner,
    Step,
    missing_attribute,
    missing_attributes,
)
from tests.support.aws.template import (
    Leftover,
    Other,
    Provisioned,
    Resource,
    Template,
    Trigger,
    dependency_order,
    references,
    resolved,
)


@dataclass(slots=True)
class Changes:
    """The resources of a stack, and the steps that change them."""

    provisioner: Provisioner
    resources: dict[str, Provisioned] = field(default_factory=dict)
    leftovers: list[Leftover] = field(default_factory=list)

    def apply(
        self, template: Template, *, goes_on: bool, interrupted: Callable[[], bool]
    ) -> list[str]:
        """Create and update what a template changes; return what failed."""
        waiting, done, failed = dict(template), set[str](), list[str]()
        running = list[Step]()
        while True:
            stopped = interrupted() or (bool(failed) and not goes_on)
            while not stopped and (name := self._next(waiting, done)):
                definition = self.with_references_resolved(name, waiting.pop(name))
                if definition is None:
                    failed.append(name)
                elif self._differs(name, definition):
                    running.append(self._begin(name, definition))
                else:
                    done.add(name)
            if not running:
                return failed
            if stopped:
                for step in running:
                    self.provisioner.cancel(step)
            self.provisioner.time.run_until(
                lambda: interrupted() or any(step.settled for step in running)
            )
            self._collect(running, done, failed)

    def _collect(self, running: list[Step], done: set[str], failed: list[str]) -> None:
        """Move the steps that have settled to what is done or failed."""
        for step in [step for step in running if step.settled]:
            running.remove(step)
            if self.take_note(step):
                done.add(step.logical_id)
            elif step.settled != "cancelled":
                failed.append(step.logical_id)

    def with_references_resolved(self, name: str, definition: Resource) -> Resource | None:
        """Return a definition with what its references mean now; None if one means nothing."""
        if not isinstance(definition, Trigger):
            return definition
        attributes = {each: known.attributes for each, known in self.resources.items()}
        for each in references(definition.properties):
            if each.attribute not in attributes[each.logical_id]:
                reason = missing_attribute(self.provisioner.requests, *each)
                status = "UPDATE_FAILED" if name in self.resources else "CREATE_FAILED"
                self.provisioner.history.resource_becomes(name, status, reason)
                return None
        properties = resolved(definition.properties, attributes)
        return Trigger(properties=properties, after=tuple(sorted(definition.waits_for)))

    def _differs(self, name: str, definition: Resource) -> bool:
        known = self.resources.get(name)
        failed = known is not None and known.status.endswith("FAILED")
        return known is None or failed or known.definition.content != definition.content

    @staticmethod
    def _next(waiting: dict[str, Resource], done: set[str]) -> str:
        """Return what can begin now, or nothing."""
        return next((name for name, each in waiting.items() if done >= each.waits_for), "")

    def _begin(self, name: str, definition: Resource) -> Step:
        known = self.resources.get(name)
        if known and known.status == "CREATE_FAILED":  # without a last known stable state
            self.leftovers.append(Leftover(
                logical_id=name, definition=known.definition, physical_id=known.physical_id
            ))  # fmt: skip
            known = None
        step = Step(
            kind="Update" if known else "Create",
            logical_id=name,
            definition=definition,
            before=known,
        )
        self.provisioner.begin(step)
        return step

    def take_note(self, step: Step) -> bool:
        """Record what a step left behind; return whether what depends on it can go on."""
        name, verb = step.logical_id, "CREATE" if step.kind == "Create" else "UPDATE"
        ok = step.settled == "complete"
        if ok and (missing := missing_attributes(step)):
            ok, reason = False, missing_attribute(self.provisioner.requests, name, missing[0])
            self.provisioner.history.resource_becomes(f"ReaderOf{name}", f"{verb}_FAILED", reason)
        status = f"{verb}_{'COMPLETE' if step.settled == 'complete' else 'FAILED'}"
        old = step.before
        if old and isinstance(old.definition, Trigger) and step.physical_id != old.physical_id:
            self.leftovers.append(leftover(name, old))
        self.resources[name] = Provisioned(
            definition=step.definition,
            physical_id=step.physical_id,
            status=status,
            attributes=step.attributes,
        )
        return ok

    def restore(self, name: str, step: Step, stable: Provisioned) -> None:
        """Restore the stable state of a resource; its replacement is deleted in the cleanup.

        It keeps a physical id from the answer to the rollback's own request.
        """
        current = self.resources[name]
        brought = step.physical_id != current.physical_id
        self.leftovers += [leftover(name, current), leftover(name, stable)]
        self.resources[name] = replace(
            stable,
            definition=step.definition,
            physical_id=step.physical_id if brought else stable.physical_id,
            status="UPDATE_COMPLETE",
            attributes=step.attributes,
        )

    def remove(self, names: Iterable[str], *, keep_failed: bool = False) -> list[str]:
        """Delete resources, what depends on others first; return what could not be deleted."""
        kept, chosen = list[str](), set(names)
        order = dependency_order({name: each.definition for name, each in self.resources.items()})
        for name in [each for each in order[::-1] if each in chosen]:
            known = self.resources.pop(name)
            if not self._deletes(name, known.definition, known.physical_id):
                kept.append(name)
                if keep_failed:
                    self.resources[name] = replace(known, status="DELETE_FAILED")
        return kept

    def delete_leftovers(self) -> None:
        """Delete the physical ids that their resources do not have any more."""
        leftovers = {(each.logical_id, each.physical_id): each for each in self.leftovers}
        self.leftovers = []
        current = {(name, each.physical_id) for name, each in self.resources.items()}
        for (name, physical_id), each in leftovers.items():
            if (name, physical_id) not in current:
                self._deletes(name, each.definition, physical_id)

    def _deletes(self, name: str, definition: Resource, physical_id: str) -> bool:
        if isinstance(definition, Other) and not physical_id:
            return True
        known = Provisioned(definition=definition, physical_id=physical_id)
        step = Step(kind="Delete", logical_id=name, definition=definition, before=known)
        self.provisioner.play(step)
        return step.settled == "complete"


def leftover(name: str, known: Provisioned | Step) -> Leftover:
    """Return what is left to delete of a resource that was replaced."""
    return Leftover(logical_id=name, definition=known.definition, physical_id=known.physical_id)


def failed_words(verb: str, names: list[str]) -> str:
    """Return CloudFormation's words for resources that failed."""
    return f"The following resource(s) failed to {verb}: [{', '.join(names)}]"
