"""All wiring, and the order of start and shutdown. What ``twistd gamesvc`` runs."""

from __future__ import annotations

import gc
import os
import secrets
import sys
import time
from collections.abc import Callable, Container
from functools import partial
from types import TracebackType
from typing import Any

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IAddress
from twisted.logger import ILogObserver
from twisted.python.components import Componentized

from gamesvc import bot_questions
from gamesvc.admission import FrontDoor
from gamesvc.aside import Aside
from gamesvc.auth import TokenValidator
from gamesvc.bot_offer import Answered, Asking, Question
from gamesvc.bot_processes import BotProcesses
from gamesvc.bots import BotKind
from gamesvc.bots.loading import find as find_bot
from gamesvc.catalog import Catalog, shipped
from gamesvc.config import Config, Options
from gamesvc.errors import ConfigError, JournalError
from gamesvc.journal.memory import MemoryJournal
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.sqlite_file import InUse, lock_for_server
from gamesvc.journal.store import Store
from gamesvc.journal.threaded import ThreadedJournal
from gamesvc.keys import load_private_key, load_public_key
from gamesvc.listener import GameListener
from gamesvc.listening import ListenError, Listening
from gamesvc.logs import logger, observer_factory, set_level
from gamesvc.offered_bots import OfferedBots, Played
from gamesvc.opened_journal import OpenedJournal
from gamesvc.polling import poll_without_log_context
from gamesvc.server import GameServer
from gamesvc.turn import Turn
from gamesvc.web.identity import Foreign, Identities, Minting
from gamesvc.web.jwks import KeySet, check_address, fetcher
from gamesvc.web.lobby import Lobby
from gamesvc.web.lobby_records import Records
from gamesvc.web.site import WebSite, make_site

__all__ = ["GameService", "Options", "makeService"]

log = logger(__name__)

_SWITCH_SECONDS = 0.0005

_COLLECT_EVERY = 10_000


class StartError(Exception):
    """The server can't start: a port can't be listened on, or the journal not be opened."""


class GameService(Service):
    """Listens, and on shutdown closes in order: the ports, so that nobody comes in; what is served beside the games,
    when it has answered what it was asked; the games' connections, when the journal has what was on its way; the
    processes in which bots think; the threads of models that block; the journal; then it is done.

    Args:
        listener: gets the connections.
        site: what is served beside the games.
        lobby: where games are made and found.
        bots: processes in which bots think.
        aside: threads for models that block, not started yet.
        journal: where games are kept, not opened yet.
        ports: where to listen.
        blame: the settings that say so, for people.
        blame_journal: the setting that says where the journal is, for people.
        playground: whether there is a page to play on.
        make_observer: makes what writes the log; None leaves that to twistd.
    """

    name = "gamesvc"

    def __init__(
        self,
        listener: GameListener,
        site: WebSite,
        lobby: Lobby,
        bots: BotProcesses,
        aside: Aside,
        journal: OpenedJournal,
        ports: Listening,
        blame: str,
        blame_journal: str,
        playground: bool,
        make_observer: Callable[[], ILogObserver] | None = None,
    ) -> None:
        self.listener = listener
        self._site = site
        self._lobby = lobby
        self._bots = bots
        self._aside = aside
        self._journal = journal
        self._ports = ports
        self._blame = blame
        self._blame_journal = blame_journal
        self._playground = playground
        self._make_observer = make_observer

    def setServiceParent(self, parent: Any) -> None:
        # twistd asks the application for its log observer, right after the service was put into it.
        if self._make_observer is not None and isinstance(parent, Componentized):
            try:
                parent.setComponent(ILogObserver, self._make_observer())
            except OSError as error:
                raise SystemExit(f"gamesvc: can't open the log: {error}") from None
        super().setServiceParent(parent)

    @property
    def listening(self) -> list[IAddress]:
        """Where it listens now, in the order of the settings."""
        return self._ports.addresses

    def privilegedStartService(self) -> None:
        """Listen. Runs before twistd gives up root, for ports below 1024.

        Raises:
            StartError: a port can't be listened on; then none is.
        """
        super().privilegedStartService()
        try:
            self._ports.start(self.listener)
        except ListenError as why:
            raise self._not_started(why, self._blame) from None

    def startService(self) -> None:
        """Open the journal. Runs after twistd has given up root, so that files are made as the user it runs as.

        Raises:
            StartError: it can't be opened.
        """
        try:
            self._journal.start()
        except (ConfigError, JournalError) as why:
            self._ports.give_up()
            raise self._not_started(why, self._blame_journal) from None
        super().startService()
        self._aside.start()
        self.listener.lifecycle.start()
        self._lobby.start(self.listener.lifecycle)
        log.info("games are kept in {where}", where=self._journal.where)
        for place in self._ports.places:
            log.info("serving {kinds} at {where}", kinds=self.listener.kinds, where=place)
            if self._playground and place.startswith("ws"):
                log.info("open {where} to play", where=_page(place))

    def _not_started(self, why: Exception, blame: str) -> StartError:
        error = StartError(f"{why} ({blame})")
        log.error("{error}", error=error)
        return error

    def stopService(self) -> Deferred[None]:
        """Stop, in order."""
        super().stopService()
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        await self._ports.stop()
        await self._site.drain()
        await self.listener.stop()
        log.info("all connections are closed")
        await self._bots.stop()
        await self._aside.stop()
        await self._journal.stop()


def makeService(options: Options) -> IService:
    """What the plugin and ``gamesvc.tac`` call.

    Args:
        options: parsed.

    Raises:
        SystemExit: a setting is not usable; its message says which and why.
    """
    reactor = _reactor()
    sys.excepthook = _say_plainly
    set_level(options.config.log_level)
    # The journal's threads share Python's lock with the reactor's. With the usual 5 ms, a busy reactor gives it to them
    # so seldom that a commit of a hundred games takes 36 ms; so it takes 10.
    sys.setswitchinterval(_SWITCH_SECONDS)
    # The default clock is the wall's: a step of it would freeze or fire all timers. Set before the first timer.
    reactor.seconds = time.monotonic
    poll_without_log_context(reactor)
    try:
        service = make_game_service(options.config, reactor, _observer_factory(options))
    except ConfigError as error:
        raise SystemExit(f"gamesvc: {error}") from None
    _spare_collections()
    return service


def _spare_collections() -> None:
    # Python looks for circles among all objects whenever there are 700 more of them, which is with every few commands
    # and connects, and has nothing to find but a few of each connection that has ended. What is here now stays.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY, 20, 50)


def make_game_service(
    config: Config, reactor: Any, make_observer: Callable[[], ILogObserver] | None = None
) -> GameService:
    """Wire a server.

    Args:
        config: what to serve, where, and to whom.
        reactor: runs it.
        make_observer: makes what writes the log; None leaves that to twistd.

    Raises:
        ConfigError: a setting is not usable.
    """
    # An author's game lies where they start the server.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    validator = None
    if config.enable_auth:
        with config.blaming("public-key-file"):
            key = load_public_key(config.public_key_file)
        validator = TokenValidator(config.token_issuer_uri, key, time.time)
    named = config.games or shipped(lambda why: log.info("not offered: {why}", why=why))
    with config.blaming("game"):
        catalog = Catalog(named)
    with config.blaming("allow-origin"):
        front_door = FrontDoor(validator, config.allow_origins, lambda: f"guest-{secrets.token_hex(4)}")
    processes = BotProcesses(reactor, config.bot_processes or None)
    bots = _offered_bots(config, catalog, named, processes)
    games: dict[str, GameServer] = {}
    turn = Turn(reactor.callLater, reactor.seconds)
    with config.blaming("journal"):
        journal = _journal(config, reactor, turn, games)
    aside = Aside(reactor)
    records = Records(catalog, journal.journal.now, reactor.callLater)
    listener = GameListener(
        reactor,
        games=games,
        journal=journal.journal,
        catalog=catalog,
        front_door=front_door,
        limits=config.limits,
        now=time.time,
        random_bytes=secrets.token_bytes,
        turn=turn,
        aside=aside,
        bots=bots,
        plan=records.plan,
        stood=records.stood,
    )
    lobby = Lobby(
        catalog,
        records,
        _identities(config, reactor),
        bots,
        config.limits,
        games=games,
        allows=front_door.allows,
        later=reactor.callLater,
        monotonic=reactor.seconds,
        playground=config.playground,
    )
    site = listener.web = make_site(
        reactor,
        journal=journal.journal,
        limits=config.limits,
        report=listener.report,
        may_ask=front_door.may_ask,
        api=lobby.resource(),
        playground=config.playground,
    )
    site.at_drain(lobby.stop)
    with config.blaming("port"):
        ports = Listening(reactor, config.endpoints)
    blame = config.sources_of("port", *(("address",) if config.address else ()))
    return GameService(
        listener,
        site,
        lobby,
        processes,
        aside,
        journal,
        ports,
        blame,
        config.sources_of("journal"),
        config.playground,
        make_observer,
    )


def _page(place: str) -> str:
    """Where who sits at this machine finds the page."""
    page = f"http{place.removeprefix('ws').removesuffix('GAME')}"
    for everywhere in ("//0.0.0.0:", "//[::]:"):
        page = page.replace(everywhere, "//localhost:")
    return page


def _identities(config: Config, reactor: Any) -> Identities:
    minting = foreign = None
    identity = ("identity-issuer", "identity-jwks", "identity-audience")
    with config.blaming(*identity):
        if (config.identity_issuer is None) != (config.identity_jwks is None):
            raise ConfigError("identity-issuer and identity-jwks: give both, or neither")
        if config.identity_issuer is not None and (not config.enable_auth or config.private_key_file is None):
            raise ConfigError("identities are for --enable-auth with a --private-key-file")
    if config.enable_auth and config.guests and config.private_key_file is None:
        with config.blaming("guests"):
            raise ConfigError("tokens for guests need a --private-key-file")
    if config.enable_auth and config.private_key_file is not None:
        with config.blaming("private-key-file", "public-key-file"):
            key = load_private_key(config.private_key_file, _passphrase)
            if key.key.public_key() != load_public_key(config.public_key_file).key:
                raise ConfigError("the private key is not the other half of the public one")
        minting = Minting(config.token_issuer_uri, key)
    if config.identity_issuer is not None and config.identity_jwks is not None:
        with config.blaming(*identity):
            keys = KeySet(check_address(config.identity_jwks), fetcher(reactor), reactor.seconds)
        foreign = Foreign(config.identity_issuer, config.identity_audience, keys)
    guests = config.guests if config.guests is not None else foreign is None
    with config.blaming("identity-issuer", "token-issuer-uri"):
        identities = Identities(time.time, asks=config.enable_auth, minting=minting, foreign=foreign, guests=guests)
    if config.enable_auth and identities.guests:
        log.warn("guests are let in: the lobby gives a token to whoever comes; --no-guests keeps them out")
    if minting is not None and foreign is None and not identities.guests:
        log.warn(
            "nobody can say who they are, so the lobby makes no games: guests are kept out, and nobody else issues "
            "identities; give --identity-issuer and --identity-jwks, or leave --no-guests out"
        )
    return identities


def _passphrase() -> str:
    # Nobody is there to be asked.
    passphrase = os.environ.get("PRIVATE_KEY_PASSPHRASE")
    if passphrase is None:
        raise ConfigError("the private key is encrypted: its passphrase is missing in PRIVATE_KEY_PASSPHRASE")
    return passphrase


def _offered_bots(config: Config, catalog: Catalog, named: tuple[str, ...], processes: BotProcesses) -> OfferedBots:
    with config.blaming("bot"):
        kinds = [find_bot(text) for text in config.bots]
    rules = config.bot_rules
    games = {kind.name: Played(text, kind.model) for kind, text in zip(catalog, named, strict=True)}
    with config.blaming("bot", "fill-with", "stand-in"):
        bots = OfferedBots(kinds, games, rules, partial(_think, processes))
    for setting, bot in (("fill-with", rules.fill), ("stand-in", rules.stand_in)):
        # Of several games it may be meant for one.
        refusals = [bots.refuses(bot, kind.name, kind.model) for kind in catalog] if bot is not None else [None]
        if None not in refusals:
            with config.blaming(setting):
                raise ConfigError(f"bot {bot!r}: {refusals[0]}")
    return bots


def _think(processes: BotProcesses, bot: BotKind, game: str, question: Question, answered: Answered) -> Asking:
    asked = bot_questions.Question(
        bot.text, game, question.player, question.players, question.view, question.seed, question.now, question.game
    )
    return processes.ask(asked, answered)


def _journal(config: Config, reactor: Any, turn: Turn, awake: Container[str]) -> OpenedJournal:
    scheme, _, path = config.journal.partition(":")
    if scheme == "memory":
        journal = MemoryJournal(turn.soon, time.time, config.limits.max_games, awake.__contains__)
        return OpenedJournal(journal, "memory: they end with this process", reactor)
    if scheme == "sqlite":
        threaded = _threaded(reactor, lambda: SqliteStore(path), lambda: SqliteStore(path, read_only=True))
        return OpenedJournal(threaded, config.journal, reactor, threaded.start, lambda: _lock(path))
    # Its driver is an extra.
    from gamesvc.journal.postgres import PostgresStore

    url = config.journal
    threaded = _threaded(reactor, lambda: PostgresStore(url), lambda: PostgresStore(url, read_only=True))
    return OpenedJournal(threaded, "PostgreSQL", reactor, threaded.start)


def _lock(path: str) -> Callable[[], None]:
    try:
        return lock_for_server(path).release
    except InUse as why:
        other = "another file, --journal sqlite:OTHER.sqlite, or keep none, --journal memory"
        raise InUse(f"{why}; stop that one, or give this one {other}") from why


def _threaded(reactor: Any, open_store: Callable[[], Store], open_reader: Callable[[], Store]) -> ThreadedJournal:
    return ThreadedJournal(
        open_store,
        reactor.callFromThread,
        _end_process,
        lambda line: log.warn("journal: {line}", line=line),
        open_reader=open_reader,
    )


def _end_process(error: JournalError) -> None:
    # The disk may hold something else than what the process believes; only a new one can tell. Nothing that waits for
    # the journal has been answered.
    log.critical("the process ends: {error}", error=error)
    os._exit(1)


def _say_plainly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    # twistd lets what a service raises while it starts go through to here, and the exit status is 1. Where a port is
    # taken, a traceback tells nobody anything.
    if issubclass(kind, StartError):
        print(f"gamesvc: {error}", file=sys.__stderr__)
    else:
        sys.__excepthook__(kind, error, trace)


def _observer_factory(options: Options) -> Callable[[], ILogObserver] | None:
    """Write the log the way `logs` does, to where twistd was told to; None where twistd was told of another way."""
    twistd: Any = options.parent
    if twistd is None or twistd["logger"] or twistd["syslog"]:
        return None
    path = twistd["logfile"]
    if twistd["nodaemon"]:
        path = None if path == "-" else path or None
    elif path == "-":
        return None  # twistd says that daemons can't log to standard output
    else:
        path = path or "twistd.log"
    return observer_factory(path, options.config.log_level, _in_reactor)


def _in_reactor(function: Callable[[], object]) -> None:
    _reactor().callFromThread(function)


def _reactor() -> Any:
    # Importing it installs it, so that is left until twistd has chosen one.
    from twisted.internet import reactor

    return reactor
