"""Attacks on a running server, and what each costs the server and everybody else."""
