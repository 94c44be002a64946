"""Problems inside other people's loops: one small adapter per host, each imported with the host's own package only.

    trl              rows, a reward, and environments for GRPOTrainer, for a solver and for a proposer
    reasoning_gym    the data set `agentprop` of reasoning-gym
    verifiers        an endless taskset, which prime-rl runs too
    inspect_ai       a task of Inspect
    openenv          an OpenEnv server            agentprop serve --as openenv
    nemo_gym         a NeMo Gym resources server  agentprop serve --as nemo-gym

Every one of them scores by `agentprop.score`. What that cannot decide is None where the host has a word for it, and
else 0.0, counted apart.
"""
