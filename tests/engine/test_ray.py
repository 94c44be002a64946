"""Ordered work on a Ray cluster of two nodes keeps the contract of `ordered_map`, whatever dies.

Run by `.ci/nightly`, or with `-m cluster` where ray is installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray_work
from patient_ray import wait_patiently
from places import EXAMPLES, ROOT, SUPPORT
from probe_commands import probers
from probe_problems import problem, store
from propose_process import config

from agentprop.config import EvaluateConfig, ProbeConfig
from agentprop.engine import WorkerDied, on_engine, ordered_map
from agentprop.errors import ConfigError, RunError
from agentprop.records import Attempt, Difficulty, Problem, Question, Record, Reject, Trajectory
from agentprop.stages.evaluate import run as evaluate
from agentprop.stages.probe import run as probe
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run

ray = pytest.importorskip("ray")
wait_patiently()
pytestmark = pytest.mark.cluster

NODE = {"num_cpus": 1, "object_store_memory": 100 * 2**20}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without cores and two nodes with one core each, whose workers import what the tests do."""
    from ray.cluster_utils import Cluster

    paths = [str(ROOT), str(SUPPORT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    head = {"num_cpus": 0, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    found = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        found.add_node(**NODE)
    yield found
    found.shutdown()


@pytest.fixture
def on_cluster(cluster: Any) -> Iterator[Any]:
    with on_engine("ray", cluster.address):
        yield cluster


def test_results_come_in_the_order_of_the_items(on_cluster: Any) -> None:
    assert list(ordered_map(ray_work.square, range(40), workers=2, window=8)) == [n * n for n in range(40)]


def test_an_item_is_pulled_right_after_the_result_a_window_before_it(on_cluster: Any) -> None:
    pulled: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            pulled.append(number)
            yield number

    for count, _ in enumerate(ordered_map(ray_work.square, items(), workers=2, window=5)):
        assert len(pulled) == min(count + 5, 20)


def test_the_item_of_a_dead_actor_is_tried_once_more(on_cluster: Any, tmp_path: Path) -> None:
    items = [(number, tmp_path / "died") for number in range(8)]
    assert list(ordered_map(ray_work.die_once, items, workers=2, window=4)) == list(range(8))


def test_an_item_that_kills_two_actors_is_given_up_in_its_place(on_cluster: Any) -> None:
    results = list(ordered_map(ray_work.die_at_three, range(6), workers=2, window=4))
    assert isinstance(results[3], WorkerDied) and results[3].item == 3
    assert [one for one in results if not isinstance(one, WorkerDied)] == [0, 1, 2, 4, 5]


def test_an_exception_comes_in_its_place_with_its_traceback(on_cluster: Any) -> None:
    made = ordered_map(ray_work.fail_at_three, range(6), workers=2, window=4)
    assert [next(made) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three is too many") as raised:
        next(made)
    assert "fail_at_three" in raised.value.__notes__[0]


def test_a_failing_initialiser_is_an_exception(on_cluster: Any) -> None:
    with pytest.raises(OSError, match="nothing is ready here"):
        list(ordered_map(ray_work.square, range(3), workers=1, window=2, initializer=ray_work.fail_to_start))


def test_a_node_may_die_with_what_it_runs(on_cluster: Any) -> None:
    results = []
    for one in ordered_map(ray_work.slowly, range(40), workers=2, window=8):
        results.append(one)
        if len(results) == 10:
            on_cluster.remove_node(next(iter(on_cluster.worker_nodes)))
            on_cluster.add_node(**NODE)
    assert results == list(range(40))


def test_a_node_may_die_with_results_that_were_finished_and_not_fetched(on_cluster: Any) -> None:
    results = []
    for one in ordered_map(ray_work.large, range(24), workers=2, window=12):
        results.append(one[0])
        assert len(one) == ray_work.SIZE
        if len(results) == 4:
            time.sleep(3)  # both actors finish what they hold, and nobody fetches it
            on_cluster.remove_node(next(iter(on_cluster.worker_nodes)))
            on_cluster.add_node(**NODE)
    assert results == list(range(24))


def test_a_run_has_the_same_content_on_a_cluster_as_here(cluster: Any, tmp_path: Path) -> None:
    """With skills that are quick to run: code that meets a time limit is the one thing that may differ."""
    quick = {"bundled_skills": False, "skills": (str(EXAMPLES / "miniature" / "skills"),)}
    for name, address in (("local", None), ("ray", cluster.address)):
        with on_engine(name, address):
            settings = config(n=150, workers=2, max_template_repeats=100_000, **quick)
            propose.run(settings, str(tmp_path / name), quiet=True)
    runs = [open_run(tmp_path / name) for name in ("local", "ray")]
    for kind in (Problem, Trajectory):
        assert [record.id for record in runs[0].iter(kind)] == [record.id for record in runs[1].iter(kind)]


def contents(path: Path, *kinds: type[Record]) -> list[list[dict[str, Any]]]:
    """Records of a run, without what the clock says."""
    stored = open_run(path)
    return [[record.model_dump(exclude={"duration_s"}) for record in stored.iter(kind)] for kind in kinds]


def test_a_probe_measures_the_same_on_a_cluster_as_here(cluster: Any, tmp_path: Path) -> None:
    """The requests are sent from here; the replies are graded there."""
    problems = [problem(number, answer=str(number)) for number in range(12)]
    source = store(tmp_path / "source", problems)
    with probers() as server:
        for name, address in (("local", None), ("ray", cluster.address)):
            config = ProbeConfig(prober=(server.model("plain"),))
            with on_engine(name, address):
                probe.run(config, str(source), str(tmp_path / name), quiet=True)
    found = [contents(tmp_path / name, Attempt, Difficulty) for name in ("local", "ray")]
    assert found[0] == found[1] and len(found[0][0]) == 12 * 16


def test_an_evaluation_grades_programs_the_same_on_a_cluster_as_here(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """References, programs and answers; the row whose own program fails its tests is left out in both."""
    monkeypatch.chdir(tmp_path)
    test = {"test_list": ["assert twice(3) == 6"]}
    rows = [
        {"question": "What is 3 - 1/2?", "answer": "5/2"},
        {"question": "Double a number.", "code": "def twice(n): return n + n", **test},
        {"question": "Double it.", "code": "def twice(n): return n", **test},
    ]
    program = "```python\ndef twice(n):\n    return {}\n```"
    replies = ["\\boxed{2}", "\\boxed{2.5}", program.format("2 * n"), program.format("n ** 2")]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("replies.jsonl").write_text("".join(json.dumps(reply) + "\n" for reply in replies))
    Path("agentprop.toml").write_text('[models.scripted]\nreplies = "replies.jsonl"\n')
    for name, address in (("local", None), ("ray", cluster.address)):
        with on_engine(name, address):
            evaluate.run(EvaluateConfig(model="scripted", k=2), "rows.jsonl", name, quiet=True)
    found = [contents(tmp_path / name, Problem, Question, Attempt, Reject) for name in ("local", "ray")]
    assert found[0] == found[1]
    assert [attempt["code"] for attempt in found[0][2]] == ["wrong", "correct", "correct", "wrong"]


def test_a_cluster_that_happens_to_run_here_is_not_joined(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    with on_engine("ray", cluster.address):
        theirs = {node["NodeID"] for node in ray.nodes()}
    with on_engine("ray"):
        assert not theirs & {node["NodeID"] for node in ray.nodes()}


def test_ctrl_c_drains_to_a_prefix_and_stdout_stays_the_product() -> None:
    paths = os.pathsep.join([str(ROOT), str(SUPPORT)])
    done = subprocess.run(
        [sys.executable, str(SUPPORT / "ray_interrupted.py")],
        capture_output=True,
        text=True,
        timeout=3600,
        env={**os.environ, "PYTHONPATH": paths},
        start_new_session=True,
        check=True,
    )
    told = json.loads(done.stdout)  # fails if anything else was written there
    assert told["died"] and told["stopped"] and told["after"] == [0, 1, 4, 9]
    assert 5 <= len(told["got"]) < 200 and told["got"] == list(range(len(told["got"])))


def test_an_address_at_which_nothing_answers_is_a_sentence() -> None:
    with pytest.raises(RunError, match=r"no Ray cluster answers at 127.0.0.1:1"), on_engine("ray", "127.0.0.1:1"):
        pass


def test_an_address_alone_is_refused() -> None:
    with pytest.raises(ConfigError, match="address of a Ray cluster"), on_engine("local", "127.0.0.1:1"):
        pass
