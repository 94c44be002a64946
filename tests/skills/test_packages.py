"""SKILL.md ↔ package: every fault at once, and no text makes the reader fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.errors import SkillError
from agentprop.skills import (
    Hole,
    Package,
    bundled_directory,
    clashes,
    directories,
    holes,
    load,
    parse,
    read,
    read_texts,
    segments,
    split,
)
from agentprop.skills.constants import CONSTANTS

GOOD = """---
name: toy-gcd
description: The greatest common divisor, for tests.
license: Apache-2.0
metadata:
  domain: mathematics
  category: toy
  intent: i
  method: m
  effect: e
  tool: t
  parameters:
    a: {kind: integer, min: 1, max: 99}
    b: {kind: integer, min: 1, max: 99, role: count}
  flavour: {who: [Ada, Noor]}
  constraints: ["a > b"]
  output: {kind: integer, role: count, subject: pairs}
  phrasings:
    - {ask: "<who> asks for the greatest common divisor of $<a>$ and <b>."}
    - {scene: "There are $<a>$ and <b> pairs.", ask: "How many?"}
  value: ["the greatest common divisor of $<a>$ and $<b>$"]
  follows:
    b: [{scene: "Each of these <subject> meets <a> others.", ask: "How often?"}]
  sweep: [a]
---
# Body
"""
SCRIPT = "def solve(a, b):\n    return 1\n\ndef check(a, b):\n    return 1\n"


def faults(text: str, script: str | None = SCRIPT) -> list[str]:
    return read_texts(text, script, "user")[1]


def test_a_good_package_has_no_faults() -> None:
    assert faults(GOOD) == []
    package = parse(GOOD, SCRIPT)
    assert (package.name, package.module, package.executable) == ("toy-gcd", "toy_gcd", True)
    assert parse(GOOD, SCRIPT).id == package.id != parse(GOOD, SCRIPT + "\n").id


PLANTED = [
    ("name: toy-gcd", "name: Toy_GCD", "name:"),
    ("name: toy-gcd", "name: " + "a" * 65, "name:"),
    ("name: toy-gcd", "name: [a]", "name:"),
    ("description: The greatest common divisor, for tests.", "description: ''", "description"),
    ("category: toy", "category: Toy Things", "category"),
    ("domain: mathematics", "domain: magic", "domain"),
    ("intent: i", "intent: ' '", "intent: empty"),
    ("  tool: t\n", "", "tool"),
    ("kind: integer, min: 1, max: 99}", "kind: whole, min: 1, max: 99}", "parameters.a.kind"),
    ("kind: integer, min: 1, max: 99}", "kind: integer, min: 9, max: 1}", "parameters.a: min"),
    ("kind: integer, min: 1, max: 99}", "kind: integer, min: .inf, max: 99}", "parameters.a.min"),
    ("kind: integer, min: 1, max: 99}", "kind: integer, min: 1, max: 99, colour: red}", "parameters.a.colour"),
    ("    a: {kind", "    who: {kind", "not usable as a name"),
    ("    a: {kind", "    1a: {kind", "not usable as a name"),
    ('"a > b"', '"a > c"', "unknown c"),
    ('"a > b"', '"__import__(1)"', "constraints"),
    ('"a > b"', "[a]", "constraints"),
    ("b: {kind: integer, min: 1, max: 99", "b: {kind: integer, suits: 'a > 1', min: 1, max: 99", "parameters.b: suits"),
    ("output: {kind: integer", "output: {kind: whole", "output.kind"),
    ("output: {kind: integer, role: count, subject: pairs}", "output: {kind: quantity}", "needs a unit"),
    ("output: {kind: integer", "output: {figures: 99, kind: integer", "output.figures"),
    ("divisor of $<a>$ and <b>.", "divisor of $<a>$.", "lacks <b>"),
    ("divisor of $<a>$ and <b>.", "divisor of $<a>$ and <b> and <c>.", "unknown <c>"),
    ("divisor of $<a>$ and <b>.", "divisor of $<a> and <b>.", "unbalanced $"),
    ("divisor of $<a>$ and <b>.", "divisor{if signed: in size} of $<a>$ and <b>.", "a clause in braces"),
    ('    - {scene: "There are $<a>$ and <b> pairs.", ask: "How many?"}\n', "", "two or more"),
    ('["the greatest common divisor of $<a>$ and $<b>$"]', '["a divisor of $<a>$ and $<b>$"]', "must begin"),
    ('["the greatest common divisor of $<a>$ and $<b>$"]', '["the divisor of $<a>$ and $<b>$."]', "must begin"),
    ("follows:\n    b:", "follows:\n    c:", "follows.c: unknown parameter"),
    (", role: count}\n  flavour", "}\n  flavour", "has no role"),
    ("meets <a> others", "meets <a> and <b> others", "must not repeat <b>"),
    ('ask: "How often?"}', 'ask: "How often?", role: pile}', "not a role"),
    ("sweep: [a]", "sweep: [c]", "sweep: unknown"),
    ("# Body\n", "", "body: empty"),
    ("license: Apache-2.0", "license: &x Apache-2.0\ncompatibility: *x", "aliases"),
    ("license: Apache-2.0", "surprise: 1", "surprise"),
    ("metadata:", "metadata: [", "frontmatter"),
    ("---\nname", "name", "frontmatter"),
]


@pytest.mark.parametrize(("old", "new", "fault"), PLANTED, ids=[f"{i} {p[2]}" for i, p in enumerate(PLANTED)])
def test_a_planted_fault_is_found(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new, 1))
    assert any(fault in line for line in found), found


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("def solve(a, b): return 1", "no function `check`"),
        ("def check(a, b): return 1", "no function `solve`"),
        ("def (", "scripts/skill.py"),
        ("solve = check = 1", "no function `solve`"),
        ("\x00", "scripts/skill.py"),
    ],
)
def test_a_script_without_its_functions_is_a_fault(script: str, fault: str) -> None:
    assert any(fault in line for line in faults(GOOD, script))


EXPLAINED = "sweep: [a]\n  explain:\n    - 'A square has side $<side>$.'\n    - 'So there are $<value>$ of <a>.'\n"
STEPS = SCRIPT + "\ndef steps(a, b):\n    return {'side': a}\n"


def test_a_package_may_explain_its_value() -> None:
    text = GOOD.replace("sweep: [a]\n", EXPLAINED)
    assert faults(text, STEPS) == []
    assert len(parse(text, STEPS).spec.explain) == 2


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("<side>", "<edge>", "explain: unknown <edge>"),
        ("$<side>$", "that", "does not use <side>"),
        ("$<value>$ of", "many of", "the last sentence lacks <value>"),
        ("$<side>$", "$<side>", "unbalanced $"),
        ("of <a>.'", "of <a>'", "does not end as a sentence does"),
        ("    - 'A square has side $<side>$.'\n", "", "2 to 6 sentences"),
    ],
)
def test_a_fault_of_an_explanation_is_found(old: str, new: str, fault: str) -> None:
    text = GOOD.replace("sweep: [a]\n", EXPLAINED)
    assert old in text
    found = faults(text.replace(old, new, 1), STEPS)
    assert any(fault in line for line in found), found


KIND = bundled_directory() / "geometry-triangle"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("power: ['<CA> \\cdot <AB>']", "power: ['$<CA> \\cdot <AB>']", "formulas.power: unbalanced $"),
        ("power: ['<CA> \\cdot <AB>']", "power: []", "formulas.power: one formula is wanted"),
        ("'<reached>.'", "'So it is.'", "the last sentence lacks <value>"),
        ("'<narrowing>.'", "'So it is.'", ""),
    ],
)
def test_a_fault_of_a_formula_is_found(old: str, new: str, fault: str) -> None:
    text, script = ((KIND / name).read_text(encoding="utf-8") for name in ("SKILL.md", "scripts/skill.py"))
    assert old in text
    found = faults(text.replace(old, new, 1), script)
    assert any(fault in line for line in found) if fault else found == []


def test_only_an_object_kind_has_formulas() -> None:
    text = GOOD.replace("sweep: [a]\n", "sweep: [a]\n  formulas: {a: ['<a>']}\n")
    assert "formulas: only an object kind has them" in faults(text, SCRIPT)


def test_a_step_has_a_name_of_its_own() -> None:
    found = faults(GOOD, STEPS.replace("'side'", "'a'"))
    assert any("steps: a already means something else" in line for line in found), found


def test_all_faults_are_named_at_once() -> None:
    text = (
        GOOD.replace("category: toy", "category: T O Y")
        .replace('"a > b"', '"a > c"')
        .replace("sweep: [a]", "sweep: [z]")
    )
    assert len(faults(text)) == 3
    with pytest.raises(SkillError) as raised:
        parse(text, SCRIPT)
    assert raised.value.message.count(";") == 2


@pytest.mark.parametrize(
    "front",
    [
        "a: " + "[" * 5000,
        "- " * 3000 + "x",
        "a: !!python/object/apply:os.system [ls]",
        "a: !!bool 1",
        "a: !!timestamp x",
        "a: 2020-99-99",
        "? " * 2000,
        "{[1]: 2}",
        "1: 2",
        "a: !!int x",
        "\x00",
        "~",
        "[]",
        "a: &b [*b]",
        "a: &a [1]\nb: *a",
    ],
    ids=lambda text: text[:30],
)
def test_strange_yaml_is_a_fault_and_never_an_exception(front: str) -> None:
    assert faults(f"---\n{front}\n---\nbody")


@given(
    st.one_of(
        st.text(max_size=200),
        st.tuples(st.text(max_size=80), st.text(max_size=40)).map(lambda t: f"---\n{t[0]}\n---\n{t[1]}"),
    )
)
def test_no_text_upsets_the_reader(text: str) -> None:
    assert faults(text, None) != []


@given(st.integers(0, len(GOOD) - 1), st.text(max_size=4), st.integers(0, 6))
def test_a_damaged_package_is_read_or_refused(place: int, inserted: str, cut: int) -> None:
    package, found = read_texts(GOOD[:place] + inserted + GOOD[place + cut :], SCRIPT, "user")
    assert found or package is not None


# --- directories ---


def stored(root: Path, name: str = "toy-gcd", text: str = GOOD, script: str = SCRIPT) -> Path:
    (root / name / "scripts").mkdir(parents=True)
    (root / name / "SKILL.md").write_text(text, encoding="utf-8")
    (root / name / "scripts" / "skill.py").write_text(script, encoding="utf-8")
    return root / name


def test_a_directory_is_read_under_its_own_name(tmp_path: Path) -> None:
    assert read(stored(tmp_path))[1] == []
    assert "differs from its directory" in read(stored(tmp_path, "other-name"))[1][0]


def test_unreadable_files_are_faults(tmp_path: Path) -> None:
    package = stored(tmp_path)
    (package / "SKILL.md").write_bytes(b"---\n\xff\xfe")
    assert "cannot be read" in read(package)[1][0]
    (package / "SKILL.md").write_bytes(b"x" * 300_000)
    assert "larger than" in read(package)[1][0]
    (package / "SKILL.md").unlink()
    assert "missing" in read(package)[1][0]


def test_packages_are_found_alone_in_a_directory_and_in_a_run(tmp_path: Path) -> None:
    alone = stored(tmp_path / "run" / "skills")
    assert directories(alone) == directories(tmp_path / "run") == directories(tmp_path / "run" / "skills") == [alone]
    assert set(load([alone], bundled=False)) == {"toy-gcd"}


def test_a_library_with_faults_is_one_sentence(tmp_path: Path) -> None:
    stored(tmp_path, "one")
    stored(tmp_path, "two", "nonsense")
    with pytest.raises(SkillError, match="faulty skill packages") as raised:
        load([tmp_path], bundled=False)
    assert raised.value.hint
    with pytest.raises(SkillError, match="no skill package below"):
        load([tmp_path / "nowhere"], bundled=False)


def test_two_packages_of_one_name_are_refused_unless_they_are_the_same(tmp_path: Path) -> None:
    first, second = stored(tmp_path / "a"), stored(tmp_path / "b")
    assert len(load([first, second], bundled=False)) == 1
    third = stored(tmp_path / "c", script=SCRIPT + "\n")
    with pytest.raises(SkillError, match="another package has this name"):
        load([first, third], bundled=False)


# --- wordings ---


@pytest.mark.parametrize(
    ("wording", "parts"),
    [
        ("plain", ("plain",)),
        ("", ()),
        ("<a>", (Hole("a", False),)),
        ("$<a>$", ("$", Hole("a", True), "$")),
        ("<a> < <b>", (Hole("a", False), " < ", Hole("b", False))),
        (r"costs \$5 <a>", (r"costs \$5 ", Hole("a", False))),
        ("$x$ <a> $<b>", ("$x$ ", Hole("a", False), " $", Hole("b", True))),
        ("<1>", ("<1>",)),
    ],
)
def test_a_wording_is_cut_into_text_and_holes(wording: str, parts: tuple[str | Hole, ...]) -> None:
    assert segments(wording) == parts


def test_bundled_skills_share_no_wording_and_have_no_faults(library: Mapping[str, Package]) -> None:
    assert clashes(library) == []
    assert not any(read(directory, "bundled")[1] for directory in directories(bundled_directory()))
    assert len(library) >= 60
    assert all(
        set(holes(p)) <= set(package.spec.parameters) for package in library.values() for p in package.spec.value
    )
    twin = parse(GOOD.replace("toy-gcd", "toy-twin"), SCRIPT)
    assert len(clashes({"toy-gcd": parse(GOOD, SCRIPT), "toy-twin": twin})) == 3


OPEN_CLAUSE = re.compile(r", (?:if|where|given|each|even|provided|when)\b[^,]*\Z")
CLOSED = re.compile(r"\$[^$]*\$|\([^()]*\)")


def test_a_noun_phrase_can_be_followed_by_a_verb(library: Mapping[str, Package]) -> None:
    """“…, each girl any number, even none is odd” would be misread: such a clause stands in parentheses."""
    spoken = {"integer", "rational"}
    named = [p.spec for p in library.values() if p.spec.output is not None and p.spec.output.kind in spoken]
    phrases = [phrase for spec in named for phrase in spec.value]
    assert len(phrases) > 80
    assert not [phrase for phrase in phrases if OPEN_CLAUSE.search(CLOSED.sub("#", phrase))]


def test_frontmatter_is_split_from_the_body() -> None:
    assert split("---\r\na: 1\r\n---\r\nbody") == ("a: 1", "body")
    with pytest.raises(SkillError):
        split("no frontmatter")


def test_a_script_computes_with_the_constants_that_a_statement_gives(library: Mapping[str, Package]) -> None:
    for package in library.values():
        for name in package.spec.constants:
            value = re.findall(r"\d+(?:\.\d+)?", CONSTANTS[name].split("\\mathrm{MeV} =")[-1])[0]
            assert value.rstrip("0") in (package.script or ""), (package.name, name)


def test_a_wording_that_names_points_names_them_as_the_solution_does(library: Mapping[str, Package]) -> None:
    for package in library.values():
        for phrase in package.spec.value:
            for wording in package.spec.phrasings:
                told, named = (points(text) for text in (f"{wording.scene or ''} {wording.ask}", phrase))
                assert min(len(told), len(named)) < 3 or named <= told, (package.name, wording.ask)


def points(text: str) -> set[str]:
    """Capital letters in the formulas of a wording."""
    return {letter for formula in re.findall(r"\$([^$]*)\$", text) for letter in re.findall(r"(?<!\\)[A-Z]", formula)}
