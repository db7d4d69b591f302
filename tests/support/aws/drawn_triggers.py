"""What a seed draws of a stack: triggers, their settings, payloads of every size and script.

Knows what the macro can emit; refuses to know what the provider makes of it.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from tests.support.aws.custom_resources import SECRET, Properties, skeleton
from tests.support.aws.template import GetAtt, Other, Template, Trigger, trigger

Settings = dict[str, Any]
Draws = Callable[[], Any]

READ: Final = ("Rows", "Ready", "Token", "A", "A.B", "A.B.0", "Result", "Error", "Truncated")
SCRIPTS: Final = ("x", "é", "漢", "😀", "\u202eش", "\\", '"', "\x00", "\u2028")
SIZES: Final = (0, 1, 100, 342, 700, 2302, 2600, 9000, 120_000)
LONGEST_PAYLOAD: Final = 500_000
NAMES: Final = ("First", "Second", "Third", "Fourth")


def drawn_text(dice: Random) -> str:
    """Draw a text of any size and script."""
    script, size = dice.choice(SCRIPTS), dice.choice(SIZES)
    return (script * size)[:size]


def short_enough(text: str) -> str:
    """Return what a request has room for as a payload and as the old one.

    CloudFormation invokes a function asynchronously, so that a request has 1 MB at most:
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    while len(json.dumps(skeleton(text))) > LONGEST_PAYLOAD:
        text = text[: len(text) // 2]
    return text


@dataclass(frozen=True, slots=True)
class TriggerDraw:
    """All that is drawn of triggers; their handler may be a durable function."""

    dice: Random
    is_durable: bool = False

    def chance(self, of_one: float) -> bool:
        """Return whether something happens that does so this often."""
        return self.dice.random() < of_one

    def settings(self) -> Settings:
        """Draw the settings of a trigger, as the macro emits them."""
        choose = self.dice.choice
        options: dict[str, Draws] = {
            "Timeout": lambda: choose((1, 5, 11, 61, 120, 300, 889, 901, 1800, *[3540] * 4)),
            "Retry": self.retry,
            "PollInterval": lambda: choose((1, 30, 300)),
            "ExecuteOnDelete": lambda: True,
            "ExecuteOnRollback": lambda: True,
            "ExecuteOnHandlerChange": lambda: False,
            "OnFailure": lambda: "Continue",
            "NoEcho": lambda: True,
            "Attributes": lambda: self.dice.sample(READ, self.dice.randint(1, 4)),
            "Payload": self.payload,
            "Expect": lambda: skeleton({"Rows": 5, "Ready": True}),
        }
        rare: dict[str, Draws] = {
            "Enabled": lambda: False,
            "InvocationType": lambda: choose(("Event", "DryRun")),
            "FromANewerMacro": lambda: {"of": ["unknown", "shape"]},
        }
        drawn: Settings = {"Fingerprint": {"Code": str(self.dice.randrange(9))}}
        drawn |= {name: draw() for name, draw in options.items() if self.chance(0.3)}
        drawn |= {name: draw() for name, draw in rare.items() if self.chance(0.05)}
        if self.is_durable and self.chance(0.7):  # the macro does not see functions elsewhere
            drawn["Durable"] = True
        if "InvocationType" in drawn:  # the macro refuses these beside it
            drawn = {
                key: each for key, each in drawn.items() if key not in {"Attributes", "Expect"}
            }
        return drawn

    def retry(self) -> Settings:
        """Draw how often a failing handler is tried."""
        choose = self.dice.choice
        pauses = {"Interval": choose((1, 5, 60)), "BackoffRate": choose((1, 2.0, 3.5))}
        return {"MaxAttempts": choose((2, 3, 5)), "MaxInterval": choose((1, 60, 600))} | pauses

    def payload(self) -> Settings:
        """Draw a payload, with values that only CloudFormation could resolve, or without."""
        text = short_enough(drawn_text(self.dice))
        hole = {"Path": ["Tables", "1"], "Value": SECRET}
        with_holes = skeleton({"Tables": ["a", "?", "?"], "Number": 5, "Text": text}, hole)
        return self.dice.choice(
            (skeleton(text), skeleton([]), skeleton({"Text": text}), with_holes, skeleton(None))
        )

    def changed(self, definition: Trigger) -> Trigger:
        """Draw the next deployment of a trigger: its code, a setting, a payload, or all of it."""
        properties = dict(definition.properties)
        match self.dice.randrange(6):
            case 0:
                return definition
            case 1 | 2:
                properties["Fingerprint"] = {"Code": str(self.dice.random())}
            case 3:
                properties |= {"Timeout": self.dice.choice((300, 600, 1200)), "PollInterval": 20}
            case 4:
                properties["Payload"] = self.payload()
            case _:
                properties = self.settings()
        return replace(definition, properties=properties)

    def template(self) -> dict[str, Trigger | Other]:
        """Draw a stack's first template: triggers side by side or in a chain."""
        names = NAMES[: self.dice.choice((1, 1, 1, 2, 3, 4))]
        chained = self.chance(0.5)
        return with_undos(
            {
                name: trigger(
                    after=names[max(0, index - 1) : index] if chained else (), **self.settings()
                )
                for index, name in enumerate(names)
            }
        )

    def next_template(self, template: Template) -> dict[str, Trigger | Other]:
        """Draw the next: what changes, what goes, what is new, and what fails beside it."""
        changed: dict[str, Trigger | Other] = {
            name: self.changed(each)
            for name, each in template.items()
            if isinstance(each, Trigger) and "Undo" not in each.properties
        }
        if len(changed) > 1 and self.chance(0.15):
            changed.popitem()
        if self.chance(0.15):
            changed.setdefault("Late", trigger(**self.settings()))
        return with_undos(changed)

    def with_a_failure(self, template: Template) -> dict[str, Trigger | Other]:
        """Add a resource that fails: beside the triggers, or after all of them."""
        after = self.dice.choice(((), tuple(template)))
        seconds = self.dice.choice((1.0, 40.0, 700.0))
        return {**template, "Queue": Other(fails=True, seconds=seconds, after=after)}


CAUSES: Final = ("Fingerprint", "Payload", "Expect")


def with_undos(template: Template) -> dict[str, Trigger | Other]:
    """Add an undo to some triggers, and make what waits for these wait for it, as the macro does.

    Nothing is drawn: which they are follows from the name and the code.
    """
    whole: dict[str, Trigger | Other] = {}
    undo_ids: dict[str, str] = {}
    for name, each in template.items():
        if not isinstance(each, Trigger):
            whole[name] = each
            continue
        after = (*each.after, *(undo_ids[first] for first in each.after if first in undo_ids))
        properties = {key: value for key, value in each.properties.items() if key != "UndoneBy"}
        if undo_id := _undo_id(name, properties):
            undo_ids[name] = undo_id
            whole[undo_id] = _undo(name, properties)
            properties["UndoneBy"] = undo_id
        whole[name] = replace(each, properties=properties, after=tuple(dict.fromkeys(after)))
    return whole


def _undo_id(name: str, properties: Properties) -> str:
    """Return the name of a trigger's undo, empty if it has none."""
    causes = json.dumps([properties.get(cause) for cause in CAUSES])
    digest = hashlib.sha256(f"{name} {causes}".encode()).hexdigest()
    can_be_undone = not properties.keys() & {"InvocationType", "ExecuteOnRollback"}
    return f"{name}Undo{digest[:10]}" if can_be_undone and digest[-1] in "0123456789ab" else ""


def _undo(name: str, properties: Properties) -> Trigger:
    undo: Settings = {
        "Timeout": properties.get("Timeout", 900),
        "Retry": {"MaxAttempts": 2, "Interval": 1, "BackoffRate": 1, "MaxInterval": 60},
    }
    described_run: Settings = {"RequestType": "Rollback", "LogicalResourceId": name, "RunId": None}
    holes = [{"Path": ["RunId"], "Value": GetAtt(name, "TriggerRunId")}]
    if "NoEcho" in properties:
        undo["NoEcho"] = True
    else:
        described_run["Result"] = None
        holes.append({"Path": ["Result"], "Value": GetAtt(name, "Result")})
    return Trigger(properties=undo | {"Undo": skeleton(described_run, *holes)})
