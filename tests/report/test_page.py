"""The file as a file: what it admits, what it holds, and that nothing in the records can break out of its place."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import zlib
from pathlib import Path

import agentprop.report
from agentprop.report.page import page, policy

from .conftest import Written
from .toy_runs import HOSTILE

PACKAGE = Path(agentprop.report.__file__).parent
KATEX = PACKAGE / "vendor" / "katex"


def test_hostile_texts_lie_in_the_data_and_nowhere_else(toy: Written) -> None:
    text = toy.path.read_text(encoding="utf-8")
    for attack in HOSTILE[:4]:
        assert attack not in text
    statements = "\n".join(filter(None, toy.data["items"]["statement"]))
    assert all(attack in statements for attack in HOSTILE)


def test_there_are_six_script_elements_and_no_more(toy: Written) -> None:
    text = toy.path.read_text(encoding="utf-8")
    assert text.lower().count("</script") == 6, "two of data, three of KaTeX, one of the page"


def sources(pattern: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob(pattern))]


def test_no_source_can_end_its_own_element() -> None:
    assert not [text for text in sources("*.js") if "</script" in text.lower() or "<!--" in text]
    assert not [text for text in sources("*.css") if "</style" in text.lower()]


def test_the_script_never_parses_html() -> None:
    for path in sorted((PACKAGE / "template").glob("*.js")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|DOMParser", text)


def test_the_policy_admits_the_scripts_and_styles_of_the_file_by_hash_alone(toy: Written) -> None:
    text = toy.path.read_text(encoding="utf-8")
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert found is not None
    rules = dict(rule.strip().split(" ", 1) for rule in html.unescape(found[1]).split(";"))
    assert rules["default-src"] == "'none'" and rules["font-src"] == "data:"
    for element, rule in (("style", "style-src"), ("script", "script-src")):
        held = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digests = {base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() for source in held}
        assert {f"'sha256-{digest}'" for digest in digests} == set(rules[rule].split())
    assert "unsafe" not in policy(["a"], ["b"])


def test_a_title_is_text() -> None:
    document = page('</title><script>"&', {}, {}).decode()
    assert "<title>&lt;/title&gt;&lt;script&gt;&quot;&amp;</title>" in document


def test_lone_surrogates_do_not_stop_the_report() -> None:
    assert b"</html>" in page("t", {"statement": "\ud800"}, {})


def test_fonts_are_inside_and_nothing_is_named_outside(toy: Written) -> None:
    styles = "".join(re.findall(r"<style>(.*?)</style>", toy.path.read_text(encoding="utf-8"), re.DOTALL))
    addresses = re.findall(r"url\(([^)]{0,30})", styles)
    assert len(addresses) == 20 and all(address.startswith("data:font/woff2;base64,") for address in addresses)
    assert "@import" not in styles


def test_the_vendored_files_are_the_published_ones() -> None:
    listed = dict(line.split("  ", 1)[::-1] for line in (KATEX / "SHA256SUMS").read_text().splitlines())
    real = {
        str(path.relative_to(KATEX)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in KATEX.rglob("*")
        if path.is_file() and path.name not in ("SHA256SUMS", "VERSION")
    }
    assert listed == real and "LICENSE" in real


def test_the_package_stays_small() -> None:
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert sum(len(zlib.compress(path.read_bytes(), 6)) for path in files) < 1_000_000
