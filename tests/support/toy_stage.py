"""A toy stage as a process of its own: numbers to problems and rejects, each depending on the results before it.

Usage: toy_stage.py OUT N [WORKERS [PAUSE_S [SEGMENT_RECORDS]]]. Prints a hash of everything it holds at the end.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator

from agentprop.engine import Interruption, ordered_map
from agentprop.errors import AgentpropError
from agentprop.records import Certificate, Problem, Reject
from agentprop.storage import run as runs
from agentprop.storage.object_run import ObjectRun
from agentprop.storage.object_store import open_store
from agentprop.storage.run import Run
from agentprop.storage.stores import is_url

WINDOW = 8


def work(item: tuple[int, int, float]) -> tuple[int, int]:
    """A value that depends on the index and on the sum of the results up to WINDOW before it."""
    index, total, pause_s = item
    time.sleep(pause_s)
    return index, (index * 7919 + total) % 1009


def toy_problem(index: int, value: int) -> Problem:
    """A problem of about a kilobyte that does not compress well."""
    noise = "".join(hashlib.sha256(f"{index} {value} {k}".encode()).hexdigest() for k in range(16))
    return Problem(
        statement=f"{index}: what is {value}? {noise}",
        answer=str(value),
        answer_type="integer",
        domain="mathematics",
        category="toy",
        skills=("toy",),
        skill_ids=("toy",),
        certificate=Certificate(form="none"),
        index=index,
    )


def items(sums: list[int], start: int, n: int, pause_s: float) -> Iterator[tuple[int, int, float]]:
    """Item i sees the sum of the results up to i - WINDOW; `sums` ends with the sum up to the last result."""
    for index in range(start, n):
        time_of_pull = index - WINDOW
        yield index, sums[time_of_pull + 1] if time_of_pull >= 0 else 0, pause_s


def run_stage(run: Run, n: int, workers: int, pause_s: float, stop: Interruption) -> bool:
    """Do the remaining work; True if there is none."""
    sums: list[int] = run.state.get("sums", [0])
    start = run.state.get("next", 0)
    source = items(sums, start, n, pause_s)
    for index, value in ordered_map(work, source, workers=workers, window=WINDOW, stop=stop, idle=run.tick):
        sums.append(sums[-1] + value)
        if value % 3:
            run.add(toy_problem(index, value))
        else:
            run.add(Reject(stage="toy", item=str(index), outcome="rejected", code="multiple_of_three"))
        run.commit({"next": index + 1, "sums": sums})
    return len(sums) == n + 1


def content(run: runs.StoredRun) -> str:
    """A hash of the ids of all records, in order."""
    ids = [record.id for kind in (Problem, Reject) for record in run.iter(kind)]
    return f"{len(ids)} {len(set(ids))} {hashlib.sha256(''.join(ids).encode()).hexdigest()}"


def main(out: str, n: str, workers: str = "2", pause_s: str = "0", segment: str = "16") -> int:
    runs.SEGMENT_RECORDS = ObjectRun.segment_records = int(segment)
    try:
        with Interruption("the items under way") as stop:
            config = {"seed": 1, "n": int(n), "workers": int(workers)}
            place = open_store(out) if is_url(out) else out
            with Run.open(place, "toy", config, outside_identity=("n", "workers")) as run:
                if not run_stage(run, int(n), int(workers), float(pause_s), stop):
                    return 130
                run.finish({"records": sum(run.rows.values())})
                print(content(run))
                return 0
    except AgentpropError as error:
        print(f"{error.message}\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    import toy_stage  # workers import the functions that they are given by the name of their module

    sys.exit(toy_stage.main(*sys.argv[1:]))
