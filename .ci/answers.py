"""Exit 0 when the GraphQL address in the first argument answers `{ __typename }`, 1 otherwise."""

from __future__ import annotations

import sys

import httpx

if __name__ == "__main__":
    try:
        answer = httpx.post(sys.argv[1], json={"query": "{ __typename }"}, timeout=5)
    except httpx.TransportError:
        sys.exit(1)
    sys.exit(0 if answer.is_success else 1)
