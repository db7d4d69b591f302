"""The macro's Lambda package and its layers, from the packages that are installed here.

Knows which files they contain: those that `sam build` puts into them, by the Makefile. Refuses to
know where they are uploaded. The same installation gives the same bytes.
"""

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Final, TypeAlias

import macro
import trigger_handler
import trigger_provider
from cfn_trigger.deployment import macro_package

RUNTIME: Final = (3, 13)
"""The version of Python that the macro's function runs with."""

Files: TypeAlias = Mapping[str, bytes]
"""The contents of files by their path in an archive."""

Compile: TypeAlias = Callable[[Files, str], Files]
"""Return the bytecode of files, by the files and the folder in which Lambda will have them."""

PROVIDER_MODULES: Final = (
    "__init__", "text", "request", "result", "decision", "answer", "transport", "calls", "relay",
    "service", "index",
)  # fmt: skip
"""The modules of the provider, without those that generate what templates embed."""

_EMBEDDED: Final = ("embedded.py", "compressed.py")
_LICENSES: Final = ("METADATA", "licenses")
_FUNCTION_FOLDER: Final = "/var/task"
_LAYER_FOLDER: Final = "/opt"
"""Where Lambda puts the files of a layer: https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html"""
_IN_LAYER: Final = "python/"
_MODE: Final = 0o100644
"""A file that every user may read: Lambda runs a function as a user of its own."""


def function_package(compile_files: Compile) -> bytes:
    """Return the zip file of the macro's function."""
    sources = {**_troposphere(), **_files(macro, "*.py")}
    compiled = compile_files(sources, _FUNCTION_FOLDER)
    return archive({**sources, **compiled, **_files(trigger_provider, *_EMBEDDED)})


def provider_layer_package(compile_files: Compile) -> bytes:
    """Return the zip file of the layer with the provider.

    It has bytecode for the default runtime of providers. Others compile it in each cold start.
    """
    modules = (f"{name}.py" for name in PROVIDER_MODULES)
    sources = _files(trigger_provider, *modules, prefix=_IN_LAYER)
    return archive({**sources, **compile_files(sources, _LAYER_FOLDER)})


def handler_layer_package() -> bytes:
    """Return the zip file of the layer for handlers.

    It is not compiled, since it is for every Python in Lambda.
    """
    return archive(_files(trigger_handler, "*.py", "py.typed", prefix=_IN_LAYER))


def bytecode(files: Files, location: str, runtime: tuple[int, int] = RUNTIME) -> Files:
    """Compile files with a version of Python; return none if it is not installed.

    Bytecode halves the import time of a cold start. It is unchecked, because a zip file does not
    preserve the modification times of the sources.
    """
    python = _python(runtime)
    if python is None:
        return {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        mode = ("-q", "-j0", "--invalidation-mode", "unchecked-hash")
        place = ("-s", name, "-p", location)
        subprocess.run([python, "-m", "compileall", *mode, *place, name], check=True)
        compiled = sorted(folder.rglob("*.pyc"))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in compiled}


def _python(version: tuple[int, int]) -> str | None:
    if sys.version_info[:2] == version:
        return sys.executable
    python = shutil.which(f"python{version[0]}.{version[1]}")
    if python is None:
        return None
    # A version manager may have a command for a Python that is not installed.
    ended = subprocess.run([python, "-c", ""], check=False, capture_output=True)
    return None if ended.returncode else python


def _troposphere() -> Files:
    """Return the files of troposphere, with substitutes for parts that the macro never uses."""
    files = {
        path.as_posix(): Path(str(path.locate())).read_bytes()
        for path in distribution("troposphere").files or ()
        if _is_needed(path.parts)
    }
    substitutes = Path(macro_package.__file__).parent
    return files | {
        "cfn_flip.py": (substitutes / "cfn_flip.py").read_bytes(),
        "troposphere/serverless.py": (substitutes / "troposphere_serverless.py").read_bytes(),
    }


def _is_needed(parts: tuple[str, ...]) -> bool:
    """Whether a file of a distribution belongs into the package: its modules and its license."""
    if parts[0].endswith(".dist-info"):
        return parts[1] in _LICENSES
    return parts[0] == "troposphere" and "__pycache__" not in parts


def _files(package: ModuleType, *patterns: str, prefix: str = "") -> Files:
    (folder,) = map(Path, package.__path__)
    paths = (path for pattern in patterns for path in folder.glob(pattern))
    return {f"{prefix}{package.__name__}/{path.name}": path.read_bytes() for path in paths}


def archive(files: Files) -> bytes:
    """Return a zip file, whose bytes depend on nothing but names and contents."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)  # dated 1980, whenever it is built
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _MODE << 16
            entry.create_system = 3  # Unix, on every system
            target.writestr(entry, files[name])
    return content.getvalue()
