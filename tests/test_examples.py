"""Every script below examples/ runs, at a small size, in its own directory, and its output adds up."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import agentprop
from agentprop.cli.settings import resolve
from agentprop.config import STAGES, TrainMgpoConfig

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"


FOREIGN = "benchmarks/peers/"
"""Scripts for the environments of other tools, which are not installed here."""
FEWER_PAIRS = """
import runpy, sys
benchmark = runpy.run_path(sys.argv[1])
main, every = benchmark["main"], benchmark["cases"]
main.__globals__.update(cases=lambda: every()[:40], SIMPLE_PAIRS=50)
sys.exit(main())
"""
"""The equivalence benchmark on the first forty pairs: for some of the others math-verify needs seconds."""


def run(directory: Path, script: str, *arguments: str) -> str:
    """Run an example; returns its output."""
    return call(directory, EXAMPLES / script, *arguments)


def call(directory: Path, *arguments: str | Path) -> str:
    """Run this interpreter with the package that the tests use."""
    path = os.pathsep.join(filter(None, [str(Path(agentprop.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_simulation_of_scale_grows_with_partitions_and_not_with_one_run(tmp_path: Path) -> None:
    printed = run(tmp_path, "benchmarks/scale.py", "--make-ms", "10", "--commit-us", "340", "--merge-us", "400")
    rows = [re.findall(r"[\d,]+", line.split("|")[1]) for line in printed.splitlines() if "%" in line]
    first, *_, last = [[int(cell.replace(",", "")) for cell in row] for row in rows]
    assert len(rows) == 11 and first[3] <= 6400
    assert last[0] < 2 * first[0] and last[1] < 2 * first[1]  # one process commits everything
    assert [round(last[design] / first[design]) for design in (2, 3)] == [1000, 1000]


def test_every_example_has_a_test() -> None:
    """A script is named by a test; a module is imported, or started, by a script of its directory."""
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    found = [path for path in EXAMPLES.rglob("*") if path.suffix in (".py", ".sh")]
    scripts = [path for path in found if "skills" not in path.relative_to(EXAMPLES).parts]
    assert EXAMPLES / "quickstart" / "tour.sh" in scripts
    untested = [path for path in scripts if path.name not in tests and not used_beside(path, scripts)]
    assert not [path for path in untested if not str(path.relative_to(EXAMPLES)).startswith(FOREIGN)]


def used_beside(path: Path, scripts: list[Path]) -> bool:
    uses = re.compile(rf"^(?:from|import) {path.stem}\b|\"{path.name}\"", re.MULTILINE)
    beside = [other for other in scripts if other.parent == path.parent and other != path]
    return any(uses.search(other.read_text(encoding="utf-8")) for other in beside)


def test_the_transports_that_would_be_measured_on_a_gpu_fit_a_quarter_of_an_hour(tmp_path: Path) -> None:
    printed = run(tmp_path, "gpu/transports.py", "--out", str(tmp_path), "--dry-run")
    limits = [float(found) for found in re.findall(r"at most (\d+) s", printed)]
    arms = [
        TrainMgpoConfig.model_validate({"model": "m", **json.loads(found)}) for found in re.findall(r"{.*}", printed)
    ]
    assert len(arms) == len(limits) == 5 and sum(limits) < 15 * 60
    assert {arm.transport for arm in arms} == {"disk", "adapter", "nccl"} and any(arm.sampler_sleep for arm in arms)


# --- benchmarks ---


@pytest.mark.slow
def test_the_growth_benchmark_measures_both_targets(tmp_path: Path) -> None:
    report = json.loads(run(tmp_path, "benchmarks/propose.py", "--smoke", "--json"))
    small, large = report["small"], report["large"]
    assert (small["accepted"], large["accepted"]) == (20, 60)
    assert large["candidates"] >= 60
    assert small["peak_mib"] > 50 and small["processes"] >= 2, "the workers and sandboxes were not seen"
    assert report["time_ratio"] == pytest.approx(large["seconds"] / small["seconds"], abs=0.01)
    assert report["memory_ratio"] == pytest.approx(large["peak_mib"] / small["peak_mib"], abs=0.01)


def test_the_diversity_benchmark_compares_samples_of_one_size(tmp_path: Path) -> None:
    numbers = "".join(json.dumps({"question": f"What is {n} + 2?", "answer": str(n + 2)}) + "\n" for n in (1, 2, 3))
    (tmp_path / "sums.jsonl").write_text(numbers)
    words = "".join(
        json.dumps({"question": f"Find the {word} of 12 and 18.", "answer": "6"}) + "\n" for word in ("gcd", "gap")
    )
    (tmp_path / "words.jsonl").write_text(words)
    files = [str(tmp_path / name) for name in ("sums.jsonl", "words.jsonl")]
    report = json.loads(run(tmp_path, "benchmarks/diversity.py", *files, "--json").splitlines()[-1])
    sums, other = report["collections"]["sums.jsonl"], report["collections"]["words.jsonl"]
    assert report["sample"] == 2
    assert (sums["templates"]["seen"], other["templates"]["seen"]) == (1, 2)
    assert (sums["most_common_answer"], other["most_common_answer"]) == (0.3333, 1.0)
    assert sums["distinct"]["1"] == round(5 / 12, 4) and sums["structures"] is None


def test_the_start_up_benchmark_compares_as_many_commands(tmp_path: Path) -> None:
    report = json.loads(run(tmp_path, "benchmarks/cli.py", "--smoke", "--json"))
    assert report["commands"] >= 7
    assert report["ratio"] == pytest.approx(report["agentprop_ms"] / report["bare_typer_ms"], abs=0.02)


def test_the_library_benchmark_reads_items_and_proposes_as_many(tmp_path: Path) -> None:
    report = json.loads(run(tmp_path, "benchmarks/library.py", "--smoke", "--json"))
    assert report["dataset_first_s"] > 0 and report["dataset_items_s"] > 0
    assert report["dataset_to_propose"] == pytest.approx(
        report["dataset_items_s"] / report["propose_items_s"], abs=0.01
    )


@pytest.mark.slow
def test_the_sandbox_benchmark_runs(tmp_path: Path) -> None:
    printed = run(tmp_path, "benchmarks/sandbox.py", "--rounds", "2")
    assert "isolation L" in printed and "fresh" in printed


def test_the_equivalence_benchmark_runs(tmp_path: Path) -> None:
    printed = call(tmp_path, "-c", FEWER_PAIRS, EXAMPLES / "benchmarks/equivalence.py")
    assert re.search(r"agentprop +40/40 right", printed) and "pairs/s" in printed


def test_the_client_benchmark_runs(tmp_path: Path) -> None:
    """With the web server that is there, or with `benchmarks/static_server.py`."""
    report = json.loads(run(tmp_path, "benchmarks/client.py", "--smoke", "--json"))
    assert report["requests_per_s"]["agentprop"] > 0 and report["ratio"] > 0


# --- studies ---


STUDY = ("studies/pruning/study.py", "--out", "runs", "--smoke")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the pruning study ran, small, and what it printed."""
    directory = tmp_path_factory.mktemp("study")
    return directory, run(directory, *STUDY)


@pytest.mark.slow
def test_the_pruning_study_accounts_for_every_candidate_of_both_arms(study: tuple[Path, str]) -> None:
    directory, printed = study
    results = json.loads((directory / "runs" / "results.json").read_text())
    for arm in results["arms"].values():
        assert arm["valid"]["count"] + sum(arm["failures"].values()) == arm["valid"]["total"] == 100
    assert results["arms"]["without pruning"]["pruned"]["count"] == 0
    assert sum(results["paired"].values()) == 100
    assert "difference in validity" in printed


@pytest.mark.slow
def test_the_pruning_study_run_again_only_counts(study: tuple[Path, str]) -> None:
    directory, first = study
    shards = written(directory)
    assert run(directory, *STUDY) == first
    assert written(directory) == shards


def written(directory: Path) -> dict[str, Any]:
    """Every shard and when it was written."""
    return {str(path): path.stat().st_mtime_ns for path in directory.rglob("*.parquet")}


def test_the_intervals_of_the_pruning_study_are_the_published_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES / "studies" / "pruning"))
    from study import Share, difference  # type: ignore[import-not-found]

    assert Share(81, 263).wilson() == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Share(0, 20).wilson() == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert difference(Share(56, 70), Share(48, 80)) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    """The names in the recipe for a pretrained model."""
    return runpy.run_path(str(EXAMPLES / "smollm2" / "run.py"))


def test_the_steps_for_a_pretrained_model_take_their_settings(recipe: dict[str, Any], tmp_path: Path) -> None:
    seen = set()
    for size in (recipe["FULL"], recipe["SMOKE"]):
        for step in recipe["steps"](size, tmp_path):
            if step.command[:2] == recipe["AGENTPROP"]:
                stage, *words = step.command[2:]
                given = dict(pairwise(words))
                pairs = [value for word, value in pairwise(words) if word == "--set"]
                flags = {"model": given.get("--model"), "n": given.get("--n"), "out": None}
                flags = {name: value for name, value in flags.items() if value is not None}
                config = resolve(STAGES[stage], assignments=pairs, flags=flags, environ={}, directory=tmp_path)
                assert config.stage == stage
                seen.add(stage)
    assert seen == {"propose", "train-sft", "train-mgpo"}


def test_a_step_for_a_pretrained_model_runs_once_and_a_failed_one_again(recipe: dict[str, Any], tmp_path: Path) -> None:
    says = f"open({str(tmp_path / 'said')!r}, 'a').write('x'); raise SystemExit(CODE)"

    def code(name: str, code: int, *, bounded: bool = False) -> int:
        step = recipe["Step"](name, ("-c", says.replace("CODE", str(code))), bounded)
        return int(recipe["run"](step, tmp_path))

    assert [code("done", 0), code("done", 0)] == [0, 0]
    assert [code("bound", 3, bounded=True), code("bound", 3, bounded=True)] == [3, 3]
    assert [code("failed", 3), code("failed", 3)] == [3, 3]
    assert (tmp_path / "said").read_text() == "xxxx"
    took = json.loads((tmp_path / "steps.json").read_text())
    assert list(took) == ["done", "bound"] and all(step["peak_mib"] > 1 for step in took.values())


def test_without_the_reader_of_gguf_files_the_recipe_says_what_to_install(tmp_path: Path) -> None:
    script = EXAMPLES / "smollm2" / "fetch.py"
    hidden = f"import sys, runpy; sys.modules['gguf'] = None; sys.argv[:] = ['fetch.py', '--out', {str(tmp_path)!r}]"
    line = [sys.executable, "-c", f"{hidden}; runpy.run_path({str(script)!r}, run_name='__main__')"]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 1 and "pip install gguf" in done.stderr and "Traceback" not in done.stderr
