"""A written report → the data inside it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any


def embedded(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """(data, details) of a report."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r'<script type="text/plain" id="(data|details)">([A-Za-z0-9+/=]+)</script>', text)
    parts = {name: json.loads(gzip.decompress(base64.b64decode(packed))) for name, packed in found}
    return parts["data"], parts["details"]
