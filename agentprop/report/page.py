"""Tables and samples → one HTML file that needs no server and no network, and trusts none of the text in it.

All data is gzipped JSON in base64, which no text in it can break out of; the script builds every element from text
nodes. The content security policy admits the styles and scripts of this file by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

TEMPLATE = (
    "dom.js",
    "math.js",
    "data.js",
    "charts.js",
    "heatmap.js",
    "graph.js",
    "tables.js",
    "comparison.js",
    "overview.js",
    "filters.js",
    "marks.js",
    "steps.js",
    "browser.js",
    "main.js",
)
"""The page's own script, in the order of use."""
KATEX = ("katex.min.js", "mhchem.min.js", "auto-render.min.js")
GENERATOR = '<meta name="generator" content="agentprop report">'
"""Mark by which a report is recognised."""
_FONT = re.compile(r'src:url\(fonts/([\w-]+\.woff2)\) format\("woff2"\)[^}]*')


def page(title: str, data: Any, details: Any) -> bytes:
    """Build the file. The browser unpacks `details` only when a problem is opened."""
    own, katex = files("agentprop.report") / "template", files("agentprop.report") / "vendor" / "katex"
    styles = [_katex_style(katex), _read(own / "style.css")]
    scripts = [*(_read(katex / name) for name in KATEX), "\n".join(_read(own / name) for name in TEMPLATE)]
    parts = {
        "policy": escape(policy(scripts, styles)),
        "generator": GENERATOR,
        "title": escape(title),
        "styles": "".join(f"<style>{style}</style>" for style in styles),
        "data": packed(data),
        "details": packed(details),
        "scripts": "".join(f"<script>{script}</script>" for script in scripts),
    }
    return re.sub(r"<!--(\w+)-->", lambda found: parts[found[1]], _read(own / "page.html")).encode()


def policy(scripts: list[str], styles: list[str]) -> str:
    """Content security policy: these scripts, these styles, fonts and nothing more."""
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hashes(sources: list[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() for source in sources)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def packed(value: Any) -> str:
    """Pack a value as JSON, gzipped, in base64; equal values give equal texts."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)).decode()


def _katex_style(katex: Traversable) -> str:
    """The stylesheet with its fonts inlined."""

    def inlined(found: re.Match[str]) -> str:
        font = base64.b64encode((katex / "fonts" / found[1]).read_bytes()).decode()
        return f'src:url(data:font/woff2;base64,{font}) format("woff2")'

    return _FONT.sub(inlined, _read(katex / "katex.min.css"))


def _read(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")
