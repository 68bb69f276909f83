"""What goes wrong beyond a gateway."""

from __future__ import annotations


class GatewayError(Exception):
    """The other side did not do what it was asked; whether it did is unknown until it is asked again."""


class GatewayTimeout(GatewayError):
    """The other side did not answer in time."""
