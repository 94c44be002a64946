"""Ordered work on a Ray cluster of its own, interrupted as by Ctrl-C in a terminal: prints what arrived, as JSON.

An item that kills its actor comes first, since Ray says so on the stdout of its daemons.
"""

from __future__ import annotations

import json
import os
import signal

import ray_work
from patient_ray import wait_patiently

from agentprop.engine import Interruption, WorkerDied, on_engine, ordered_map


def main() -> None:
    wait_patiently()
    with on_engine("ray"):
        died = [one for one in ordered_map(ray_work.die_at_three, [3], workers=1, window=1)]
        got = []
        with Interruption("the items under way") as stop:
            for one in ordered_map(ray_work.slowly, range(200), workers=2, window=8, stop=stop):
                got.append(one)
                if len(got) == 5:
                    os.killpg(os.getpgrp(), signal.SIGINT)
        after = list(ordered_map(ray_work.square, range(4), workers=1, window=4))
    print(json.dumps({"died": isinstance(died[0], WorkerDied), "got": got, "stopped": stop(), "after": after}))


if __name__ == "__main__":
    main()
