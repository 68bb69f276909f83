"""Benchmarks of the running server: `python -m benchmarks`."""
