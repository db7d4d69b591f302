"""Write what becomes of golden templates, for a person to read before it is committed.

python -m tests.golden.record CASE...    these cases; without a name, those without an answer
"""

import sys
from collections.abc import Sequence

from tests.support.golden_cases import FOLDER, actual, cases, expected


def main(names: Sequence[str]) -> None:
    """Record the cases of these names."""
    for case in names or [case for case in cases() if expected(case).file == "nothing"]:
        outcome = actual(case)
        (FOLDER / case).mkdir(exist_ok=True)
        (FOLDER / case / "expected.yaml").unlink(missing_ok=True)
        (FOLDER / case / "problem.txt").unlink(missing_ok=True)
        (FOLDER / case / outcome.file).write_text(outcome.text)
        sys.stdout.write(f"{case}/{outcome.file}: read it before you commit it\n")


if __name__ == "__main__":
    main(sys.argv[1:])
