"""`python signalled.py SIGNAL MODULE:NAME COMMAND…`: the command line, told to stop as it comes to a step."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from operator import attrgetter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))


def signal_at(place: str, number: int) -> None:
    """Send this process the signal when the function is called for the first time."""
    module_name, _, path = place.partition(":")
    *outer, name = path.split(".")
    owner: Any = importlib.import_module(module_name)
    owner = attrgetter(".".join(outer))(owner) if outer else owner
    original = getattr(owner, name)

    @functools.wraps(original)
    def signalled(*arguments: Any, **options: Any) -> Any:
        setattr(owner, name, original)
        os.kill(os.getpid(), number)
        return original(*arguments, **options)

    setattr(owner, name, signalled)


if __name__ == "__main__":
    import cli

    signal_at(sys.argv[2], signal.Signals[sys.argv[1]])
    raise SystemExit(cli.main(sys.argv[3:]))
