"""Record what `watch` shows of whole deployments, for a person to read before it is committed.

python -m tests.terminal.record
"""

import sys

from tests.support.deployments import RECORDED, recordings


def main() -> None:
    """Write every recording, and remove those of no deployment."""
    RECORDED.mkdir(exist_ok=True)
    known = recordings()
    for name, text in known.items():
        (RECORDED / name).write_text(text)
        sys.stdout.write(f"{name}: read it before you commit it\n")
    for path in RECORDED.iterdir():
        if path.name not in known:
            path.unlink()


if __name__ == "__main__":
    main()
