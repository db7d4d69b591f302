"""The macro's own stack: its template, its code in a bucket, and what of it is in an account.

Knows the project's template, which `sam deploy` uses too, and which of its properties are replaced
by code in a bucket. Refuses to know in which order things are created (`installer`).
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from cfn_trigger.deployment import aws, macro_package, packages
from cfn_trigger.errors import MissingError, UsageError
from cfn_trigger.template.source import parse_template
from macro.cloudformation import as_map
from macro.model import TRANSFORM, Json

STACK: Final = "cfn-trigger"
MACRO_NAME: Final = "MacroName"
PROVIDER_CODE: Final = "ProviderCode"
"""Parameters of the template."""
INLINE: Final = "Inline"
LAYER: Final = "Layer"
PROVIDER_CODES: Final = (INLINE, LAYER)
"""Where the provider's code is: in each template with triggers, or in a layer of this stack."""
CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
"""The template needs a role, and it is transformed by SAM."""

_APPLICATION: Final = "AWS::ServerlessRepo::Application"
_LOCAL_BUCKET: Final = "cfn-trigger-packages"
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroStack:
    """The names of a macro and of its stacks."""

    macro_name: str = TRANSFORM
    name: str = STACK

    @property
    def bucket_stack(self) -> str:
        """The name of the stack with the bucket."""
        return f"{self.name}-packages"


def macro_stack(macro_name: str, name: str | None) -> MacroStack:
    """Return the names of a macro's stacks; without a name, each macro has stacks of its own."""
    default = STACK if macro_name == TRANSFORM else f"{STACK}-{macro_name}"
    return MacroStack(macro_name=macro_name, name=name or default)


# ---- what is deployed


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The packages of the function and of the layers, by keys that follow from their contents.

    The function's key has the version too, so that a release with the same code is an update of a
    resource; CloudFormation refuses an update without one. A new layer would change handlers, or
    providers.
    """

    version: str
    function: bytes
    provider_layer: bytes
    handler_layer: bytes

    @property
    def objects(self) -> Mapping[str, bytes]:
        """The packages by their keys."""
        return {
            self.function_key: self.function,
            self.provider_layer_key: self.provider_layer,
            self.handler_layer_key: self.handler_layer,
        }

    @property
    def function_key(self) -> str:
        """The key of the function's package."""
        return f"{self.version}/function-{_digest(self.function)}.zip"

    @property
    def provider_layer_key(self) -> str:
        """The key of the package of the layer with the provider."""
        return f"provider-layer-{_digest(self.provider_layer)}.zip"

    @property
    def handler_layer_key(self) -> str:
        """The key of the package of the layer for handlers."""
        return f"handler-layer-{_digest(self.handler_layer)}.zip"


def _digest(package: bytes) -> str:
    return hashlib.sha256(package).hexdigest()[:32]


def installed_code(compile_files: packages.Compile = packages.bytecode) -> Code:
    """Return the packages of what is installed on this machine."""
    return Code(
        version=installed_version(),
        function=packages.function_package(compile_files),
        provider_layer=packages.provider_layer_package(compile_files),
        handler_layer=packages.handler_layer_package(),
    )


@cache
def _template(name: str) -> Mapping[str, Json]:
    path = Path(macro_package.__file__).with_name(name)
    return parse_template(path.read_text(encoding="utf-8"), name).values


def bucket_template() -> Mapping[str, Json]:
    """Return the template of the bucket; its output `Bucket` is the bucket's name."""
    return _template("bucket.yaml")


def template(bucket: str, code: Code) -> dict[str, Json]:
    """Return the template of the macro, with its code in a bucket."""
    content: dict[str, Any] = deepcopy(dict(_template("template.yaml")))
    uris = {
        "MacroFunction": ("CodeUri", code.function_key),
        "ProviderLayer": ("ContentUri", code.provider_layer_key),
        "HandlerLayer": ("ContentUri", code.handler_layer_key),
    }
    for name, (uri, key) in uris.items():
        resource = content["Resources"][name]
        del resource["Metadata"]  # how `sam build` builds it
        resource["Properties"][uri] = {"Bucket": bucket, "Key": key}
    content["Metadata"][_APPLICATION]["SemanticVersion"] = code.version
    return content


def has_same_handler_layer(old: Mapping[str, Json], new: Mapping[str, Json]) -> bool:
    """Whether two templates have the same layer for handlers, so that no version is published."""
    layers = [as_map(content.get("Resources")).get("HandlerLayer") for content in (old, new)]
    return bool(layers[0] == layers[1])


def is_macro(content: Mapping[str, Json]) -> bool:
    """Whether a template is that of the macro, in any version and deployed by any tool."""
    macro = as_map(as_map(content.get("Resources")).get("Macro"))
    return macro.get("Type") == "AWS::CloudFormation::Macro"


def version(content: Mapping[str, Json]) -> str:
    """Return the version of the macro that a template deploys; empty if it does not say."""
    application = as_map(as_map(content.get("Metadata")).get(_APPLICATION))
    return str(application.get("SemanticVersion", ""))


def installed_version() -> str:
    """Return the version of the macro on this machine."""
    return metadata.version("cfn-trigger")


def refuse_macro_name(name: str) -> None:
    """Raise UsageError for a name that the template's parameter does not allow."""
    declared: Any = as_map(_template("template.yaml")["Parameters"])[MACRO_NAME]
    pattern = str(declared["AllowedPattern"])
    if not re.fullmatch(pattern, name):
        form = "letters and digits, the first a letter, at most 64 in all"
        raise UsageError(f"--macro-name {name}: must be {form}")


# ---- what an account has


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """A stack at one moment; `template` is as it was passed, before its transforms."""

    stack_id: str
    status: str
    template: Mapping[str, Json] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_changing(self) -> bool:
        """Whether an operation is in progress."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def was_never_created(self) -> bool:
        """Whether it is what a failed creation has left, or a change set that never ran."""
        return self.status in _NEVER_CREATED

    @property
    def provider_code(self) -> str:
        """Where the provider's code is. Stacks of earlier versions lack the parameter."""
        return self.parameters.get(PROVIDER_CODE, INLINE)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The names of the layers that the stack has published. Their versions outlive it."""
        arns = (self.outputs.get(name, "") for name in ("HandlerLayerArn", "ProviderLayerArn"))
        return tuple(arn.split(":")[6] for arn in arns if arn)


_NEVER_CREATED: Final = frozenset(
    {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"}
)


def read_deployed(name: str, cloudformation: Any) -> DeployedStack | None:
    """Read a stack; return None if there is none of this name."""
    try:
        with aws.requesting(f"stack {name!r}"):
            (description,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
            if description["StackStatus"] == "DELETE_COMPLETE":
                return None
            return _deployed(description, cloudformation)
    except MissingError:
        return None


def _deployed(description: Mapping[str, Any], cloudformation: Any) -> DeployedStack:
    stack_id, status = description["StackId"], description["StackStatus"]
    if status == "REVIEW_IN_PROGRESS":  # it has no template yet
        return DeployedStack(stack_id=stack_id, status=status)
    return DeployedStack(
        stack_id=stack_id,
        status=status,
        template=parse_template(original_text(stack_id, cloudformation), stack_id).values,
        parameters={
            parameter["ParameterKey"]: parameter["ParameterValue"]
            for parameter in description.get("Parameters", [])
        },
        outputs={
            output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])
        },
        tags={tag["Key"]: tag["Value"] for tag in description.get("Tags", [])},
    )


def original_text(stack: str, cloudformation: Any) -> str:
    """Read the template of a stack as it was passed, before its transforms."""
    body = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body)  # boto3 parses a JSON template


# ---- the local cloud


def deploy(client: Callable[[str], Any], sleep: Callable[[float], None]) -> None:
    """Create the stack in a local cloud; `client` returns the client of a service.

    The functions run in this Python, so that bytecode of another one is of no use. Raises
    UsageError if the stack cannot be created.
    """
    code = installed_code(compile_files=lambda _files, _location: {})
    with (
        aws.requesting(f"stack {STACK!r}"),
        closing(client("s3")) as s3,
        closing(client("cloudformation")) as cloudformation,
    ):
        s3.create_bucket(Bucket=_LOCAL_BUCKET)
        upload(code, _LOCAL_BUCKET, s3)
        cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(template(_LOCAL_BUCKET, code)),
            Capabilities=list(CAPABILITIES),
        )
        while (stack := _description(cloudformation))["StackStatus"] == "CREATE_IN_PROGRESS":
            sleep(_POLL_SECONDS)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        reason = stack.get("StackStatusReason")
        raise UsageError(f"stack {STACK!r}: is {stack['StackStatus']}: {reason}")


def upload(code: Code, bucket: str, s3: Any) -> None:
    """Upload the packages; raises UsageError if the bucket refuses them."""
    with aws.requesting(f"bucket {bucket!r}"):
        for key, content in code.objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=content)


def _description(cloudformation: Any) -> Mapping[str, str]:
    stacks: list[Mapping[str, str]] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return stacks[0]
