"""The macro's own stack: its template is the project's, its packages are the installed sources."""

import io
import zipfile
from typing import Any

from cfnlint.decode import decode_str

import macro
import trigger_handler
import trigger_provider
from cfn_trigger.deployment import macro_stack
from tests.support.command_line import ROOT

NEEDS_A_BUILD = {"CodeUri", "Description", "Architectures"}


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the properties of a resource, except those that need `sam build`."""
    declared = template["Resources"][name]["Properties"]
    return {key: value for key, value in declared.items() if key not in NEEDS_A_BUILD}


def test_the_template_is_the_projects_without_what_needs_a_build() -> None:
    template: Any = macro_stack.template()
    project: Any = decode_str((ROOT / "template.yaml").read_text())[0]

    added = template["Resources"].keys() - project["Resources"].keys()
    assert added == {"MacroFunctionRole"}
    assert project["Resources"].keys() <= template["Resources"].keys()
    function = properties(project, "MacroFunction")
    assert function.items() <= properties(template, "MacroFunction").items()
    assert template["Outputs"] == {
        name: {"Value": output["Value"]} for name, output in project["Outputs"].items()
    }
    for name, key in (("HandlerLayer", "LayerName"), ("HandlerLayerArn", "Name")):
        expected = properties(project, name)[key]["Fn::Sub"].replace("${MacroName}", "Trigger")
        assert properties(template, name)[key] == expected


def test_the_packages_are_the_installed_sources() -> None:
    function = zipfile.ZipFile(io.BytesIO(macro_stack.package([macro, trigger_provider])))
    layer = zipfile.ZipFile(io.BytesIO(macro_stack.package([trigger_handler], prefix="python/")))

    source = (ROOT / "macro" / "handler.py").read_bytes()
    assert function.read("macro/handler.py") == source
    assert "trigger_provider/index.py" in function.namelist()
    assert "python/trigger_handler/__init__.py" in layer.namelist()


def test_the_same_sources_make_the_same_package() -> None:
    content = macro_stack.package([macro])

    assert content == macro_stack.package([macro])
    assert {file.date_time for file in zipfile.ZipFile(io.BytesIO(content)).infolist()} == {
        (1980, 1, 1, 0, 0, 0)
    }
