"""Reference programs with tests become coding skills; what fails its own tests does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentprop import skills
from agentprop.extraction.corpus import Document, find_files, read_documents
from agentprop.extraction.corpus.layout.tests_of import assertions
from agentprop.extraction.mining import programs
from agentprop.extraction.mining.lift import Refusal
from agentprop.sandbox import Sandbox

EXAMPLES = Path(__file__).parents[2] / "examples" / "corpora" / "programs.jsonl"
HEAD = 'def double(value: int) -> int:\n    """Return twice the value, whatever its sign is."""\n'
ASSERTIONS = "assert double(2) == 4\nassert double(-3) == -6\nassert double(0) == 0\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=()) as running:
        yield running


def refusal(sandbox: Sandbox, head: str, body: str, test: str, entry_point: str = "double") -> str:
    with pytest.raises(Refusal) as caught:
        programs.recorded(sandbox.run_job(programs.job(programs.read(head, body, test, entry_point))))
    return caught.value.code


def test_every_example_program_becomes_a_valid_skill_with_its_tests_as_data(sandbox: Sandbox) -> None:
    documents = [d for d in read_documents(find_files([str(EXAMPLES)])) if isinstance(d, Document)]
    assert len(documents) == 8
    for document in documents:
        reference = programs.read(document.question, document.program, document.test, document.entry_point)
        tests = programs.recorded(sandbox.run_job(programs.job(reference)))
        name, skill_md, script = programs.package(reference, tests)
        spec = skills.parse(skill_md, script, "mined").spec
        assert spec.name == name and spec.domain == "coding" and spec.output is not None
        assert (spec.output.kind, spec.entry_point) == ("program", document.entry_point)
        assert spec.phrasings[0].ask.startswith(f"Write a Python function `{document.entry_point}(")
        stored = json.loads(spec.tests or "[]")
        assert 4 <= len(stored) == document.test.count("assert ")
        called = sandbox.call(script, "solve", [json.loads(test["arguments"]) for test in stored])
        assert [outcome.value for outcome in called] == [json.loads(test["expected"]) for test in stored]


def test_bare_assertions_are_recorded_too(sandbox: Sandbox) -> None:
    reference = programs.read(HEAD, "    return 2 * value\n", ASSERTIONS, "")
    assert reference.entry_point == "double"
    tests = programs.recorded(sandbox.run_job(programs.job(reference)))
    assert tests == [
        {"arguments": "[2]", "expected": "4"},
        {"arguments": "[-3]", "expected": "-6"},
        {"arguments": "[0]", "expected": "0"},
    ]


@pytest.mark.parametrize(
    ("head", "body", "test", "code"),
    [
        (HEAD, "    return value + 2\n", ASSERTIONS, "tests-fail"),
        (HEAD, "    while True:\n        pass\n", ASSERTIONS, "tests-fail"),
        (HEAD, "    return 2 * value\n", "assert double(2) == 4\n", "few-tests"),
        (
            HEAD,
            "    return iter([2 * value])\n",
            "assert all(list(double(k)) == [2 * k] for k in range(9))\n",
            "few-tests",
        ),
        (HEAD, "    return 2 * value\n", "print(double(2))\n", "unrecognised-tests"),
        (HEAD, "    return 2 * value\n", "", "no-program"),
        ("def double(value):\n", "    return 2 * value\n", ASSERTIONS, "no-description"),
        (HEAD, "    return 2 *\n", ASSERTIONS, "no-program"),
        (HEAD.replace("double", "other"), "    return 2 * value\n", ASSERTIONS, "no-program"),
        (HEAD.replace("twice", "<twice>"), "    return 2 * value\n", ASSERTIONS, "layout"),
    ],
)
def test_programs_that_cannot_be_trusted_are_refused(
    sandbox: Sandbox, head: str, body: str, test: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "TIMEOUT_S", 1.0)
    assert refusal(sandbox, head, body, test) == code


STYLES = {
    "check": "    def check(candidate):\n        assert candidate(2) == (2, 4)\n"
    "        assert candidate(value=3) == (3, 6)\n        assert candidate(0) == (0, 0)\n",
    "unittest": "import unittest\nfrom solution import double\nclass T(unittest.TestCase):\n    def test_all(self):\n"
    "        for n in (2, 3, 0):\n            self.assertEqual(double(n), (n, 2 * n))\nunittest.main()\n",
    "pytest": "import pytest\n@pytest.mark.parametrize('n', [2, 3, 0])\n"
    "def test_n(n):\n    assert double(n) == (n, 2 * n)\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_tests_of_every_style_are_recorded_with_their_types(style: str, sandbox: Sandbox) -> None:
    reference = programs.read(HEAD, "    return value, 2 * value\n", STYLES[style], "double")
    tests = programs.recorded(sandbox.run_job(programs.job(reference)))
    assert tests == [{"arguments": f"[{n}]", "expected": f"({n}, {2 * n})"} for n in (2, 3, 0)]


def test_arguments_are_recorded_as_they_were_before_the_call(sandbox: Sandbox) -> None:
    head = 'def put(items: list, seen: set):\n    """Sort the items in place and return them with what was seen."""\n'
    test = "".join(f"assert put([(3, {n}), (1, 2)], {{{n}}})[0][0] == (1, 2)\n" for n in range(4))
    reference = programs.read(head, "    items.sort()\n    seen.add(9)\n    return items, seen\n", test, "")
    (first, *_) = programs.recorded(sandbox.run_job(programs.job(reference)))
    assert first == {"arguments": "[[(3, 0), (1, 2)], {0}]", "expected": "([(1, 2), (3, 0)], {0, 9})"}


def test_what_a_program_does_when_it_is_started_is_left_out(sandbox: Sandbox) -> None:
    body = 'def double(n):\n    return 2 * n\n\nif __name__ == "__main__":\n    print(double(int(input())))\n'
    reference = programs.read("Return twice the value, whatever its sign is.", body, ASSERTIONS, "double")
    assert len(programs.recorded(sandbox.run_job(programs.job(reference)))) == 3
    assert "__main__" not in reference.source


def test_calls_as_json_are_compared_as_json_knows_values(sandbox: Sandbox) -> None:
    calls = [("[2]", "[2, 0.2]"), ("[3]", "[3, 0.3]"), ("[0]", "[0, 0.0]")]
    pairs = assertions(calls, "pair"), "def pair(n):\n    return (n, n / 10)\n"
    shares = assertions([(f"[{n}]", str(n / 10)) for n in (1, 2, 3)], "share"), "def share(n):\n    return n * 0.1\n"
    for (test, body), name in ((pairs, "pair"), (shares, "share")):
        reference = programs.read("Return what the number n gives, as it is told.", body, test, name)
        assert len(programs.recorded(sandbox.run_job(programs.job(reference)))) == 3


def test_a_class_is_refused_as_one_and_not_as_another_language() -> None:
    with pytest.raises(Refusal, match="classes"):
        programs.read("Sum a list.", "class Solution:\n    def total(self, xs): return sum(xs)", ASSERTIONS, "total")


def test_definitions_shown_with_the_task_stay_with_it() -> None:
    head = "def half(value: int) -> int:\n    return value // 2\n\n" + HEAD
    reference = programs.read(head, "    return 2 * value\n", ASSERTIONS, "double")
    assert "def half(value: int) -> int:" in programs.task(reference)
    assert "return 2 * value" not in programs.task(reference)


def test_a_statement_shows_calls_unless_the_description_does(sandbox: Sandbox) -> None:
    told = programs.read(HEAD, "    return 2 * value\n", ASSERTIONS, "")
    tests = programs.recorded(sandbox.run_job(programs.job(told)))
    assert "- `double(2)` returns `4`" in programs.statement(told, tests)
    shown = programs.read(HEAD.replace("is.", "is. So double(3) is 6."), "    return 2 * value\n", ASSERTIONS, "")
    assert programs.statement(shown, tests) == programs.task(shown)
