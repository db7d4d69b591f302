"""`make release-check` builds what a release consists of, and checks it as its users would meet it.

Knows the steps and their order. Builds into build/release, from the files that git knows, and ends
with the first step that fails. Publishes nothing.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cfn_trigger.local_cloud.cloud import running
from release.application import application, missing_metadata
from release.content import unexpected_in_sdist, unexpected_in_wheel
from release.source import ROOT, Release, committed_files, release_files, release_of, write

BUILD: Final = ROOT / "build" / "release"
DIST: Final = ROOT / "dist"
TOOLS: Final = ("build>=1.2,<2", "twine>=6.1,<8")
COMMANDS: Final = ("check", "plan", "graph")
NEEDS_SAM: Final = "AWS::Serverless"
"""What `expand` leaves to SAM, and to the upload of local code."""

BUCKET: Final = "release-check"


def main() -> None:
    """Build and check a release; exit with code 1 and the reason if a check fails."""
    files = release_files(committed_files())
    release = release_of(files["pyproject.toml"].decode())
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.rmtree(DIST, ignore_errors=True)
    write(files, BUILD / "source")

    step(f"{release.name} {release.version}: build the source distribution and the wheel")
    tools = environment("tools", *TOOLS)
    run(tools / "python", "-m", "build", "--outdir", DIST, BUILD / "source")
    step("check their metadata")
    run(tools / "python", "-m", "twine", "check", "--strict", *sorted(DIST.iterdir()))
    check_content(release)
    check_in_an_empty_environment(release)
    check_application(release)
    if not release.repository:
        print("\ntool.release.repository is empty: the README was built without links to files")
    print(f"\n{release.name} {release.version} can be released: {DIST}")


def check_content(release: Release) -> None:
    """Exit unless both archives hold what they should, and nothing else."""
    step("check their content")
    (wheel,) = DIST.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        exit_for(unexpected_in_wheel(archive.namelist(), release), wheel.name)
    (sdist,) = DIST.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        exit_for(unexpected_in_sdist(archive.getnames(), release), sdist.name)


def check_in_an_empty_environment(release: Release) -> None:
    """Exit unless the installed command works on every example, away from the checkout."""
    step("install the wheel into an empty environment, and run it on every example")
    (wheel,) = DIST.glob("*.whl")
    installed = environment("installed", str(wheel))
    version = output(installed / "cfn-trigger", "--version")
    if version != f"{release.name} {release.version}\n":
        sys.exit(f"cfn-trigger --version printed {version!r}")
    for template in templates():
        expand = () if NEEDS_SAM in template.read_text() else ("expand",)
        for command in (*COMMANDS, *expand):
            output(installed / "cfn-trigger", command, template)
        print(f"  {template.relative_to(ROOT)}", flush=True)


def check_application(release: Release) -> None:
    """Exit unless the application can be packaged with all of its metadata."""
    step("package the application for the serverless application repository")
    source = BUILD / "source"
    template = source / "application.yaml"
    template.write_text(application((source / "template.yaml").read_text(), release))
    exit_for(missing_metadata(template.read_text()), template.name)
    clients = Path(sys.executable).parent
    with running() as cloud:
        path = os.pathsep.join((str(clients), os.environ.get("PATH", os.defpath)))
        cloud_environment = dict(cloud.environment) | {"PATH": path, "HOME": str(BUILD)}
        packaged = BUILD / "packaged.yaml"
        run(clients / "sam", "build", "-t", template, cwd=source, env=cloud_environment)
        run(clients / "aws", "s3", "mb", f"s3://{BUCKET}", cwd=source, env=cloud_environment)
        run(
            *(clients / "sam", "package", "--s3-bucket", BUCKET),
            *("--output-template-file", packaged),
            cwd=source,
            env=cloud_environment,
        )
        exit_for(missing_metadata(packaged.read_text()), packaged.name)


def templates() -> Iterator[Path]:
    """Yield the template of every example."""
    yield from sorted((ROOT / "examples").rglob("template.yaml"))


def environment(name: str, *requirements: str) -> Path:
    """Create a virtual environment that has the requirements; return the folder of its programs."""
    folder = BUILD / name
    run(sys.executable, "-m", "venv", folder)
    programs = folder / "bin"
    run(programs / "python", "-m", "pip", "install", "--quiet", *requirements)
    return programs


def step(title: str) -> None:
    """Print what comes next."""
    print(f"\n{title}", flush=True)


def run(*command: str | Path, cwd: Path = BUILD, env: dict[str, str] | None = None) -> None:
    """Run a program; exit with its code and what it printed if it fails."""
    output(*command, cwd=cwd, env=env)


def output(*command: str | Path, cwd: Path = BUILD, env: dict[str, str] | None = None) -> str:
    """Return what a program printed; exit with what it printed if it fails."""
    ended = subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False, text=True)
    if ended.returncode:
        program = " ".join(map(str, command))
        sys.exit(f"{program} exited with code {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def exit_for(problems: list[str], place: str) -> None:
    """Exit if there are problems, and list them."""
    if problems:
        sys.exit("\n".join(f"{place}: {problem}" for problem in problems))


if __name__ == "__main__":
    main()
