"""Where a server listens: TLS, UNIX sockets, several places at once; and clients that speak the wrong language."""

from __future__ import annotations

import contextlib
import signal
import socket
import ssl

import pytest
from websockets.exceptions import WebSocketException

from tests.certificates import make_certificate
from tests.e2e.clients import V1, ClassroomClient, exchange
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK, Operator, Server
from tests.e2e.threads import in_thread

OK = {"status": "ok"}


@pytest.fixture(scope="module")
def trust(shared_operator: Operator) -> ssl.SSLContext:
    """What a client trusts: the server's certificate alone."""
    certificate = shared_operator.directory / "certificate.pem"
    make_certificate(shared_operator.directory / "key.pem", certificate)
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture(scope="module")
def server(shared_operator: Operator, trust: ssl.SSLContext) -> Server:
    """One that listens on a plain port and on one with TLS."""
    return serve(shared_operator)


def serve(operator: Operator, *options: str) -> Server:
    return operator.serve(
        *("twistd", "-n", "--pidfile=", "gamesvc", "--journal", "memory", *options),
        *("--port", "{port}"),
        *("--port", "ssl:{tls}:privateKey=key.pem:certKey=certificate.pem:interface=127.0.0.1"),
    )


def secure(server: Server, game: str) -> str:
    return server.url(game, "tls").replace("ws:", "wss:")


@in_thread
def test_wss_is_served_with_the_certificate_that_the_endpoint_names(server: Server, trust: ssl.SSLContext) -> None:
    with ClassroomClient(secure(server, "tls"), ssl=trust) as client:
        assert client.ask("hello") == OK
        assert client.events == [{"event": "HelloEvent", "message": "Hello", "seq": 1}]


@in_thread
def test_who_says_over_tls_what_they_speak_is_let_in_where_it_is_spoken_here(
    shared_operator: Operator, server: Server, trust: ssl.SSLContext
) -> None:
    def offering(*protocols: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(shared_operator.directory / "certificate.pem"))
        context.set_alpn_protocols(protocols)
        return context

    for offered in (["http/1.1"], ["h2", "http/1.1"]):
        with ClassroomClient(secure(server, "offers"), ssl=offering(*offered)) as client:
            assert client.ask("hello") == OK
    with pytest.raises(ssl.SSLError):
        ClassroomClient(secure(server, "offers"), ssl=offering("h2"))


@in_thread
def test_players_of_a_game_may_come_through_different_ports(server: Server, trust: ssl.SSLContext) -> None:
    with (
        ClassroomClient(secure(server, "both"), ssl=trust) as over_tls,
        ClassroomClient(server.url("both")) as plain,
    ):
        assert plain.ask("hello") == OK
        assert over_tls.ask("yo") == OK
        assert over_tls.events == plain.hear(2)


@in_thread
def test_a_plain_client_on_the_tls_port_is_refused_and_others_play_on(server: Server, trust: ssl.SSLContext) -> None:
    with ClassroomClient(secure(server, "undisturbed"), ssl=trust) as client:
        with pytest.raises((OSError, EOFError, WebSocketException)), ClassroomClient(server.url("g", "tls")):
            pass
        assert b"HTTP/1.1" not in exchange(server.ports["tls"], b"GET /g HTTP/1.1\r\n\r\n")
        assert client.ask("hello") == OK


@in_thread
def test_a_tls_client_on_the_plain_port_is_refused_and_others_play_on(server: Server, trust: ssl.SSLContext) -> None:
    with ClassroomClient(server.url("undisturbed")) as client:
        with pytest.raises(ssl.SSLError), ClassroomClient(server.url("g").replace("ws:", "wss:"), ssl=trust):
            pass
        assert client.ask("hello") == OK


@in_thread
def test_who_connects_and_says_nothing_is_cut_off_on_both_ports(
    shared_operator: Operator, trust: ssl.SSLContext
) -> None:
    server = serve(shared_operator, "--handshake-timeout", "1")
    with contextlib.ExitStack() as stack:
        places = [(LOOPBACK, port) for port in server.ports.values()]
        for mute in [stack.enter_context(socket.create_connection(place, ANSWER_SECONDS)) for place in places]:
            with contextlib.suppress(ConnectionResetError):
                while mute.recv(1024):
                    pass


@in_thread
def test_a_unix_socket_is_served_and_gone_after_the_end(operator: Operator) -> None:
    path = operator.directory / "s"
    server = operator.serve("twistd", "-n", "--pidfile=", "gamesvc", "--port", "unix:s", ready=str(path))
    with (
        ClassroomClient("ws://localhost/local", unix=str(path)) as classic,
        ClassroomClient("ws://localhost/local", unix=str(path), subprotocols=[V1]) as welcomed,
    ):
        assert classic.ask("hello") == OK
        assert [event["event"] for event in welcomed.hear(2)] == ["gamesvc.welcome", "HelloEvent"]
        server.signal(signal.SIGTERM)
        assert classic.await_close() == welcomed.await_close() == 1012
    server.await_end()
    assert not path.exists()


@in_thread
def test_sigterm_closes_connections_with_tls_with_1012_too(operator: Operator) -> None:
    certificate = operator.directory / "certificate.pem"
    make_certificate(operator.directory / "key.pem", certificate)
    server = operator.serve(
        *("twistd", "-n", "--pidfile=", "gamesvc", "--port"),
        "ssl:{tls}:privateKey=key.pem:certKey=certificate.pem:interface=127.0.0.1",
    )
    trust = ssl.create_default_context(cafile=str(certificate))
    with (
        ClassroomClient(secure(server, "g"), ssl=trust) as client,
        # Somebody who has not even begun to shake hands does not hold up the end.
        socket.create_connection((LOOPBACK, server.ports["tls"])),
    ):
        assert client.ask("hello") == OK
        server.signal(signal.SIGTERM)
        assert client.await_close() == 1012
        assert server.await_end() == -signal.SIGTERM
