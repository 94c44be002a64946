"""A `.env` file → its values. They are data: none of them ever enters the environment of this process or of a child.

What may be taken from it are settings by their variables (`AGENTPROP_*`) and the keys that models name (`api_key_env`).
A directory that somebody else filled can therefore not run code through it, as `PYTHONPATH` would.
"""

from __future__ import annotations

import re
from pathlib import Path

ENV_FILE = ".env"
ENV_LINE = re.compile(r"""\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^#]*?))\s*(?:#.*)?""")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the `KEY=value` lines of a file, with optional `export`, quotes and comments; nothing if there is none."""
    if not path.is_file():
        return {}
    values = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        found = ENV_LINE.fullmatch(line)
        if found:
            values[found[1]] = next(group for group in found.groups()[1:] if group is not None)
    return values
