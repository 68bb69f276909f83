"""Binding the address to listen on, before anything else starts."""

from __future__ import annotations

import errno
import os
import resource
import socket
from typing import Any

SPARE_DESCRIPTORS = 200


class CannotListen(Exception):
    """The address cannot be bound; the message is a sentence for the operator."""


def listen_on(host: str, port: int, setting: str = "QUINTET_PORT") -> list[socket.socket]:
    """Bind every address that `host` names; clients are refused until a server accepts.

    `setting` is the name of the port's setting.

    Raises: CannotListen.
    """
    bound: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in _addresses(host, port):
            listener = socket.socket(family, kind, protocol)
            bound.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.set_inheritable(True)
    except (OSError, UnicodeError) as error:  # UnicodeError: an empty or overlong label of the host
        for listener in bound:
            listener.close()
        raise CannotListen(_sentence(host, port, setting, error)) from error
    return bound


def _addresses(host: str, port: int) -> list[tuple[int, int, int, str, Any]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys(found))


def _sentence(host: str, port: int, setting: str, error: OSError | UnicodeError) -> str:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(error, UnicodeError):
        return f"QUINTET_HOST names no address: {host!r}."
    if error.errno == errno.EADDRINUSE:
        return f"Another process listens on {where} already: set {setting}, or stop it."
    if error.errno == errno.EACCES:
        return f"This user may not listen on {where}: set {setting} to 1024 or more."
    if isinstance(error, socket.gaierror):
        return f"QUINTET_HOST names no address: {host!r} ({error.strerror})."
    return f"{where} cannot be listened on: {os.strerror(error.errno or 0)}."


def raise_descriptor_limit() -> int:
    """Raise the limit of open files to its maximum; return how many connections that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        wanted = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
        if wanted > soft:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(100, soft - SPARE_DESCRIPTORS)
