"""The names of what the macro adds, by which others recognize an expansion."""

import subprocess
import sys


def test_whoever_recognizes_an_expansion_needs_none_of_what_builds_one() -> None:
    script = (
        "import sys\n"
        "import cfn_trigger.deployment.timeline\n"
        "built = {'troposphere', 'macro.emit', 'macro.parts'}\n"
        "print(sorted(built.intersection(sys.modules)))"
    )

    completed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert completed.stdout.strip() == "[]"
