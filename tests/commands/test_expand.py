"""`cfn-trigger expand` at a terminal: the file as its author wrote it, without the shorthand."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.command_line import CLEAN, ROOT, run

TEMPLATE = """\
Transform: Trigger
Resources:
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Fn
  # ---- the application ----
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::123456789012:role/x
      Runtime: python3.13
      Handler: i.h
      Code: {ZipFile: x}
"""


def bytes_of(data: bytes, tmp_path: Path) -> bytes:
    """Expand a file in a process of its own, to see what it writes byte for byte."""
    path = tmp_path / "template"
    path.write_bytes(data)
    command = [sys.executable, "-m", "cfn_trigger", "expand", str(path)]
    environment = {name: value for name, value in CLEAN.items() if value is not None}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True
    ).stdout


def test_a_comment_between_resources_is_kept() -> None:
    output = run("expand", "-", stdin=TEMPLATE).stdout

    assert output.startswith("Resources:\n  Run:\n    Type: Custom::Trigger\n    Properties:\n")
    assert "\n  # ---- the application ----\n  Fn:\n    Type: AWS::Lambda::Function\n" in output


def test_a_byte_order_mark_and_line_ends_are_kept(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + TEMPLATE.replace("\n", "\r\n").encode()

    output = bytes_of(data, tmp_path)

    assert output.startswith(b"\xef\xbb\xbfResources:\r\n  Run:\r\n")
    assert output.count(b"\n") == output.count(b"\r\n")


def test_json_stays_json() -> None:
    fn = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Role": "arn:aws:iam::123456789012:role/x", "Runtime": "python3.13",
            "Handler": "i.h", "Code": {"ZipFile": "x"},
        },
    }  # fmt: skip
    run_fn = {"Type": "Custom::Trigger", "Properties": {"Handler": {"Ref": "Fn"}}}
    template = {"Transform": "Trigger", "Resources": {"Run": run_fn, "Fn": fn}}

    output = run("expand", "-", stdin=json.dumps(template, indent=4)).stdout

    assert output.startswith('{\n    "Resources": {\n        "Run": {\n')
    assert json.loads(output) == json.loads(
        run("expand", "-", "--json", stdin=json.dumps(template)).stdout
    )


def test_an_expanded_template_is_printed_as_it_is() -> None:
    once = run("expand", "-", stdin=TEMPLATE).stdout

    twice = run("expand", "-", stdin=once)

    assert (twice.exit_code, twice.stdout) == (0, once)
    assert twice.stderr == "cfn-trigger: -: its Transform does not list Trigger\n"
