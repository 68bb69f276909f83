"""Measures the running server: `python -m benchmarks`."""
