"""For TRL's GRPOTrainer: questions and answers, for a solver."""

from agentprop.export.formats.base import DATASETS, GRADER, Format
from agentprop.export.rows import PromptSolution, QuestionAnswer
from agentprop.export.solver import prompt_solution
from agentprop.records import Domain

USAGE = f"""# pip install {GRADER}
{DATASETS}
from agentprop.export.reward import trl_reward

GRPOTrainer(model, reward_funcs=trl_reward, train_dataset=data["train"])"""


def _row(row: QuestionAnswer, domain: Domain, index: int, split: str) -> PromptSolution:
    return prompt_solution(row)


FORMAT = Format(PromptSolution, "jsonl", USAGE, ("questions",), question=_row, checkers=True)
