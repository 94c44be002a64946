"""Reinforcement learning: rollouts, rewards, advantages, losses, the update, and the loop around them."""
