"""Record what `cfn-trigger` prints about the examples, for a person to read before it is committed.

python -m tests.commands.record [NAME...]    these recordings; without a name, all
"""

import sys
from collections.abc import Sequence

from tests.support.recordings import RECORDED, printed, recordings


def main(names: Sequence[str]) -> None:
    """Record the recordings of these names, and remove those of no command."""
    known = recordings()
    for name in names or known:
        (RECORDED / name).write_text(printed(*known[name]))
        sys.stdout.write(f"{name}: read it before you commit it\n")
    for path in RECORDED.iterdir():
        if path.name not in known:
            path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
