"""The settings of a project: `[tool.cfn-trigger]` in pyproject.toml, and the SAM CLI's samconfig.

Knows where both files are looked for, what their keys are called, and which file wins. Refuses to
know which command uses a setting.
"""

import os
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from cfn_trigger import environment
from cfn_trigger.errors import UsageError
from macro.errors import nearest

PYPROJECT: Final = "pyproject.toml"
SAM_CONFIGURATIONS: Final = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
DEFAULT_ENVIRONMENT: Final = "default"

PARAMETERS: Final = "parameter-overrides"
TEMPLATE: Final = "template-file"
KEYS: Final = (
    "macro-name", PARAMETERS, "profile", "region", "s3-bucket", "stack-name", TEMPLATE,
)  # fmt: skip
"""What `[tool.cfn-trigger]` may contain."""

SAM_KEYS: Final = (PARAMETERS, "profile", "region", "stack-name", TEMPLATE)
"""The settings that the SAM CLI has too, there written with underscores.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

_KEY_AND_VALUE: Final = re.compile(r"ParameterKey=(.+?),ParameterValue=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value and the table of the file that has it; parameter overrides are a map."""

    name: str
    value: str | Mapping[str, str]
    source: str

    def __str__(self) -> str:
        return f"{self.name} {self.value!r} is from {self.source}"


Settings: TypeAlias = Mapping[str, Setting]
"""The settings of a project by name."""


def read_settings(folder: Path, sam_environment: str | None = None) -> Settings:
    """Read the settings of the nearest files in a folder and those above it.

    `sam_environment` selects the tables of samconfig.toml, as `sam --config-env` does. Raises
    UsageError for a file that cannot be read, an unknown key, and a missing environment.
    """
    folders = (folder.resolve(), *folder.resolve().parents)
    settings = {setting.name: setting for setting in _sam_settings(folders, sam_environment)}
    return settings | {setting.name: setting for setting in _project_settings(folders)}


# ---- pyproject.toml


def _project_settings(folders: tuple[Path, ...]) -> Iterator[Setting]:
    for path in (folder / PYPROJECT for folder in folders):
        if path.is_file():
            table = _table(_parsed(path), "tool").get("cfn-trigger")
            if table is not None:
                yield from _project_table(table, path)
                return


def _project_table(table: Any, path: Path) -> Iterator[Setting]:
    source = f"{_shown(path)} [tool.cfn-trigger]"
    if not isinstance(table, dict):
        raise UsageError(f"{source}: must be a table of settings")
    for name, value in table.items():
        if name not in KEYS:
            hint = nearest(name, KEYS) or f"; the settings are {', '.join(KEYS)}"
            raise UsageError(f"{source}: unknown setting {name!r}{hint}")
        yield _setting(name, value, place=f"{source} {name}", source=source, folder=path.parent)


# ---- samconfig


def _sam_settings(folders: tuple[Path, ...], sam_environment: str | None) -> Iterator[Setting]:
    candidates = (folder / name for folder in folders for name in SAM_CONFIGURATIONS)
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        if sam_environment is not None:
            problem = f"--config-env {sam_environment}: there is no {SAM_CONFIGURATIONS[0]}"
            raise UsageError(f"{problem} in {_shown(folders[0])} or above; create it, or remove it")
        return
    tables = _parsed(path)
    if sam_environment is not None and sam_environment not in tables:
        hint = nearest(sam_environment, [name for name in tables if name != "version"])
        raise UsageError(f"{_shown(path)}: has no environment {sam_environment!r}{hint}")
    name = sam_environment or DEFAULT_ENVIRONMENT
    for command in ("global", "deploy"):  # the latter wins
        table = _table(tables, name, command, "parameters")
        source = f"{_shown(path)} [{name}.{command}.parameters]"
        for setting in SAM_KEYS:
            key = setting.replace("-", "_")
            if key in table:
                place = f"{source} {key}"
                yield _setting(setting, table[key], place, source=source, folder=path.parent)


# ---- values


def _setting(name: str, value: Any, place: str, *, source: str, folder: Path) -> Setting:
    match name:
        case "parameter-overrides":
            return Setting(name=name, value=_parameters(value, place), source=source)
        case _ if not isinstance(value, str) or not value:
            raise UsageError(f"{place}: must be a non-empty string")
        case "template-file":
            value = _shown(folder / value)
    return Setting(name=name, value=value, source=source)


def _parameters(value: Any, place: str) -> dict[str, str]:
    """Return parameters from a map, or from the SAM CLI's `K=V` strings in any of their forms."""
    match value:
        case dict():
            return {str(name): _as_string(item) for name, item in value.items()}
        case str():
            items = _split(value, place)
        case [*entries] if all(isinstance(entry, str) for entry in entries):
            items = [item for entry in entries for item in _split(entry, place)]
        case _:
            raise UsageError(f"{place}: must be a table, or a string or a list of NAME=VALUE")
    return dict(_pair(item, place) for item in items)


def _split(text: str, place: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{place}: {text!r} has an open quotation mark") from error


def _pair(item: str, place: str) -> tuple[str, str]:
    if match := _KEY_AND_VALUE.fullmatch(item):
        return match[1], match[2]
    name, sign, value = item.partition("=")
    if not sign or not name:
        raise UsageError(f"{place}: {item!r} is not of the form NAME=VALUE")
    return name, value


def _as_string(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ",".join(map(_as_string, value))
    return str(value)


# ---- files


def _parsed(path: Path) -> dict[str, Any]:
    """Parse a file; an empty one has no tables."""
    text = environment.read_text(str(path))
    try:
        content = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text) or {}
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        form = "TOML" if path.suffix == ".toml" else "YAML"
        reason = " ".join(str(error).split())
        raise UsageError(f"{_shown(path)}: is not {form} ({reason}); correct it") from error
    return content if isinstance(content, dict) else {}


def _table(content: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        inner = content.get(name)
        content = inner if isinstance(inner, dict) else {}
    return content


def _shown(path: Path) -> str:
    """Return a path as a person at this place would write it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir + os.sep) else relative
