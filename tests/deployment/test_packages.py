"""The packages that `install` uploads: the files that `sam build` puts into them, reproducibly."""

import io
import sys
import zipfile
from pathlib import Path

from cfn_trigger.deployment import packages
from tests.support.lambda_function import built_by_make
from trigger_provider import embed


def not_compiled(_files: packages.Files, _location: str) -> packages.Files:
    return {}


def entries(content: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder that matter, as `pip` and the Makefile have written them."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not any(part.endswith(".dist-info") for part in path.parts)
    }


def without_metadata(package: dict[str, bytes]) -> dict[str, bytes]:
    return {name: text for name, text in package.items() if ".dist-info/" not in name}


def written_here(package: dict[str, bytes]) -> dict[str, bytes]:
    """Leave out troposphere, of which `sam build` may install a newer version."""
    substitute = "troposphere/serverless.py"
    return {
        name: text
        for name, text in without_metadata(package).items()
        if name == substitute or not name.startswith("troposphere/")
    }


def test_the_function_has_the_files_that_sam_build_packages(tmp_path: Path) -> None:
    package = entries(packages.function_package(not_compiled))
    built = files(built_by_make("build-MacroFunction", tmp_path))

    assert written_here(package) == written_here(built)
    assert "troposphere/awslambda.py" in package.keys() & built.keys()


def test_the_layer_for_handlers_has_the_files_that_sam_build_packages(tmp_path: Path) -> None:
    package = entries(packages.handler_layer_package())

    assert package == files(built_by_make("build-HandlerLayer", tmp_path))


def test_the_layer_with_the_provider_has_the_files_that_sam_build_packages(
    tmp_path: Path,
) -> None:
    package = entries(packages.provider_layer_package(not_compiled))

    assert package == files(built_by_make("build-ProviderLayer", tmp_path))


def test_the_layer_with_the_provider_has_the_modules_that_templates_embed() -> None:
    assert [*packages.PROVIDER_MODULES] == ["__init__", *embed.MODULES]


def test_the_license_of_troposphere_comes_with_it() -> None:
    package = entries(packages.function_package(not_compiled))

    names = {
        name.partition(".dist-info/")[2] for name in package.keys() - without_metadata(package)
    }
    assert names == {"METADATA", "licenses/LICENSE"}


def test_the_same_files_make_the_same_archive() -> None:
    content = packages.archive({"b.py": b"2", "a.py": b"1"})

    assert content == packages.archive({"a.py": b"1", "b.py": b"2"})
    assert packages.function_package(not_compiled) == packages.function_package(not_compiled)


def test_every_user_may_read_the_files_of_an_archive() -> None:
    archive = zipfile.ZipFile(io.BytesIO(packages.archive({"a.py": b"1"})))

    (entry,) = archive.infolist()
    assert (entry.external_attr >> 16, entry.date_time) == (0o100644, (1980, 1, 1, 0, 0, 0))


def test_what_is_compiled_is_in_the_package_and_the_embedded_text_is_not_compiled() -> None:
    compiled: list[str] = []

    def compile_files(sources: packages.Files, location: str) -> packages.Files:
        assert location == "/var/task"
        compiled.extend(sources)
        return {"macro/__pycache__/handler.pyc": b"bytecode"}

    package = entries(packages.function_package(compile_files))

    assert package["macro/__pycache__/handler.pyc"] == b"bytecode"
    assert "macro/handler.py" in compiled
    assert not [name for name in compiled if name.startswith("trigger_provider/")]


def test_the_modules_in_a_layer_are_compiled_for_their_place_in_lambda() -> None:
    def compile_files(sources: packages.Files, location: str) -> packages.Files:
        return {f"{location.strip('/')}.pyc": b"".join(sources.values())}

    package = entries(packages.provider_layer_package(compile_files))

    assert sorted(package.pop("opt.pyc")) == sorted(b"".join(package.values()))


def test_bytecode_is_reproducible_and_names_the_place_in_lambda() -> None:
    python = sys.version_info[:2]
    sources = {"macro/a.py": b"def f(): return __file__\n", "b.py": b"X = 1\n"}

    first, second = (packages.bytecode(sources, "/var/task", python) for _ in range(2))

    assert first == second
    assert len(first) == len(sources)
    assert b"/var/task/macro/a.py" in next(first[name] for name in first if name[0] == "m")


def test_without_the_python_of_the_runtime_nothing_is_compiled() -> None:
    assert packages.bytecode({"a.py": b"X = 1\n"}, "/var/task", (2, 99)) == {}
