"""Outside tools and published checks against a running server: `python -m tests.security`."""
