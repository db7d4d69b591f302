"""Orders of stacks at random.

Knows what an order may be: no cycle, and levels that follow from the dependencies.
"""

from typing import Any

from hypothesis import strategies as st

from cfn_trigger.ordering.levels import Dependency, Resource, StackOrder

_KINDS = ["Custom::Trigger", "AWS::Lambda::Function", "AWS::SQS::Queue"]
_PROPERTIES = ["Handler", "Run.ExecuteAfter", "Run.ExecuteBefore", "Role"]
_NAMES = st.text("AbcDef1", min_size=1, max_size=40)


@st.composite
def orders(draw: Any, *, most: int = 12) -> StackOrder:
    """Draw an order of up to `most` resources."""
    names = draw(st.lists(_NAMES, unique=True, max_size=most))
    pairs = [(waiting, first) for at, waiting in enumerate(names) for first in names[:at]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    dependencies = [
        Dependency(
            waiting=waiting,
            first=first,
            why=draw(st.sampled_from(_PROPERTIES)),
            conditional=draw(st.booleans()),
        )
        for waiting, first in chosen
    ]
    levels: dict[str, int] = {}
    for name in names:
        firsts = [each.first for each in dependencies if each.waiting == name]
        levels[name] = max((levels[first] + 1 for first in firsts), default=0)
    resources = [
        Resource(name=name, kind=draw(st.sampled_from(_KINDS)), level=level, runs=("Migrate",))
        for name, level in levels.items()
    ]
    return StackOrder(resources=tuple(resources), dependencies=tuple(dependencies))
