"""How long one operation holds the event loop: `python -m benchmarks.loop`."""
