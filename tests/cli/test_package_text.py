"""Reading any SKILL.md and script ends in a package or in faults, never in an exception."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentprop.cli.skills.new import scaffold
from agentprop.composition.independence import script_faults
from agentprop.errors import SkillError
from agentprop.skills import parse, read, split

FILES = scaffold("toy", "toys", "mathematics")
LINES = FILES["SKILL.md"].splitlines(keepends=True)


def read_files(skill_md: bytes, script: bytes | None) -> list[str]:
    """The faults of a package with these files."""
    with TemporaryDirectory() as name:
        directory = Path(name) / "toy"
        (directory / "scripts").mkdir(parents=True)
        (directory / "SKILL.md").write_bytes(skill_md)
        if script is not None:
            (directory / "scripts" / "skill.py").write_bytes(script)
        package, faults = read(directory)
    assert package is not None or faults
    return faults


def test_the_template_is_without_fault() -> None:
    assert read_files(FILES["SKILL.md"].encode(), FILES["scripts/skill.py"].encode()) == []


@given(st.binary(max_size=300), st.none() | st.binary(max_size=100))
def test_any_bytes_are_read_with_faults(skill_md: bytes, script: bytes | None) -> None:
    assert read_files(skill_md, script)


@given(st.text(max_size=300))
@example("a: &a [*a]")
@example("a: !!python/object/apply:os.system ['true']")
@example("metadata: {parameters: {x: {kind: integer, min: .inf, max: .nan}}}")
@example("? [a, b]\n: c")
@example("2001-02-30")
@example("[" * 2000)
def test_any_frontmatter_is_read_with_faults(text: str) -> None:
    assert read_files(f"---\n{text}\n---\nbody\n".encode(errors="replace"), None)


@settings(max_examples=200)
@given(st.integers(0, len(LINES) - 1), st.integers(0, 80), st.text(max_size=12))
def test_a_damaged_line_is_read_or_refused(line: int, column: int, text: str) -> None:
    lines = LINES.copy()
    lines[line] = lines[line][:column] + text + lines[line][column + 3 :]
    try:
        package = parse("".join(lines), FILES["scripts/skill.py"])
    except SkillError as error:
        assert error.message and error.hint
    else:
        assert package.executable


@given(st.integers(0, len(LINES) - 1))
def test_a_missing_line_is_read_or_refused(line: int) -> None:
    try:
        parse("".join(LINES[:line] + LINES[line + 1 :]), FILES["scripts/skill.py"])
    except SkillError as error:
        assert error.message


@given(st.text(max_size=200))
@example("def solve(n): return 1\ndef check(n): return " + "(" * 500)
@example("def solve(n): pass\x00\ndef check(n): pass")
def test_any_script_has_faults_or_can_be_examined(script: str) -> None:
    try:
        parse(FILES["SKILL.md"], script)
    except SkillError:
        return
    assert isinstance(script_faults(script, independent=True), list)


@given(st.text(), st.text())
def test_a_frontmatter_and_its_body_come_apart_again(front: str, body: str) -> None:
    clean = front.replace("\r", "").replace("---", "").strip("\n")
    text = f"---\n{clean}\n---\n{body}"
    assert split(text) == (clean, body)


@pytest.mark.parametrize("text", ["", "---", "--- \nname: x", "name: x\n---\n", " ---\nname: x\n---\n"])
def test_a_text_without_frontmatter_is_refused(text: str) -> None:
    with pytest.raises(SkillError, match="does not begin with YAML frontmatter"):
        split(text)
