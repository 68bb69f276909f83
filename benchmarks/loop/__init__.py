"""How long the event loop is held by one operation: `python -m benchmarks.loop`."""
