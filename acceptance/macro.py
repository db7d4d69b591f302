"""The macro under a name of its own, and the examples, deployed by `sam` as their authors do.

Knows the folders of the examples, and which of them an account cannot deploy on its own.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acceptance.account import Account, NotAsExpectedError

ROOT: Final = Path(__file__).parent.parent
EXAMPLES: Final = ROOT / "examples"
TEMPLATES: Final = tuple(sorted(EXAMPLES.rglob("template.yaml")))
STACK: Final = "macro"
NOT_DEPLOYED: Final[Mapping[str, str]] = {}
"""Examples that need what an account does not have, and what that is."""

_TRANSFORM: Final = re.compile(
    r"(?m)^(Transform:(?:\n?.*?[\s,\[]|\s+))Trigger(?=\s*(?:$|\]|,))|^(  - )Trigger$"
)
_LAYER: Final = "HandlerLayer:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sam:
    """The SAM CLI, with a folder to build in and a bucket for what it uploads."""

    program: str
    environment: Mapping[str, str]
    folder: Path
    bucket: str

    def deploy(self, template: Path, stack: str, parameters: Mapping[str, str]) -> None:
        """Build and deploy a template; raises NotAsExpectedError with what `sam` printed."""
        built = self.folder / "built" / stack
        self._run("build", "-t", str(template), "--build-dir", str(built), cwd=template.parent)
        self._run(
            *("deploy", "-t", str(built / "template.yaml"), "--stack-name", stack),
            *("--s3-bucket", self.bucket, "--s3-prefix", stack, "--no-progressbar"),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *_overrides(parameters),
            cwd=built,
        )

    def _run(self, *arguments: str, cwd: Path) -> None:
        ended = subprocess.run(
            [self.program, *arguments],
            cwd=cwd,
            env=dict(self.environment),
            capture_output=True,
            check=False,
            text=True,
        )
        if ended.returncode:
            raise NotAsExpectedError(
                f"sam {arguments[0]} exited with code {ended.returncode}\n"
                f"{ended.stdout}{ended.stderr}"
            )


def _overrides(parameters: Mapping[str, str]) -> tuple[str, ...]:
    pairs = tuple(f"{key}={value}" for key, value in parameters.items())
    return ("--parameter-overrides", *pairs) if pairs else ()


def of_macro(template: str, name: str) -> str:
    """Return a template that uses the macro under another name."""
    return _TRANSFORM.sub(lambda found: f"{found[1] or found[2]}{name}", template)


def deploy_macro(account: Account, sam: Sam) -> str:
    """Deploy the macro of this checkout under a name of its own; return the name."""
    name = account.macro_name()
    stack = account.own(STACK)
    sam.deploy(ROOT / "template.yaml", stack, {"MacroName": name})
    _delete_at_the_end(account, "HandlerLayerArn")
    return name


def move_provider(account: Account) -> None:
    """Move the provider's code into a layer of the macro's stack."""
    original = account.client("cloudformation").get_template(
        StackName=account.name(STACK), TemplateStage="Original"
    )
    values = {"MacroName": account.macro_name(), "ProviderCode": "Layer"}
    status = account.update(STACK, original["TemplateBody"], Parameters=values)
    if status != "UPDATE_COMPLETE":
        raise NotAsExpectedError(f"{account.name(STACK)}: is {status}; {account.failures(STACK)}")
    _delete_at_the_end(account, "ProviderLayerArn")


def _delete_at_the_end(account: Account, output: str) -> None:
    """Remember to delete a layer, which its stack retains for functions of other stacks."""
    layer_name, version = account.outputs(STACK)[output].rsplit(":", 2)[-2:]
    account.leftovers.append(
        lambda: account.client("lambda").delete_layer_version(
            LayerName=layer_name, VersionNumber=int(version)
        )
    )


def deploy_examples(
    account: Account, sam: Sam, macro: str, templates: Sequence[Path]
) -> Iterator[str]:
    """Deploy every example and delete it again; yield its name."""
    for template in templates:
        example = template.parent.relative_to(EXAMPLES).as_posix()
        if example in NOT_DEPLOYED:
            continue
        stack = f"example-{example.replace('/', '-')}"
        copy = sam.folder / "examples" / example
        shutil.copytree(template.parent, copy, ignore=shutil.ignore_patterns(".aws-sam"))
        text = of_macro(template.read_text(), macro)
        (copy / template.name).write_text(text)
        parameters = {"HandlerLayer": f"/cfn-trigger/{macro}/handler-layer-arn"}
        sam.deploy(copy / template.name, account.own(stack), parameters if _LAYER in text else {})
        if (status := account.delete(stack)) != "DELETE_COMPLETE":
            raise NotAsExpectedError(f"{account.name(stack)}: is {status}")
        yield example
