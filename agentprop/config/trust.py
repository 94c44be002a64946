"""Whether the files of the working directory may name programs to run.

A directory that was cloned or unpacked comes with an agentprop.toml of somebody else's. Its settings are data, but for
those of a local model that name a program, its arguments or its environment: with these it would run code of its own.
"""

from __future__ import annotations

import os

TRUST_VARIABLE = "AGENTPROP_TRUST_DIRECTORY"
"""Set to 1 in the environment by whoever trusts the directory that agentprop is run in."""
HINT = f"if you trust this directory, export {TRUST_VARIABLE}=1 and run the same command again"


def is_trusted() -> bool:
    """Tell whether the user vouches for the working directory; a `.env` in it cannot."""
    return os.environ.get(TRUST_VARIABLE) == "1"
