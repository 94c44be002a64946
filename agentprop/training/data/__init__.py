"""Trajectories and skills → token sequences, packed rows and held-out splits."""
