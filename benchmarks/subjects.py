"""Install the functions to measure, and run them under the runtime interface emulator.

Knows where each provider comes from and how it starts: npm, pip, the runtime clients. Refuses to
know what is measured. Everything is installed in `build/peers`, under names that include versions.
"""

import contextlib
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, NamedTuple

from macro.embedding import IMPORT
from tests.support.lambda_function import (
    BOOTSTRAP,
    REPOSITORY,
    _emulator,
    _lambda_environment,
    _Server,
    runtime,
)
from tests.support.waiting import wait_until

HERE: Final = Path(__file__).parent / "peers"
BUILD: Final = REPOSITORY / "build" / "peers"
CRHELPER: Final = ("crhelper==2.0.12",)
CFN_LAMBDA_HANDLER: Final = ("cfn-lambda-handler==1.4.0", "requests==2.34.2")
LIMIT_TO_INSTALL: Final = 120
CDK_MEMORY: Final = 128  # MB, the default of CDK's provider

Properties = dict[str, str]
INVOKES: Final = {"InvocationType": "RequestResponse", "ExecuteOnHandlerChange": "true"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A function to measure: how to start it, and how to shorten its timeouts."""

    name: str
    folder: Path
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    properties: Properties = field(default_factory=dict)
    hurried_environment: Mapping[str, str] = field(default_factory=dict)
    hurried_properties: Properties = field(default_factory=dict)


class Seen(NamedTuple):
    """One invocation: when it began and ended (`time.monotonic`), and its result."""

    began: float
    ended: float
    result: Any


class Environment(_Server):
    """One execution environment; `environment` starts and stops it."""

    def timed(self, event: object) -> Seen:
        """Invoke synchronously; the first invocation is cold."""
        seen = self._log.stat().st_size
        body = json.dumps(event).encode()
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        with contextlib.closing(connection):
            began = time.monotonic()
            connection.request("POST", "/2015-03-31/functions/function/invocations", body)
            reply = connection.getresponse().read()
            ended = time.monotonic()
        wait_until(lambda: self._reported(seen))
        return Seen(began, ended, json.loads(reply))

    def _reported(self, seen: int) -> bool:
        with self._log.open("rb") as log:
            log.seek(seen)
            return b"REPORT RequestId" in log.read()


@contextlib.contextmanager
def environment(subject: Subject, variables: Mapping[str, str]) -> Iterator[Environment]:
    """Yield an execution environment, not yet initialized; stop all its processes at the end."""
    with tempfile.TemporaryDirectory(prefix="cfn-trigger-benchmark-") as home:
        emulator = Path(shutil.copy(_emulator(), home))
        emulator.chmod(0o700)
        variables_here = _lambda_environment(
            subject.folder, name="provider", timeout=900, memory=512
        )
        variables_here |= {"HOME": home} | dict(variables) | dict(subject.environment)
        started = Environment.started(
            emulator, list(subject.command), folder=subject.folder, environment=variables_here
        )
        try:
            yield started
        finally:
            started.stop()


# ---- functions in Python


def python(folder: Path, handler: str, **settings: Any) -> Subject:
    """Return the subject for a folder with Python code, which awslambdaric runs as Lambda does."""
    interpreter = (os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", BOOTSTRAP)
    command = (*interpreter, str(folder), str(runtime()), handler)
    return Subject(folder=folder, command=command, **settings)


def trigger() -> Subject:
    """Return the subject for our provider, as templates embed it."""
    folder = _empty_folder("trigger")
    shutil.copy(REPOSITORY / "trigger_provider" / "embedded.py", folder / "index.py")
    return _trigger(folder, "cfn-trigger")


def trigger_from_layer() -> Subject:
    """Return the subject for our provider in a layer, with bytecode for this Python."""
    layer, folder = _empty_folder("layer"), _empty_folder("trigger-from-layer")
    _make("build-ProviderLayer", layer)
    shutil.copytree(layer / "python", folder, dirs_exist_ok=True)
    (folder / "index.py").write_text(IMPORT)
    return _trigger(folder, "cfn-trigger (layer)")


def _trigger(folder: Path, name: str) -> Subject:
    shutil.copy(HERE / "measured.py", folder)
    return python(
        folder,
        "measured.handler",
        name=name,
        environment={"MEASURED": "index.handler"},
        properties=INVOKES | {"Timeout": "900"},
        hurried_properties={"Timeout": "2"},
    )


def peer(name: str, packages: tuple[str, ...], module: str) -> Subject:
    """Return the subject for a library for custom resources and a function that uses it."""
    folder = _installed_folder(name, " ".join(packages), lambda target: _pip(target, packages))
    for source in (HERE / f"{module}.py", HERE / "measured.py"):
        shutil.copy(source, folder)
    return python(
        folder,
        "measured.handler",
        name=name,
        environment={"MEASURED": f"{module}.handler"},
        properties=INVOKES,
        hurried_environment={"READ_TIMEOUT": "0.3"},
    )


def macro() -> Subject:
    """Return the subject for the macro's package, compiled for the Python that runs it here."""
    folder = _empty_folder("macro")
    _make("build-MacroFunction", folder)
    return python(folder, "macro.handler.handler", name="macro")


def _make(target: str, folder: Path) -> None:
    """Build a package by its target in the Makefile, compiled for this Python."""
    runtime_python = f"RUNTIME_PYTHON={os.path.realpath(sys.executable)}"
    _run(["make", target, f"ARTIFACTS_DIR={folder}", runtime_python], REPOSITORY)


def empty() -> Subject:
    """Return the subject for a function that does nothing."""
    folder = _empty_folder("empty")
    (folder / "empty.py").write_text("def handler(event, context):\n    return event\n")
    return python(folder, "empty.handler", name="an empty function")


def _pip(folder: Path, packages: tuple[str, ...]) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--target", str(folder), *packages], REPOSITORY)


# ---- CDK's provider, in Node


def cdk() -> Subject:
    """Return the subject for CDK's provider: the files that it deploys, and their SDK."""
    node, installed = _tool("node"), node_modules()
    handlers = installed / "aws-cdk-lib" / "custom-resource-handlers" / "dist"
    folder = _empty_folder("cdk")
    entrypoint = handlers / "core" / "nodejs-entrypoint-handler" / "index.js"
    shutil.copy(entrypoint, folder / "__entrypoint__.js")
    shutil.copy(handlers / "triggers" / "lambda" / "index.js", folder / "index.js")
    shutil.copy(HERE / "measured.js", folder)
    # As Lambda limits the heap of Node.js
    young, old = CDK_MEMORY * 5 // 100, CDK_MEMORY * 9 // 10
    heap = (f"--max-semi-space-size={young}", f"--max-old-space-size={old}")
    return Subject(
        name="AWS CDK triggers",
        folder=folder,
        command=(node, *heap, str(runtime_client()), "measured.handler"),
        environment={
            "NODE_PATH": str(installed),
            "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs" + node_version().split(".")[0] + ".x",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(CDK_MEMORY),
        },
        properties=INVOKES | {"Timeout": "120000"},
        hurried_properties={"Timeout": "300"},
    )


@functools.cache
def node_modules() -> Path:
    """Return the folder with CDK, the SDK and Lambda's runtime client, installed once."""
    manifest = HERE / "package.json"

    def install(folder: Path) -> None:
        shutil.copy(manifest, folder)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
        _run([_tool("npm"), "install", *quiet, "--legacy-peer-deps"], folder)
        try:
            _build_runtime_client(folder / "node_modules" / "aws-lambda-ric")
        except (subprocess.SubprocessError, OSError) as error:
            print(f"aws-lambda-ric does not build ({error}): using its stand-in", file=sys.stderr)

    key = manifest.read_text() + node_version()
    return _installed_folder("node", key, install) / "node_modules"


def runtime_client() -> Path:
    """Return the script that receives events from the Runtime API: Lambda's own, if built."""
    original = node_modules() / "aws-lambda-ric"
    built = (original / "dist" / "rapid-client.node").exists()
    return original / "bin" / "index.mjs" if built else HERE / "runtime.mjs"


def node_version() -> str:
    """Return the version of Node.js."""
    node = subprocess.run([_tool("node"), "--version"], check=True, capture_output=True, text=True)
    return node.stdout.strip().removeprefix("v")


def _build_runtime_client(package: Path) -> None:
    # As its install scripts do, but curl is built with cmake, which is more common than autotools.
    deps = package / "deps"
    for archive in deps.glob("*.tar.gz"):
        _run(["tar", "xzf", archive.name, "--no-same-owner"], deps)
    into = f"-DCMAKE_INSTALL_PREFIX={deps / 'artifacts'}"
    (curl,), (client,) = deps.glob("curl-curl-*"), deps.glob("aws-lambda-cpp-*[0-9]")
    no_tls = ("-DCURL_ENABLE_SSL=OFF", "-DCMAKE_USE_OPENSSL=OFF", "-DCURL_USE_LIBSSH2=OFF")
    plain = ("-DHTTP_ONLY=ON", "-DCURL_ZLIB=OFF", "-DENABLE_THREADED_RESOLVER=OFF", *no_tls)
    alone = ("-DBUILD_SHARED_LIBS=OFF", "-DBUILD_CURL_EXE=OFF", "-DBUILD_TESTING=OFF")
    relocatable = "-DCMAKE_POSITION_INDEPENDENT_CODE=ON"
    _cmake(curl, into, relocatable, *plain, *alone)
    _cmake(client, into, relocatable, f"-DCMAKE_PREFIX_PATH={deps / 'artifacts'}")
    gyp = [str(package.parent / ".bin" / "node-gyp"), "rebuild", f"--python={sys.executable}"]
    prefix = Path(_tool("node")).parent.parent
    has_headers = (
        prefix / "include" / "node" / "node_api.h"
    ).exists()  # else node-gyp downloads them
    _run([*gyp, f"--nodedir={prefix}"] if has_headers else gyp, package)
    shutil.copy(package / "build" / "Release" / "rapid-client.node", package / "dist")


def _cmake(source: Path, *options: str) -> None:
    _run(["cmake", "-S", str(source), "-B", str(source / "build"), *options], source)
    _run(["cmake", "--build", str(source / "build"), "--target", "install", "--parallel"], source)


# ---- installing


def _installed_folder(name: str, key: str, install: Any) -> Path:
    folder = BUILD / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    if not folder.exists():
        print(f"installing {name} …", file=sys.stderr, flush=True)
        install(scratch := _empty_folder("scratch"))
        scratch.rename(folder)
    return folder


def _empty_folder(name: str) -> Path:
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        sys.exit(f"{name} is not on the PATH: install Node 20 or later, which has node and npm")
    return os.path.realpath(path) if name == "node" else path


def _run(command: list[str], folder: Path) -> None:
    started = subprocess.run(
        command,
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_TO_INSTALL,
    )
    if started.returncode:
        print(started.stderr[-2000:], file=sys.stderr)
        started.check_returncode()
