"""How the proposer and the solver improve: rewards, advantages, losses, log-probs, batches, a policy, the loops.

torch, transformers and peft are imported in this folder and nowhere else; the extra `train` brings them.

A trailing capital says what an array runs over:

    A   action tokens: tokens the policy sampled, the only ones with a loss
    J   actions: one turn of one trajectory
    I   trajectories
    G   groups: trajectories that started from the same task
    V   vocabulary

Symbols: r_T and r_proc rewards, A_E, A_S and A advantages, ω the weight of A_S, R_θ the implicit reward β·log(π/π_ref),
w the zero-sum weight, τ the temperatures of the gate.
"""
