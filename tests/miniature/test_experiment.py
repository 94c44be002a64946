"""The pre-registered experiment: its pairs, its steps and their settings, and what is counted of its exams."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from miniature import MINIATURE, call

from agentprop.cli.settings import resolve
from agentprop.config import STAGES
from agentprop.records import Problem, Trajectory
from agentprop.skills import load
from agentprop.storage.run import open_run

RATES = {"mgpo": 2e-4, "grpo": 2e-4, "no-stage": 1e-4, "grpo-actions": 2e-4}


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> None:
    from preregistered import registered

    monkeypatch.setitem(registered()["rates"], "chosen", RATES)


def flags(words: tuple[str, ...]) -> dict[str, Any]:
    names = {"--n": int, "--model": str, "--seed": int}
    return {flag.strip("-"): read(words[words.index(flag) + 1]) for flag, read in names.items() if flag in words}


def settled(command: tuple[str, ...], place: Path) -> Any:
    words = command[2:]
    pairs = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    return resolve(STAGES[words[0]], assignments=pairs, flags=flags(words), environ={}, directory=place)


def test_the_pairs_are_divided_as_registered() -> None:
    from design import HELD_OUT, IMITATED, LEAST, PRACTISED, SKILLS, UNUSED

    assert [len(pairs) for pairs in (HELD_OUT, PRACTISED, IMITATED, UNUSED)] == [12, 20, 40, 14]
    assert len({*HELD_OUT, *IMITATED, *UNUSED}) == 66 and set(PRACTISED) < set(IMITATED)
    assert set(Counter(skill for pair in HELD_OUT for skill in pair).values()) == {2}
    assert min(Counter(skill for pair in IMITATED for skill in pair)[skill] for skill in SKILLS) >= LEAST


def test_the_names_are_no_words_of_the_library(tmp_path: Path) -> None:
    from design import NAMES, POOL, SKILLS

    call(str(MINIATURE / "library.py"), "--out", str(tmp_path))
    library = load([tmp_path], bundled=False)
    assert set(library) == set(NAMES.values()) and len(set(POOL)) == 64 and len(NAMES) == 15
    for skill, name in NAMES.items():
        text = (tmp_path / name / "SKILL.md").read_text(encoding="utf-8") + (library[name].script or "")
        assert sum(text.count(other) for other in POOL) == 1, skill
    assert all(library[NAMES[skill]].spec.value for skill in SKILLS)


def test_what_a_skill_gives_another_one_takes() -> None:
    """All take one number within the same bounds, so that a composition asks for no bounds to be known."""
    from design import SKILLS

    library = load([MINIATURE / "skills"], bundled=False)
    ports = {name: library[name].spec.parameters for name in SKILLS}
    assert {tuple((key, p.kind, p.min, p.max) for key, p in port.items()) for port in ports.values()} == {
        (("n", "integer", 2, 999),)
    }
    for name in SKILLS:
        routes: dict[str, Any] = {}
        exec(library[name].script or "", routes)
        given = [routes["solve"](n) for n in range(2, 1000)]
        assert given == [routes["check"](n) for n in range(2, 1000)], name
        assert sum(2 <= value <= 999 for value in given) > 0.99 * len(given), name


def commands(tmp_path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    from experiment import arm_command, steps, tuning_steps
    from plan import AGENTPROP

    arms = (*RATES, "sft")
    wanted = [*steps(tmp_path, (0, 1, 2), arms), *tuning_steps(tmp_path, arms)]
    yield from ((step.name, step.command) for step in wanted if step.command[:2] == AGENTPROP)
    for arm in arms:
        yield f"0/{arm}", arm_command(tmp_path / arm, tmp_path / "library", tmp_path / "model", 0, arm, 2e-4)


@pytest.mark.usefixtures("rates")
def test_every_step_takes_its_settings(tmp_path: Path) -> None:
    found = {name: settled(command, tmp_path) for name, command in commands(tmp_path)}
    assert {type(settings).stage for settings in found.values()} == {"propose", "train-sft", "train-mgpo"}
    assert found["0/mgpo"].prober == ("simulated:exp(-0.14*ops*digits)",) and found["0/mgpo"].allow_simulated


@pytest.mark.usefixtures("rates")
def test_what_a_step_needs_is_a_step(tmp_path: Path) -> None:
    from experiment import steps, tuning_steps

    for wanted in (list(steps(tmp_path, (0, 1, 2), tuple(RATES))), list(tuning_steps(tmp_path, tuple(RATES)))):
        names = [step.name for step in wanted]
        assert len(set(names)) == len(names)
        assert {need for step in wanted for need in step.needs} <= set(names)


@pytest.mark.usefixtures("rates")
def test_arms_differ_in_what_they_name_and_in_nothing_else(tmp_path: Path) -> None:
    from preregistered import registered

    found = {name: settled(command, tmp_path).model_dump() for name, command in commands(tmp_path)}
    full = found["0/mgpo"]
    for arm in RATES:
        own = {key for key, value in found[f"0/{arm}"].items() if value != full[key]}
        assert own == registered()["arms"][arm].keys() - {"beta"} | ({"beta"} if arm == "grpo-actions" else set())


def test_no_arm_is_counted_before_its_learning_rate_is_registered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from experiment import steps
    from preregistered import registered

    monkeypatch.setitem(registered()["rates"], "chosen", {"no-stage": 1e-4})
    with pytest.raises(ValueError, match="no learning rate is registered for grpo, mgpo"):
        list(steps(tmp_path, (0,), ("mgpo", "grpo")))


def test_what_follows_a_failed_gate_is_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from experiment import failed
    from results import tell

    for start, passed in enumerate((False, True)):
        place = tmp_path / f"start-{start}"
        place.mkdir()
        told = {"passed": passed, "model": "m", "rounds": [{"formed": 0.4}]}
        (place / "gate.json").write_text(json.dumps(told))
    assert failed(tmp_path / "start-0" / "gate.json") and not failed(tmp_path / "start-1" / "gate.json")
    tell(tmp_path, (0, 1), ("mgpo", "grpo"))
    assert "0 of 2 seeds" in capsys.readouterr().out


def test_an_exam_is_counted_by_pair_and_with_its_pruning(expert: Path) -> None:
    from design import SKILLS, telling
    from exam import examined
    from results import figures, validity_by_pair

    found = examined(expert)
    trajectories = list(open_run(expert).iter(Trajectory))
    pairs = sorted({tuple(sorted(telling(t.task.skill_names))) for t in trajectories})
    assert all(len(pair) == 2 and set(pair) <= set(SKILLS) for pair in pairs)
    by_pair = validity_by_pair(found, pairs)
    assert sum(by_pair) / len(pairs) > 0.8 and len(found.valid) == len(list(open_run(expert).iter(Problem)))
    told = figures(found)
    assert told["pruned"] > 0.9 and told["over_pruned"] < 0.1
    assert told["validity"] == pytest.approx(30 / len(trajectories))
    assert examined(expert, most=7).figures()["turns"] > 3 and len(examined(expert, most=7).trajectories) == 7


def test_the_endpoint_is_the_difference_by_seed_of_the_mean_over_pairs(expert: Path) -> None:
    from design import telling
    from exam import Examined, examined
    from results import Endpoint, validity_by_pair

    found = examined(expert)
    pairs = sorted({tuple(sorted(telling(t.task.skill_names))) for t in found.trajectories})
    none = Examined(found.trajectories, {}, frozenset(), ())
    assert validity_by_pair(none, pairs) == [0.0] * len(pairs)
    ends = Endpoint.of({0: found, 1: found}, {0: none, 1: none}, pairs)
    assert ends.difference.mean == pytest.approx(sum(validity_by_pair(found, pairs)) / len(pairs))
    assert ends.sign_flip == 0.5


def test_a_run_is_flagged_if_it_breaks_down_for_steps_in_a_row() -> None:
    from results import broke_down

    rule = {"malformed": 0.5, "steps": 3}
    assert broke_down([{"stop/malformed": share} for share in (0.2, 0.6, 0.7, 0.8)], rule)
    assert not broke_down([{"stop/malformed": share} for share in (0.6, 0.7, 0.5, 0.8, 0.9)], rule)
    assert not broke_down([{}], rule)


def test_the_registered_file_is_hashed_whatever_its_line_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import preregistered

    first = preregistered.fingerprint()
    copy = tmp_path / "preregistered.toml"
    copy.write_bytes(preregistered.FILE.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    monkeypatch.setattr(preregistered, "FILE", copy)
    assert preregistered.fingerprint() == first
    copy.write_bytes(copy.read_bytes() + b"# more\n")
    assert preregistered.fingerprint() != first


@pytest.mark.slow
def test_the_whole_experiment_runs_in_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step once, a gate that lets all pass, two seeds of one start; nobody learns enough to make a problem."""
    import begin
    from experiment import BEFORE, arm_command, exam_command, gate_of, library_step, start_steps, steps
    from preregistered import registered
    from results import tell
    from run import run_all

    small = registered()
    monkeypatch.setitem(small["rates"], "chosen", RATES)
    monkeypatch.setitem(small, "imitation", small["imitation"] | {"problems": 40, "epochs": 1})
    monkeypatch.setitem(small, "gate", small["gate"] | {"formed": 0.0, "candidates": 4})
    monkeypatch.setitem(small, "exams", {exam: one | {"candidates": 4} for exam, one in small["exams"].items()})
    sizes = {"steps": 1, "groups": 2, "group_size": 2, "minibatches": 1, "k": 2}
    monkeypatch.setitem(small, "reinforcement", small["reinforcement"] | sizes)
    start, arms, seeds = tmp_path / "start-0", ("mgpo", "grpo"), (0, 1)

    made = [library_step(tmp_path), *(step for step in start_steps(tmp_path, 0) if "begin.py" not in step.command[0])]
    assert run_all(made, tmp_path, 1) is None
    where = ("--library", tmp_path / "library", "--expert", start / "expert", "--student", start / "student")
    monkeypatch.setattr("sys.argv", ["begin.py", "--seed", "0", "--out", str(start), *map(str, where)])
    begin.main()
    gate = gate_of(start / "gate.json")
    assert gate["passed"] and len(gate["rounds"]) == 1
    begun, library = Path(gate["model"]), tmp_path / "library"
    models = {f"start-0/{BEFORE}": begun}
    for seed in seeds:
        for arm in arms:
            out = tmp_path / f"{seed}/{arm}"
            models[f"{seed}/{arm}"] = trained(out, arm_command(out, library, begun, seed, arm, RATES[arm])) or begun
    for step in [step for step in steps(tmp_path, seeds, arms) if step.bounded]:
        name, _, exam = step.name.rpartition("-")
        command = exam_command(models[name], library, step.product, 0, exam)
        assert run_all([replace(step, needs=(), command=command)], tmp_path, 1) is None
    tell(tmp_path, seeds, arms)
    results = json.loads((tmp_path / "results.json").read_text())
    assert [len(results["valid_by_pair"]["mgpo"][str(seed)]) for seed in seeds] == [12, 12]
    assert results["endpoint"]["values"] and set(results["arms"]) == {BEFORE, *arms}
    assert "Endpoint" in (tmp_path / "results.md").read_text()


def trained(out: Path, command: Sequence[str]) -> Path | None:
    """The model of an arm; None if it learnt nothing, and so publishes none."""
    try:
        call(*command)
    except AssertionError as error:
        assert "published" in str(error)
        return None
    return out / "model"
