"""Training of the proposer by imitation (`sft`) and by MGPO (`mgpo`), and of the solver by GRPO (`solver`)."""
