"""Which process spans are of: four attributes by OpenTelemetry's names, and nothing of the environment."""

from __future__ import annotations

import socket
import uuid
from importlib import metadata
from typing import Final

from opentelemetry.sdk.resources import Resource

SERVER: Final = "nsor-server"

_NAMES: Final = ("service.name", "service.version", "service.instance.id", "host.name")
"""Every attribute of a resource."""


def of(service: str) -> Resource:
    """The resource of a process that begins now: its instance is new at each start."""
    values = (service, metadata.version("nsor-server"), str(uuid.uuid4()), socket.gethostname())
    return Resource(dict(zip(_NAMES, values, strict=True)))
