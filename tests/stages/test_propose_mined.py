"""Skills outside the bundled library are enough to propose from: programs, stories, one skill of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentprop.cli.skills.new import scaffold
from agentprop.config import ExtractConfig, ProposeConfig
from agentprop.errors import BoundReached, ConfigError
from agentprop.records import Problem, Verdict
from agentprop.stages.extract import run as extract
from agentprop.stages.extract.usage import ONCE, USABLE
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run

STORIES = [
    (
        "Maya has 150 beads. She makes 6 necklaces with 18 beads each. How many beads does Maya have left?",
        "6*18=<<6*18=108>>108, 150-108=<<150-108=42>>42\n#### 42",
    ),
    (
        "Ann baked 40 rolls and sold 16 of them. If she ate half of the remaining rolls, how many rolls did she eat?",
        "40-16=<<40-16=24>>24, 24/2=<<24/2=12>>12\n#### 12",
    ),
]
PROGRAM = {
    "question": 'def spread(items):\n    """Return the difference of the largest and the smallest of the items."""\n',
    "program": "    return max(items) - min(items)\n",
    "test": "assert spread([3, 9, 5]) == 6\nassert spread([4, 4]) == 0\nassert spread([8, 1]) == 7\n"
    "assert spread([2, 7, 11, 5]) == 9\nassert spread([6, 2, 6]) == 4\n",
    "entry_point": "spread",
}


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """An extract run over two stories and a program."""
    root = tmp_path_factory.mktemp("mined")
    rows = [{"question": question, "answer": answer} for question, answer in STORIES]
    (root / "stories.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (root / "programs.jsonl").write_text(json.dumps(PROGRAM) + "\n", encoding="utf-8")
    sources = (str(root / "stories.jsonl"), str(root / "programs.jsonl"))
    config = ExtractConfig(sources=sources, min_quality=0, workers=1)
    return root / "run", extract.run(config, str(root / "run"), quiet=True)


def proposed(out: Path, **settings: Any) -> list[Problem]:
    config = {"bundled_skills": False, "seed": 1, "workers": 1, **settings}
    propose.run(ProposeConfig.model_validate(config), str(out), quiet=True)
    assert {verdict.value for verdict in open_run(out).iter(Verdict)} <= {"valid", "invalid"}
    return list(open_run(out).iter(Problem))


def test_extract_says_what_propose_can_use(mined: tuple[Path, dict[str, Any]]) -> None:
    _, summary = mined
    assert summary["distinct skills"] == 3
    assert summary[USABLE]["alone"] == 3 and 1 <= summary[USABLE]["in compositions"] <= 2
    assert summary[USABLE][ONCE] == 1  # the program, which has nothing to vary


def test_mined_skills_alone_are_enough(mined: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    problems = proposed(tmp_path / "run", n=8, skills=[str(mined[0])], categories=["arithmetic"])
    assert len(problems) == 8 and {problem.evidence for problem in problems} == {"self-consistent"}
    eaten = [problem for problem in problems if "remaining" in problem.statement]
    assert eaten and all("half of the remaining rolls" in problem.statement for problem in eaten)


def test_a_lifted_program_gets_new_hidden_tests(mined: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    [problem] = proposed(tmp_path / "run", n=1, skills=[str(mined[0])], domain="coding")
    assert problem.answer_type == "program" and problem.entry_point == "spread" and len(problem.tests) >= 4
    recorded = {"[[3, 9, 5]]", "[[4, 4]]", "[[8, 1]]", "[[2, 7, 11, 5]]", "[[6, 2, 6]]"}
    assert not recorded & {test.arguments for test in problem.tests}
    for test in problem.tests:
        [items], expected = test.values()
        assert max(items) - min(items) == expected


def test_what_can_only_be_posed_alone_says_how_often(mined: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at most 1 problems"):
        proposed(tmp_path / "run", n=2, skills=[str(mined[0])], domain="coding")


def own_skill(root: Path, name: str, script: str = "", front: tuple[str, str] = ("", "")) -> Path:
    for target, text in scaffold(name, name.partition("-")[0], "mathematics").items():
        (root / name / target).parent.mkdir(parents=True, exist_ok=True)
        text = script if script and target.endswith(".py") else text.replace(*front) if front[0] else text
        (root / name / target).write_text(text, encoding="utf-8")
    return root / name


def test_one_skill_of_ones_own_works_at_once(tmp_path: Path) -> None:
    path = own_skill(tmp_path, "cycling-sums")
    problems = proposed(tmp_path / "run", n=4, skills=[str(path)])
    assert {problem.skills for problem in problems} == {("cycling-sums",)}
    assert {problem.evidence for problem in problems} == {"independent"}


def test_a_skill_without_answers_is_given_up_with_its_reason(tmp_path: Path) -> None:
    script = "def solve(**values):\n    raise ValueError('none')\n\n\ndef check(**values):\n    raise ValueError\n"
    path = own_skill(tmp_path, "idle-sums", script)
    with pytest.raises(BoundReached, match="none of which became a problem"):
        proposed(tmp_path / "run", n=4, skills=[str(path)])


def test_a_category_without_scripts_says_so(tmp_path: Path) -> None:
    path = own_skill(tmp_path, "bare-sums")
    (path / "scripts" / "skill.py").unlink()
    with pytest.raises(ConfigError, match="only a language model"):
        proposed(tmp_path / "run", n=1, skills=[str(path)], categories=["bare"])
