"""Games of authors: served from the directory in which they wrote them, or from a package that was installed."""

from __future__ import annotations

import pytest
from twisted.internet.threads import deferToThread

from tests.e2e.authors import TIC_TAC_TOE
from tests.e2e.clients import V1, AutobahnClient, ClassroomClient, Message
from tests.e2e.processes import Operator, Server
from tests.e2e.threads import in_reactor, in_thread

OK = {"status": "ok"}

ENTRY_POINTS = """
[gamesvc.games]
noughts = classroom_games.noughts:TicTacToe
"""


def code(reply: Message) -> str:
    """The code with which a command was refused."""
    found: str = reply["error"]["code"]
    return found


@pytest.fixture(scope="module")
def server(shared_operator: Operator) -> Server:
    shared_operator.write("tictactoe.py", TIC_TAC_TOE)
    return shared_operator.twistd("--game", "tictactoe:TicTacToe")


@in_reactor
async def test_a_game_in_the_current_directory_is_served_with_its_rules_its_seats_and_its_end(server: Server) -> None:
    def play() -> None:
        with ClassroomClient(server.url("g", player="alice")) as alice:
            assert code(alice.ask("mark", cell=0)) == "not_started"
            with (
                ClassroomClient(server.url("g", player="bob")) as bob,
                ClassroomClient(server.url("g", player="carol")) as carol,
            ):
                # Refused, each for its reason, and nothing has changed.
                refused = bob.ask("mark", cell=0)
                assert refused["error"] == {"code": "refused", "message": "it is not your turn", "retryable": False}
                assert code(carol.ask("mark", cell=0)) == "not_a_player"
                for wrong in ({}, {"cell": "zero"}, {"cell": 0, "player": "bob"}):
                    assert code(alice.ask("mark", **wrong)) == "bad_arguments"
                assert "cell" in alice.ask("mark", cell="zero")["error"]["message"]
                assert code(alice.ask("mark", cell=9)) == "refused"
                # Alice wins, from above to below.
                assert alice.ask("mark", cell=0) == OK
                assert code(bob.ask("mark", cell=0)) == "refused"
                assert bob.ask("mark", cell=1) == OK
                assert alice.ask("mark", cell=3) == OK
                assert bob.ask("mark", cell=4) == OK
                assert alice.ask("mark", cell=6) == OK
                assert code(bob.ask("mark", cell=7)) == "game_over"
                expected = [
                    {"event": "Marked", "player": player, "cell": cell, "seq": seq}
                    for seq, (player, cell) in enumerate(
                        [("alice", 0), ("bob", 1), ("alice", 3), ("bob", 4), ("alice", 6)], 1
                    )
                ]
                expected.append({"event": "Finished", "winner": "alice", "seq": 6})
                for viewer in alice, bob, carol:
                    assert viewer.hear(6) == expected

    await deferToThread(play)
    late = await AutobahnClient.enter(server.url("g", player="dave"), V1)
    welcome = await late.next()
    assert (welcome["kind"], welcome["players"], welcome["playing"]) == ("TicTacToe", ["alice", "bob"], False)
    assert (welcome["seq"], welcome["present"]) == (9, [])
    late.ask(command="mark", cell=8, id="1")
    assert code(await late.next()) == "not_a_player"
    assert await late.leave() == 1000


@in_thread
def test_a_player_keeps_the_seat_when_the_line_is_lost_and_another_game_has_seats_of_its_own(server: Server) -> None:
    with ClassroomClient(server.url("lost", player="bob")), ClassroomClient(server.url("lost", player="alice")):
        pass
    with (
        ClassroomClient(server.url("lost", player="carol")) as carol,
        ClassroomClient(server.url("lost", player="alice")) as alice,
        ClassroomClient(server.url("lost", player="bob")) as bob,
    ):
        assert code(carol.ask("mark", cell=4)) == "not_a_player"
        assert bob.ask("mark", cell=4) == OK
        assert alice.ask("mark", cell=5) == OK
    with ClassroomClient(server.url("other", player="carol")) as carol:
        assert code(carol.ask("mark", cell=4)) == "not_started"


@in_thread
def test_who_asks_to_watch_takes_no_seat(server: Server) -> None:
    with (
        ClassroomClient(server.url("watched", player="alice")) as alice,
        ClassroomClient(server.url("watched", player="eve", spectate="1")) as eve,
    ):
        assert code(eve.ask("mark", cell=4)) == "not_a_player"
        assert code(alice.ask("mark", cell=4)) == "not_started"
        with ClassroomClient(server.url("watched", player="bob")):
            assert alice.ask("mark", cell=4) == OK
            assert eve.hear(1) == [{"event": "Marked", "player": "alice", "cell": 4, "seq": 1}]


@in_thread
def test_an_installed_package_of_games_is_served_by_the_short_name(operator: Operator) -> None:
    # What an installer leaves: the package, and beside it what is known of it.
    operator.write("site/classroom_games/__init__.py", "")
    operator.write("site/classroom_games/noughts.py", TIC_TAC_TOE)
    about = "site/classroom_games-1.0.dist-info"
    operator.write(f"{about}/METADATA", "Metadata-Version: 2.1\nName: classroom-games\nVersion: 1.0\n")
    operator.write(f"{about}/entry_points.txt", ENTRY_POINTS)
    operator.environment["PYTHONPATH"] = str(operator.directory / "site")
    server = operator.twistd("--game", "noughts")
    with (
        ClassroomClient(server.url("g", player="alice"), subprotocols=[V1]) as alice,
        ClassroomClient(server.url("g", player="bob")) as bob,
    ):
        assert alice.hear(1)[0]["kind"] == "noughts"
        assert alice.ask("mark", cell=8) == OK
        assert bob.hear(1) == [{"event": "Marked", "player": "alice", "cell": 8, "seq": 1}]
