"""For verl: questions and answers with a rule reward, for a solver."""

from agentprop.export.formats.base import GRADER, Format
from agentprop.export.rows import VerlRow
from agentprop.export.solver import verl_row

USAGE = f"""# pip install {GRADER}
# python -m verl.trainer.main_ppo algorithm.adv_estimator=grpo \\
#     data.train_files={{path}}/train.parquet \\
#     reward.custom_reward_function.path="$(python -c 'import agentprop.export.reward as r; print(r.__file__)')" \\
#     reward.custom_reward_function.name=compute_score
from datasets import load_dataset

data = load_dataset("{{path}}")"""

FORMAT = Format(VerlRow, "parquet", USAGE, ("questions",), question=verl_row, checkers=True)
