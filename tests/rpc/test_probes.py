"""The endpoint of an operator's own network: whoever asks and hangs keeps nobody else from asking."""

import contextlib
import socket
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, Gauge

from nsor_server.rpc import probes
from tests.ports import free_address


def test_a_reader_of_metrics_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes._Handler, "timeout", 3600.0)  # longer than a test may take
    address, registry = free_address(), CollectorRegistry()
    Gauge("some_gauge", "Some.", registry=registry).set(7)
    host, _, port = address.rpartition(":")
    with contextlib.ExitStack() as stack:
        stack.callback(probes.serve(address, registry, lambda: True))
        for _ in range(20):  # each has asked half a question
            hanging = stack.enter_context(socket.create_connection((host, int(port))))
            hanging.sendall(b"GET /metr")
        connection = HTTPConnection(address, timeout=20)
        stack.callback(connection.close)
        connection.request("GET", "/metrics")
        assert b"some_gauge 7.0" in connection.getresponse().read()
