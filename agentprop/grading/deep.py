"""The full half of deciding scalars, run inside a worker: everything the quick half leaves open."""

from __future__ import annotations

from agentprop.grading.exact import WORKER_BITS
from agentprop.grading.outcome import Equivalence, Hard, undetermined
from agentprop.grading.precision import Precision
from agentprop.grading.scalars import QuickScalars
from agentprop.grading.syntax import Node


class DeepScalars(QuickScalars):
    bits = WORKER_BITS

    def decide(self, gold: Node, pred: Node, precision: Precision | None) -> Equivalence:
        try:
            return super().decide(gold, pred, precision)
        except Hard:
            return undetermined("open", "not a rational number")
