"""Is an answer right: `equivalent` compares two answers, whatever notation they are written in.

`final_answer` finds the answer in a response, `equivalent_batch` compares many pairs at once, and `check_gold` tells
before anything is compared whether a right answer can be read and recognised at all.
"""

from agentprop.answers.equivalence import equivalent, equivalent_batch
from agentprop.answers.gold import GoldCheck, check_gold
from agentprop.answers.kinds import AnswerKind
from agentprop.answers.outcome import GOLD_UNREADABLE, PRED_UNREADABLE, Equivalence
from agentprop.answers.reading.extract import ExtractionPolicy, final_answer

__all__ = [
    "GOLD_UNREADABLE",
    "PRED_UNREADABLE",
    "AnswerKind",
    "Equivalence",
    "ExtractionPolicy",
    "GoldCheck",
    "check_gold",
    "equivalent",
    "equivalent_batch",
    "final_answer",
]
