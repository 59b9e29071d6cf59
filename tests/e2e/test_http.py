"""HTTP on the port of the games, as real clients and sockets have it."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import make_certificate
from tests.e2e.clients import ClassroomClient, exchange
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK, Operator, Server
from tests.e2e.threads import in_thread
from tests.wire import opening


class UnixConnection(http.client.HTTPConnection):
    """One to a UNIX socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(self._path)


@pytest.fixture(scope="module")
def server(shared_operator: Operator) -> Server:
    return shared_operator.twistd("--journal", "memory")


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection(LOOPBACK, server.ports["port"], timeout=ANSWER_SECONDS)
    yield made
    made.close()


def status(connection: http.client.HTTPConnection, target: str, method: str = "GET") -> int:
    """Ask for something, and read all of the answer."""
    connection.request(method, target)
    response = connection.getresponse()
    response.read()
    return response.status


@in_thread
def test_pages_health_and_games_are_on_one_port(server: Server, connection: http.client.HTTPConnection) -> None:
    with ClassroomClient(server.url("g1")) as player:
        for target in ("/", "/playground/index.html", "/client/index.js", "/healthz", "/readyz"):
            assert status(connection, target) == 200, target
        local = connection.sock
        assert status(connection, "/nowhere") == 404
        assert connection.sock is local, "one connection does for all of them"
        assert player.ask("hello") == {"status": "ok"}


@in_thread
def test_a_browser_that_has_a_file_is_not_sent_it_again(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/client/index.js")
    response = connection.getresponse()
    assert response.getheader("Content-Type") == "text/javascript; charset=utf-8"
    assert response.read()
    tag = response.getheader("ETag") or ""
    connection.request("GET", "/client/index.js", headers={"If-None-Match": tag})
    again = connection.getresponse()
    assert (again.status, again.read()) == (304, b"")
    assert status(connection, "/healthz") == 200


@in_thread
def test_who_sends_too_much_can_read_why(server: Server) -> None:
    # To close the line while something is still sent would have the kernel throw the answer away.
    head = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    for _ in range(5):
        answer = exchange(server.ports["port"], head + b"x" * 1_000_000)
        assert answer.startswith(b"HTTP/1.1 413 "), answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "body_too_large"


@in_thread
def test_a_body_in_chunks_is_read_to_its_end(connection: http.client.HTTPConnection) -> None:
    pieces = iter([b"GET /healthz HTTP/1.1\r\n", b"\r\n" * 100])
    connection.request("POST", "/healthz", pieces, encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, response.getheader("Allow")) == (405, "GET, HEAD")
    response.read()
    assert status(connection, "/healthz") == 200


@in_thread
def test_a_proxy_that_keeps_connections_may_use_one_for_a_game(server: Server) -> None:
    address = (LOOPBACK, server.ports["port"])
    with socket.create_connection(address, ANSWER_SECONDS) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert (answer.status, answer.read()[:1]) == (200, b"{")
        line.sendall(opening("/g1"))
        assert line.recv(65536).startswith(b"HTTP/1.1 101 ")


@in_thread
def test_nothing_of_what_was_asked_stands_in_the_log(server: Server, connection: http.client.HTTPConnection) -> None:
    for target in ("/hunter2", "/client/hunter2?token=hunter2", "/hunter2/%0a"):
        connection.request("GET", target, headers={"Authorization": "Bearer hunter2", "Cookie": "hunter2"})
        connection.getresponse().read()
    server.await_log(": 404 not_found")
    assert "hunter2" not in server.log


@in_thread
def test_without_a_playground_there_is_no_page(operator: Operator) -> None:
    server = operator.twistd("--journal", "memory", "--no-playground")
    connection = http.client.HTTPConnection(LOOPBACK, server.ports["port"], timeout=ANSWER_SECONDS)
    assert [status(connection, each) for each in ("/", "/playground/index.html", "/healthz")] == [404, 404, 200]
    connection.close()


@in_thread
def test_it_is_so_over_tls_and_unix_sockets(operator: Operator, tmp_path: Path) -> None:
    make_certificate(tmp_path / "key.pem", tmp_path / "cert.pem")
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    path = str(tmp_path / "s")
    tls = "ssl:{tls}:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"
    server = operator.twistd("--port", tls, "--port", f"unix:{path}", "--journal", "memory")
    secure = http.client.HTTPSConnection(LOOPBACK, server.ports["tls"], timeout=ANSWER_SECONDS, context=trust)
    local = UnixConnection(path)
    for connection in secure, local:
        for target in ("/healthz", "/client/index.js", "/readyz"):
            assert status(connection, target) == 200, (connection, target)
        connection.request("POST", "/healthz", b"x" * 65537)
        response = connection.getresponse()
        assert (response.status, response.getheader("Connection")) == (413, "close")
        response.read()
        connection.close()


@in_thread
def test_a_server_that_stops_waits_for_nobody_who_asks_nothing(operator: Operator) -> None:
    server = operator.twistd("--journal", "memory")
    idle = http.client.HTTPConnection(LOOPBACK, server.ports["port"], timeout=ANSWER_SECONDS)
    assert status(idle, "/healthz") == 200
    with ClassroomClient(server.url("g1")) as player:
        player.ask("hello")
        server.signal(signal.SIGTERM)
        assert player.await_close() == 1012
        assert idle.sock is not None and idle.sock.recv(1) == b""
        idle.close()
    server.await_end()
