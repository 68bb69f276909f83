"""`python -m tests.mutants [WORD …]`: every mutant of the targets whose path contains a word, or of all.

Fails where a mutant survives that `equivalents.py` does not excuse.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.running import MutantRun
from tests.mutants.targets import TARGETS

ROOT = str(Path(__file__).resolve().parents[2])


def main(words: list[str]) -> int:
    targets = {
        path: tests
        for path, tests in TARGETS.items()
        if not words or any(word in path for word in words)
    }
    run = MutantRun(ROOT, targets, set(EQUIVALENTS))
    tests = sorted({test for each in targets.values() for test in each})
    began = time.monotonic()
    options = ["-q", "-s", "-p", "no:xdist", "-p", "no:cacheprovider", "--rootdir", ROOT]
    if status := pytest.main([*options, *tests], [run]):
        return int(status)
    total = {name: sum(each[name] for each in run.counts.values()) for name in run.names}
    print(f"all: {total} in {time.monotonic() - began:.0f} s")
    return 1 if run.survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
