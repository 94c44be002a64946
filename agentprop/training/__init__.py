"""Training of the proposer and the solver: rewards, advantages, losses, log-probs, batches, the policy, the loops.

torch, transformers and peft are imported in this folder only; `agentic-proposing[train]` installs them.

A trailing capital names the axis of an array:

    A   action tokens: tokens that the policy sampled, the only ones with a loss
    J   actions: one turn of one trajectory
    I   trajectories
    G   groups: trajectories that started from the same task
    V   vocabulary

Symbols: r_T and r_proc rewards, A_E, A_S and A advantages, ω the weight of A_S, R_θ the implicit reward β·log(π/π_ref),
w the zero-sum weight, τ the temperatures of the gate.
"""
