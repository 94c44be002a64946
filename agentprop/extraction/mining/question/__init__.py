"""The question-directed miner: a whole question is read, executed by two routes, varied and made a skill."""
