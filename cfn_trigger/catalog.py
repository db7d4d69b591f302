"""The rules that a template may break: one id for one problem, in every command and in cfn-lint.

Knows what each rule is called, and where it is documented. Refuses to find problems.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urljoin, urlsplit

from cfn_trigger.errors import Level
from macro.errors import Kind
from macro.model import TRANSFORM, TRIGGER_TYPE

_PACKAGE: Final = "cfn-trigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its id, how severe it is to break it, and what it demands, in short and in full.

    `source` is the address of the documentation of a rule that is not of this package.
    """

    id: str
    level: Level
    title: str
    description: str
    source: str = ""

    @property
    def page(self) -> str:
        """The address of its documentation; empty if the package does not name one."""
        return self.source or page_of(self.id, _documentation())


READABLE: Final = Rule(
    id="E0000",
    level="error",
    title="Templates can be read",
    description="A template is YAML or JSON in UTF-8, with a map of Resources",
)
TRANSFORMABLE: Final = Rule(
    id="E0001",
    level="error",
    title="The transforms of AWS accept the template",
    description="AWS::Serverless-2016-10-31 and AWS::LanguageExtensions can transform it",
)
ACYCLIC: Final = Rule(
    id="E3004",
    level="error",
    title="Resources do not depend on each other in a cycle",
    description="CloudFormation refuses resources that wait for each other",
)
COMPLETE: Final = Rule(
    id="E3005",
    level="error",
    title="Resources depend on resources of the template",
    description="Every name in a DependsOn is that of a resource",
)
WITH_TOKEN: Final = Rule(
    id="E9500",
    level="error",
    title="Custom resources other than triggers have a ServiceToken",
    description=f"What E3003 reports, except for a {TRIGGER_TYPE}",
)
EXPANDED: Final = Rule(
    id="E9501",
    level="error",
    title=f"Triggers are expanded by the transform {TRANSFORM}",
    description=(
        f"The {TRANSFORM} in the Transform, the type {TRIGGER_TYPE} and the key in Metadata are"
        " there and spelled correctly: nothing else expands a trigger"
    ),
)
SPELLING: Final = Rule(
    id="E9502",
    level="error",
    title="Triggers are written as the shorthand defines",
    description="Every property of a trigger is known, and has a value that it accepts",
)
MEANING: Final = Rule(
    id="E9503",
    level="error",
    title="Triggers are consistent with their template",
    description=(
        "What a trigger selects exists, its dependencies form no cycle, and nothing fails later"
    ),
)
SIZE: Final = Rule(
    id="I9504",
    level="info",
    title="Templates with triggers expand to what CloudFormation accepts in a request",
    description="An expanded template that is larger has to be passed through S3",
)
RISK: Final = Rule(
    id="W9505",
    level="warning",
    title="Triggers have no hidden risk",
    description=(
        "The failure of an asynchronous trigger is reported somewhere, and nothing that a handler "
        "runs can change unnoticed"
    ),
)
CHECKED: Final = Rule(
    id="I9506",
    level="info",
    title="The expanded template was checked",
    description="Every parameter that the expansion needs has a value",
)

RULES: Final = (
    READABLE, TRANSFORMABLE, ACYCLIC, COMPLETE, WITH_TOKEN, EXPANDED, SPELLING, MEANING, SIZE,
    RISK, CHECKED,
)  # fmt: skip
BY_KIND: Final[Mapping[Kind, Rule]] = {
    "spelling": SPELLING, "meaning": MEANING, "risk": RISK, "size": SIZE,
}  # fmt: skip
"""The rule that a problem of the macro breaks."""
BY_ID: Final[Mapping[str, Rule]] = {rule.id: rule for rule in RULES}


def page_of(rule: str, home: str) -> str:
    """Return the address of a rule's documentation, beside the home page; empty without one."""
    if not home:
        return ""
    suffix = PurePosixPath(urlsplit(home).path).suffix
    return urljoin(home, f"rules{suffix}#{rule.lower()}")


def _documentation() -> str:
    """Return the address of the documentation that the installed package names."""
    try:
        urls = metadata(_PACKAGE).get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    pairs = (url.partition(", ") for url in urls)
    return next((address for label, _, address in pairs if label == "Documentation"), "")
