"""`python -m agentprop` is the command `agentprop`."""

import sys
from pathlib import Path


def _leave_directory() -> None:
    """Take the working directory, which `-m` puts first, out of the path that modules are imported from.

    A checkout that is run without being installed goes last, where it stands in for nothing else.
    """
    if sys.flags.safe_path or not sys.path:
        return
    first, root = sys.path.pop(0), str(Path(__file__).resolve().parents[1])
    if first and Path(first).resolve() == Path(root) and root not in sys.path:
        sys.path.append(root)


if __name__ == "__main__":
    _leave_directory()
    from agentprop.cli import main

    main()
