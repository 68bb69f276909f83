"""`python signalled.py SIGNAL MODULE:NAME COMMAND…`: the command line, told to stop as it comes to a step.

With a port instead of a signal it connects there at that step, and goes on once it gets a byte.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))


def signalling(number: int) -> None:
    os.kill(os.getpid(), number)


def reporting(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as listener:
        listener.recv(1)


def at(place: str, happens: Callable[[], None]) -> None:
    """Let this happen when the function is called for the first time."""
    module_name, _, path = place.partition(":")
    *outer, name = path.split(".")
    owner: Any = importlib.import_module(module_name)
    owner = attrgetter(".".join(outer))(owner) if outer else owner
    original = getattr(owner, name)

    @functools.wraps(original)
    def signalled(*arguments: Any, **options: Any) -> Any:
        setattr(owner, name, original)
        happens()
        return original(*arguments, **options)

    setattr(owner, name, signalled)


if __name__ == "__main__":
    import cli

    if sys.argv[1].isdecimal():
        at(sys.argv[2], partial(reporting, int(sys.argv[1])))
    else:
        at(sys.argv[2], partial(signalling, signal.Signals[sys.argv[1]]))
    raise SystemExit(cli.main(sys.argv[3:]))
