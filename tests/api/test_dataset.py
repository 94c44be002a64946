"""Problems without files: item i is one problem, wherever and however it is asked for."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest
from places import ROOT

import agentprop
from agentprop.agent.curriculum import Curriculum
from agentprop.api.feedback import Feedback
from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError
from agentprop.records import Problem

FEW = [
    ROOT / "skills" / name
    for name in (
        "combinatorics-fixed-points",
        "combinatorics-lattice-paths",
        "geometry-integer-chords",
        "geometry-pick-triangle",
        "number-theory-digit-sum",
        "number-theory-modular-power",
    )
]
"""A library that is read and tried in a moment."""


@pytest.fixture(scope="module")
def few() -> agentprop.Dataset:
    return agentprop.dataset(seed=5, size=40, skills=FEW, bundled_skills=False)


def same() -> agentprop.Dataset:
    return agentprop.dataset(seed=5, size=40, skills=FEW, bundled_skills=False)


def test_an_item_has_the_form_that_reasoning_gym_gives_its_own(few: agentprop.Dataset) -> None:
    item = few[0]
    assert set(item) == {"question", "answer", "metadata"}
    assert item["metadata"]["source_dataset"] == "agentprop" and item["metadata"]["source_index"] == 0
    assert few.score_answer(rf"I think it is \boxed{{{item['answer']}}}.", item) == 1.0
    assert few.score_answer(r"\boxed{no number at all}", item) == few.score_answer(None, item) == 0.0
    assert r"\boxed{" in few.prompt(0) and few.prompt(0).startswith(item["question"])


def test_an_item_is_the_same_in_any_order_and_in_any_copy(few: agentprop.Dataset) -> None:
    in_order = [item["metadata"]["id"] for item in few.items(30)]
    backwards = same()
    assert [backwards[number]["metadata"]["id"] for number in range(39, 29, -1)] == in_order[::-1]
    assert pickle.loads(pickle.dumps(few))[31] == few[31] == few[-9]
    assert few.problem(31).id == in_order[1] and few.problem(31).made_by.name == "builtin"


def test_a_slice_is_the_list_of_its_items(few: agentprop.Dataset) -> None:
    assert few[30:33] == [few[number] for number in (30, 31, 32)]
    assert few[-1:-3:-1] == [few[39], few[38]] and few[38:99] == [few[38], few[39]] and few[5:5] == []
    endless = agentprop.dataset(seed=5, skills=FEW, bundled_skills=False)
    assert endless[3:9:3] == [few[3], few[6]]
    for no_end in (slice(3, None), slice(-2, 5), slice(0, 3, -1)):
        with pytest.raises(IndexError, match="no end"):
            endless[no_end]


def test_a_data_set_ends_where_its_size_says(few: agentprop.Dataset) -> None:
    assert len(few) == 40 and bool(few)
    for beyond in (40, -41):
        with pytest.raises(IndexError):
            few[beyond]
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        few["0"]  # type: ignore[call-overload]
    with pytest.raises(IndexError, match="no item -2 to start from"):
        next(few.items(-2))
    assert not list(few.items(40))
    with pytest.raises(TypeError, match="no end"):
        len(agentprop.dataset())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"domain": "cooking"}, "domain"),
        ({"size": 0}, "size"),
        ({"size": 2.5}, "size"),
        ({"held_out": "one"}, "held_out"),
    ],
)
def test_a_setting_out_of_range_is_refused_at_once(given: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        agentprop.dataset(**given)  # type: ignore[arg-type]


def test_an_unknown_category_is_refused_with_the_first_item() -> None:
    with pytest.raises(ConfigError, match="unknown category alchemy"):
        agentprop.dataset(skills=FEW, bundled_skills=False, categories="alchemy")[0]


SCRIPT = """
import asyncio, json, os, signal, sys, threading
import agentprop

cheap = [name for name in sys.modules if name.startswith("agentprop.")]
before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
data = agentprop.dataset(seed=5, size=40, skills=json.loads(sys.argv[1]), bundled_skills=False)
told = {"script": data[1]["metadata"]["id"]}

async def inside():
    return data[9]["metadata"]["id"]

told["loop"] = asyncio.run(inside())
threads = {}
readers = [threading.Thread(target=lambda i=i: threads.update({i: data[i]["metadata"]["id"]})) for i in (1, 9, 17, 25)]
[reader.start() for reader in readers]
[reader.join() for reader in readers]
told["threads"] = threads

reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, json.dumps([data[33]["metadata"]["id"], data[1]["metadata"]["id"]]).encode())
    os._exit(0)
os.close(writer)
mine = data[33]["metadata"]["id"]
told["fork"] = [mine, json.loads(os.read(reader, 1000))]
told["signals"] = before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
told["cheap"], told["heavy"] = cheap, sorted({"pyarrow", "torch"} & set(sys.modules))
print("only this line " + json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """What a script without a main guard says, which reads one data set in every way there is."""
    path = tmp_path_factory.mktemp("script") / "script.py"
    path.write_text(SCRIPT)
    command = [sys.executable, str(path), json.dumps([str(skill) for skill in FEW])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("only this line ")
    yield json.loads(done.stdout.removeprefix("only this line "))


def test_a_script_needs_no_main_guard_and_gets_nothing_on_stdout(
    told: dict[str, object], few: agentprop.Dataset
) -> None:
    assert told["script"] == few[1]["metadata"]["id"] and told["loop"] == few[9]["metadata"]["id"]


def test_threads_and_forked_processes_read_the_same_items(told: dict[str, object], few: agentprop.Dataset) -> None:
    ids = {number: few[number]["metadata"]["id"] for number in (1, 9, 17, 25, 33)}
    assert told["threads"] == {str(number): ids[number] for number in (1, 9, 17, 25)}
    assert told["fork"] == [ids[33], [ids[33], ids[1]]]


def test_importing_is_cheap_and_leaves_the_process_as_it_was(told: dict[str, object]) -> None:
    assert told["cheap"] == told["heavy"] == [] and told["signals"] is True


def test_the_stub_declares_the_public_names() -> None:
    declared = (Path(agentprop.__file__).with_name("__init__.pyi")).read_text()
    assert all(f" {name} as {name}\n" in declared for name in agentprop._HOMES)
    assert all(getattr(agentprop, name) is not None for name in agentprop.__all__)
    with pytest.raises(AttributeError, match="nonesuch"):
        agentprop.nonesuch  # noqa: B018


def test_the_page_of_the_api_has_every_public_name() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^::: (\S+)$", page, re.MULTILINE)) == {f"{h}.{n}" for n, h in agentprop._HOMES.items()}


# --- ahead of a reader, and after the last one ---

ENDING = """
import os, threading, time
import agentprop
from agentprop.records import Task

data, begun = agentprop.dataset(seed=5), threading.Event()

def make(numbers):
    begun.set()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:  # pydantic calls Python here, where a thread that is ended by force aborts it all
        Task(seed=1, index=2, domain="mathematics", category="algebra", skill_ids=("a" * 20,), skill_names=("b",))
    os.write(1, b"ended")
    return {}

data._make = make
data._submit([0])
later = data._submit([1])
begun.wait()
"""


def test_the_end_of_a_program_waits_for_the_batch_at_work_alone() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, env=environment, timeout=600)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended", "")


def test_batches_ahead_of_a_reader_grow_so_that_the_first_come_soon() -> None:
    data, batches = agentprop.dataset(), list[int]()

    def submit(numbers: Sequence[int]) -> Future[dict[int, Problem]]:
        batches.append(len(numbers))
        return Future()

    data._submit = submit  # type: ignore[method-assign]
    for number in range(8):
        data._made(number)
    assert batches == [1, 8, 16, 48]
    for number in range(8, 200):
        data._made(number)
    assert batches[4:] == [128, 128]


def test_worked_solutions_are_told_if_they_are_asked_for_and_change_no_item(few: agentprop.Dataset) -> None:
    data = agentprop.dataset(seed=5, size=40, skills=FEW, bundled_skills=False, solutions=True)
    assert [data[number] for number in range(16)] == [few[number] for number in range(16)]
    told = [data.problem(number).solution for number in range(16)]
    assert all(solution is not None and solution.text for solution in told)
    assert {few.problem(number).solution for number in range(16)} == {None}
    assert pickle.loads(pickle.dumps(data)).solutions


# --- what is reported ---


def test_rewards_move_the_mastery_of_later_parts_only() -> None:
    curriculum = Curriculum(("algebra", "geometry"))
    feedback = Feedback(ProposeConfig(n=1), curriculum=True)
    ((before, _),) = feedback.pinned([0], curriculum)
    feedback.report("algebra", 1.0)
    found = {part: state for state, parts in feedback.pinned([0, 1], curriculum) for part in parts}
    assert found[0] == before == curriculum.start()
    assert found[1].mastery == pytest.approx({"algebra": 0.52, "geometry": 0.5})
    again = Feedback(ProposeConfig(n=1), curriculum=False)
    again.load_state_dict(json.loads(json.dumps(feedback.state_dict())))
    assert {part: state for state, parts in again.pinned([0, 1], curriculum) for part in parts} == found


def test_without_a_curriculum_rewards_change_no_item() -> None:
    curriculum = Curriculum(("algebra", "geometry"))
    feedback = Feedback(ProposeConfig(n=1), curriculum=False)
    feedback.report("algebra", 0.0)
    ((state, parts),) = feedback.pinned([0, 1], curriculum)
    assert state == curriculum.start() and parts == [0, 1]
    assert feedback.mastery(curriculum)["algebra"] == pytest.approx(0.48)
    with pytest.raises(ValueError, match="reward lies in"):
        feedback.report("algebra", 1.5)


def test_a_curriculum_draws_what_fails_and_a_copy_draws_the_same() -> None:
    data = agentprop.dataset(seed=1, skills=FEW, bundled_skills=False, curriculum=True)
    solved = data.problem(0).category
    for _ in range(60):
        for number in range(8):
            data.report(number, float(data.problem(number).category == solved))
    late = range(400, 424)
    found = Counter(data.problem(number).category for number in late)
    assert data.mastery[solved] > 0.9
    copy = pickle.loads(pickle.dumps(data))
    assert Counter(copy.problem(number).category for number in late) == found
    plain = agentprop.dataset(seed=1, skills=FEW, bundled_skills=False)
    assert found[solved] < Counter(plain.problem(number).category for number in late)[solved]
