"""What `cfn-trigger` prints where the locale's encoding lacks characters."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.command_line import ROOT

ASCII: Final = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""An ASCII locale, which Python may not replace with UTF-8."""

TEMPLATE: Final = """\
Transform: Trigger
Resources:
  Run:
    Type: Custom::Trigger
    Properties: {Handler: !Ref Migrate}
  Migrate:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/migrate
      Code: {ZipFile: x}
"""


def graph(folder: Path, **variables: str) -> tuple[int, bytes, bytes]:
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "cfn_trigger", "graph", "template.yaml"],
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)} | ASCII | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_a_file_or_a_pipe_gets_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    code, stdout, stderr = graph(tmp_path)

    assert (code, stderr) == (0, b"")
    assert "──" in stdout.decode("utf-8")


def test_what_an_encoding_lacks_is_escaped(tmp_path: Path) -> None:
    code, stdout, stderr = graph(tmp_path, PYTHONIOENCODING="ascii")

    assert (code, stderr) == (0, b"")
    assert rb"\u2500" in stdout
