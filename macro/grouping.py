"""Which handlers share a policy, once the provider's role cannot hold a policy for each.

Knows how much IAM lets a role hold, and who waits for whom. Refuses to know resources: it returns
policies as data, before anything is built.

A shared policy makes each of its triggers wait for all of its handlers. The groups are such that
this orders no trigger after another that it did not come after anyway: handlers share a policy if
the same triggers come before them. If that takes more policies than a role can have, handlers share
one as long as no cycle can arise. With the length of the longest chain of triggers before a
resource as its level, nothing comes after a resource of a higher level, and only resources of a
higher level come after a trigger; both still hold if triggers wait for handlers of at most their
own level. So no handler of a group may have a higher level than a trigger of the group.

A managed policy is updated in place, so a trigger that is removed together with its handler has
lost its permission when it is deleted. Handlers that run at the deletion of a trigger, or of what
undoes its runs, therefore keep a policy of their own, which CloudFormation deletes after that.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from macro.additions import Additions, InvokePolicy, edges_with
from macro.cloudformation import (
    MANAGED_POLICY_TYPE,
    MOST_MANAGED_POLICIES,
    MOST_MANAGED_POLICY_CHARACTERS,
    MOST_POLICY_CHARACTERS,
    POLICY_TYPE,
    Resources,
    condition_of,
    properties_of,
)
from macro.model import Json, Settings, Trigger
from macro.names import PROVIDER, ROLE, shared_policy_id
from macro.ordering import Order, reachable
from macro.permissions import (
    characters,
    characters_to_invoke,
    hand_over,
    invoke,
    join_vpc,
    see_stack,
    write_logs,
)
from macro.precedence import level, levels, triggers_before
from macro.references import mentions

_WITHOUT_HANDLERS: Final = {
    is_durable: characters(invoke(is_durable=is_durable)) for is_durable in (False, True)
}
"""The characters of a policy besides its handlers, by whether one of them may be durable."""

_MOST_IN_A_POLICY: Final = MOST_MANAGED_POLICY_CHARACTERS - _WITHOUT_HANDLERS[True]


class _Member(NamedTuple):
    """A handler's policy, and what decides with which others it may become one.

    `before` are the triggers that come before the handler, `level` and `latest` the levels of the
    handler and of the first of its triggers, `size` the characters that it takes in a policy.
    """

    policy: InvokePolicy
    condition: str
    before: frozenset[str]
    level: int
    latest: int
    runs_on_delete: bool
    size: int

    @property
    def inline_size(self) -> int:
        """The characters that it takes as a policy of its own."""
        return _WITHOUT_HANDLERS[self.policy.is_durable] + self.size

    @property
    def name(self) -> str:
        return self.policy.logical_id


_Group = tuple[_Member, ...]


def shared_policies(
    additions: Additions,
    order: Order,
    triggers: tuple[Trigger, ...],
    settings: Settings,
    resources: Resources,
) -> dict[str, InvokePolicy]:
    """Return the policies that several handlers share, by the ids of the policies they stand for.

    It is empty if the role can hold a policy for each handler. Otherwise handlers keep a policy of
    their own only where they need it.
    """
    if settings.provider_role:
        return {}
    room = MOST_POLICY_CHARACTERS - _other_characters(settings, resources)
    policies = additions.policies
    sizes = {policy.logical_id: characters_to_invoke(policy.arns[0]) for policy in policies}
    size_without_handlers = sum(_WITHOUT_HANDLERS[policy.is_durable] for policy in policies)
    if size_without_handlers + sum(sizes.values()) <= room:
        return {}
    members = sorted(_members(additions, order, triggers, resources, sizes), key=_name)
    run_on_delete = [member for member in members if member.runs_on_delete]
    alone = {member.name: member for member in _first(run_on_delete, room)}
    room -= sum(member.inline_size for member in alone.values())
    most = _most_groups(resources)
    groups = _groups([member for member in members if member.name not in alone], most)
    groups = list(_without_the_smallest(groups, room, most))
    shared: dict[str, InvokePolicy] = {}
    for number, group in enumerate(groups, start=1):
        shared |= dict.fromkeys((member.name for member in group), _shared(number, group))
    return shared


def _name(member: _Member) -> str:
    return member.name


def _shared(number: int, group: _Group) -> InvokePolicy:
    return InvokePolicy(
        logical_id=shared_policy_id(number),
        arns=tuple(arn for member in group for arn in member.policy.arns),
        functions=tuple(name for member in group for name in member.policy.functions),
        is_durable=any(member.policy.is_durable for member in group),
        is_managed=True,
    )


# ---- how much there is room for


def _other_characters(settings: Settings, resources: Resources) -> int:
    """Count the characters of the role's other inline policies, the author's included."""
    documents: list[Json] = [write_logs({"Fn::GetAtt": []}), see_stack(), hand_over(PROVIDER)]
    if settings.subnet_ids:
        documents.append(join_vpc())
    attached = _attached(resources, POLICY_TYPE)
    documents += [properties.get("PolicyDocument") for properties in attached]
    return sum(map(characters, documents))


def _most_groups(resources: Resources) -> int:
    return MOST_MANAGED_POLICIES - len(list(_attached(resources, MANAGED_POLICY_TYPE)))


def _attached(resources: Resources, kind: str) -> Iterator[Mapping[str, Json]]:
    """Yield the properties of the author's policies that are attached to the provider's role."""
    for properties in map(properties_of, resources.of_type(kind).values()):
        if properties.get("Roles") == [{"Ref": ROLE}]:
            yield properties


def _first(members: Iterable[_Member], room: int) -> Iterator[_Member]:
    """Yield members as long as there is room for a policy for each."""
    for member in members:
        room -= member.inline_size
        if room < 0:
            return
        yield member


# ---- what comes before what


def _members(
    additions: Additions,
    order: Order,
    triggers: tuple[Trigger, ...],
    resources: Mapping[str, Json],
    sizes: Mapping[str, int],
) -> Iterator[_Member]:
    names = frozenset(trigger.logical_id for trigger in triggers)
    deleting = {it.logical_id for it in triggers if it.execute_on_delete or it.undoes}
    waiting: dict[str, list[str]] = {}
    for edge in additions.edges:
        if edge.waiting in names:
            waiting.setdefault(edge.first, []).append(edge.waiting)
    levels_of_triggers = levels(triggers_before(order, names))
    for policy in additions.policies:
        referred = policy.functions or _referred(policy.arns)
        earlier = frozenset(reachable(referred, order.firm, order.conditional) & names)
        waiting_triggers = waiting[policy.logical_id]
        yield _Member(
            policy=policy,
            condition=condition_of(resources.get(policy.functions[0])) if policy.functions else "",
            before=earlier,
            level=level(earlier, levels_of_triggers),
            latest=min(levels_of_triggers[trigger] for trigger in waiting_triggers),
            runs_on_delete=not deleting.isdisjoint(waiting_triggers),
            size=sizes[policy.logical_id],
        )


def _referred(arns: tuple[Json, ...]) -> set[str]:
    return {reference.name for reference in mentions(list(arns)).references}


# ---- groups


def _groups(members: list[_Member], most: int) -> list[_Group]:
    """Group handlers that no trigger has to wait longer for, or else that close no cycle."""
    groups = list(_with_the_same_triggers_before(members))
    if len(groups) <= most:
        return groups
    fewer = list(_of_the_same_levels(members))
    return fewer if len(fewer) < len(groups) else groups


def _with_the_same_triggers_before(members: Iterable[_Member]) -> Iterator[_Group]:
    """Group handlers with the same triggers before them: no trigger comes to wait for another."""
    classes: dict[tuple[str, frozenset[str]], list[_Member]] = {}
    for member in members:
        classes.setdefault((member.condition, member.before), []).append(member)
    for alike in classes.values():
        yield from _packed(alike)


def _packed(members: Iterable[_Member]) -> Iterator[_Group]:
    """Fill one policy after the other, so that a new handler moves at most one out of each."""
    group: list[_Member] = []
    for member in members:
        if sum(other.size for other in group) + member.size > _MOST_IN_A_POLICY:
            yield tuple(group)
            group = []
        group.append(member)
    yield tuple(group)


def _of_the_same_levels(members: Iterable[_Member]) -> list[_Group]:
    """Group handlers of at most the level of any trigger of the group: no cycle arises."""
    groups: list[list[_Member]] = []
    for member in sorted(members, key=lambda it: (it.latest, it.level, it.name)):
        for group in groups:
            if _fits(member, group):
                group.append(member)
                break
        else:
            groups.append([member])
    return [tuple(group) for group in groups]


def _fits(member: _Member, group: list[_Member]) -> bool:
    together = [*group, member]
    return (
        member.condition == group[0].condition
        and max(it.level for it in together) <= min(it.latest for it in together)
        and sum(it.size for it in together) <= _MOST_IN_A_POLICY
    )


def _without_the_smallest(groups: list[_Group], room: int, most: int) -> Iterator[_Group]:
    """Yield the groups without the smallest ones, whose handlers have room for their own policies.

    Only groups in excess of the quota are left out. If a handler got its own policy before
    CloudFormation has deleted the policy of another, there might be no room for both.
    """
    excess = len(groups) - most
    dissolved: set[int] = set()
    for number, group in sorted(enumerate(groups), key=lambda it: len(it[1])):
        size = sum(member.inline_size for member in group)
        if len(dissolved) < excess and size <= room:
            room -= size
            dissolved.add(number)
    yield from (group for number, group in enumerate(groups) if number not in dissolved)


def with_shared_policies(order: Order, shared: Mapping[str, InvokePolicy]) -> Order:
    """Return an order in which triggers wait for shared policies in place of those of their own."""
    return order._replace(edges=edges_with(shared, order.edges))
