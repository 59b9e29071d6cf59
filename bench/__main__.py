"""``python -m bench``: measures gamesvc beside other servers, prints the table, and writes docs/performance.md."""

from __future__ import annotations

import argparse
import datetime
import math
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench import cores, disk, growth, machine, page, samples, scenarios, servers
from bench.compiled import compile_all, has_compiler
from bench.figures import FIGURES
from bench.packages import install, installed
from bench.processes import Failure
from bench.progress import Progress
from bench.rounds import Laboratory, Step, plan
from bench.samples import Sample, Session
from bench.scenarios import Scenario
from bench.servers import Places, Server
from bench.table import for_terminal, number

CHECKOUT = Path(__file__).resolve().parent.parent
BUILD = CHECKOUT / "build" / "bench"
FILES = 24000
"""File descriptors that a server and the generator may have at most; one for each connection, and some."""

WARMUP = 1.0
SHORT_SECONDS, SHORT_WARMUP = 0.15, 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and tell.

    Args:
        arguments: the command line's; None: those of this process.

    Returns:
        The exit status: 1 where something could not be measured.
    """
    options = _parse(arguments)
    # Who cancels it, as `timeout` does, is to find no server left.
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    if options.short and not has_compiler() and os.environ.get("CI") != "true":
        sys.stdout.write("bench: there is no C compiler here, so whether the benchmark works was not looked at\n")
        return 0
    try:
        if options.report:
            session = samples.load(_output(options) / "samples.json")
            page.write(session, CHECKOUT)
            return 0
        session = _measure(options)
    except Failure as failure:
        sys.stderr.write(f"bench: {failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\nbench: stopped; what was measured, if anything was, is in {_path(options)}\n")
        return 130
    if _is_whole(options):
        page.write(session, CHECKOUT)
    return 1 if session.failures() or session.troubles else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=_rounds, default=5, help="how often each sample is taken [%(default)s]")
    parser.add_argument("--seconds", type=_seconds, default=3.0, help="of each sample [%(default)s]")
    parser.add_argument("--peers", type=_names(servers.BY_NAME), help=f"some of {', '.join(servers.BY_NAME)}")
    parser.add_argument("--scenarios", type=_names(scenarios.BY_NAME), help=f"some of {', '.join(scenarios.BY_NAME)}")
    parser.add_argument(
        "--growth", action="store_true", help="measure the curves of growth, too; --rounds 0: only them"
    )
    parser.add_argument("--short", action="store_true", help="see whether the benchmark works; the figures say nothing")
    parser.add_argument("--output", type=Path, help="directory of samples.json [build/bench]")
    parser.add_argument("--report", action="store_true", help="only write docs/performance.md from saved samples")
    options = parser.parse_args(arguments)
    options.growth = options.growth or _is_whole(options)
    if not options.rounds and not options.growth:
        parser.error("--rounds 0 goes with --growth: there is nothing else to measure")
    return options


def _rounds(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"a whole number from 1 on, or 0 with --growth, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"a number above 0, and at most 3600, not {text!r}")
    return seconds


def _names(known: Iterable[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        some = [name.strip() for name in text.split(",") if name.strip()]
        if not some:
            raise argparse.ArgumentTypeError(f"names nothing; there are {', '.join(known)}")
        for name in some:
            if name not in known:
                raise argparse.ArgumentTypeError(f"there is no {name!r}; there are {', '.join(known)}")
        return some

    return names


def _is_whole(options: argparse.Namespace) -> bool:
    """Whether everything is measured, so that it is worth a page."""
    return not (options.peers or options.scenarios or options.short)


def _output(options: argparse.Namespace) -> Path:
    if options.output is not None:
        return Path(options.output)
    if options.report or _is_whole(options):
        return BUILD
    return BUILD / ("short" if options.short else "partial")


def _path(options: argparse.Namespace) -> Path:
    """Where samples go as they come. Those of a whole run take the place of the last one's when all are there."""
    return _output(options) / ("samples.new.json" if _is_whole(options) else "samples.json")


def _measure(options: argparse.Namespace) -> Session:
    places = Places(CHECKOUT, BUILD)
    BUILD.mkdir(parents=True, exist_ok=True)
    _allow_files()
    setup = Progress(sys.stdout, 1)
    compile_all(places)
    wanted = [servers.BY_NAME[name] for name in options.peers or servers.BY_NAME]
    absent = installed(places, wanted) if options.short else install(places, wanted, setup.say)
    present = [server for server in wanted if server.name not in absent]
    for name, reason in absent.items():
        setup.say(f"without {name}: {reason}")
    who = cores.of_this_machine()
    for warning in (who.warning, "its data lies in memory: SQLite syncs nothing" if disk.is_memory(BUILD) else ""):
        if warning:
            setup.say(f"warning: {warning}")
    session = Session(
        date=datetime.date.today().isoformat(),
        machine=machine.describe(who),
        versions=machine.versions(places, present),
        rounds=1 if options.short else options.rounds,
        seconds=SHORT_SECONDS if options.short else options.seconds,
        absent=absent,
        short=options.short,
    )
    path = _output(options) / "samples.json"
    if not options.rounds and path.exists():
        # The curves alone: the table of before stays.
        before = samples.load(path)
        session.samples, session.rounds, session.seconds = before.samples, before.rounds, before.seconds
    coming = _path(options)
    laboratory = Laboratory(places, who, _warmup(options), session.seconds)
    _take(session, _steps(options, present), options, laboratory, coming)
    if coming != path:
        coming.replace(path)
    sys.stdout.write(f"{for_terminal(session)}\n\nsamples: {path}\n")
    return session


def _warmup(options: argparse.Namespace) -> float:
    return SHORT_WARMUP if options.short else WARMUP


def _steps(options: argparse.Namespace, present: list[Server]) -> list[Step]:
    chosen = [scenarios.BY_NAME[name] for name in options.scenarios or scenarios.BY_NAME]
    if not options.short:
        return list(plan(options.rounds, chosen, present))
    return [
        step for step in plan(1, [each.small() for each in chosen], present) if _in_short(step.scenario, step.server)
    ]


def _in_short(scenario: Scenario, server: Server) -> bool:
    """gamesvc is put through everything, with the journal where that matters; the others are asked whether they run."""
    if scenario.name == scenarios.SCENARIOS[0].name:
        return True
    return scenario.in_short and server is (servers.GAMESVC_SQLITE if scenario.connections == 1 else servers.GAMESVC)


def _take(session: Session, steps: list[Step], options: argparse.Namespace, laboratory: Laboratory, path: Path) -> None:
    """Take all samples, and save them as they come."""
    experiments = growth.experiments(options.short) if options.growth or options.short else []
    progress = Progress(sys.stdout, len(steps) + len(experiments))
    for step in steps:
        progress.begin(f"round {step.round + 1}, {step.scenario.name}, {step.server.name}")
        sample = laboratory.take(step)
        session.samples.append(sample)
        samples.save(session, path)
        progress.end(_told(sample))
    for experiment in experiments:
        progress.begin(experiment.title)
        trouble = ""
        try:
            session.growth += experiment.run(laboratory)
        except Failure as failure:
            trouble = f"{experiment.title} failed: {failure}"
            session.troubles.append(trouble)
        samples.save(session, path)
        progress.end(trouble)
    progress.clear()


def _told(sample: Sample) -> str:
    """What came of a sample, in one line."""
    name = f"round {sample.round + 1}  {sample.scenario:12} {sample.server:15}"
    if sample.failure:
        return f"{name} failed: {sample.failure}"
    figure = FIGURES[scenarios.BY_NAME[sample.scenario].figure]
    value, idle = figure.of(sample), FIGURES["idle"].of(sample)
    shown = "nothing" if value is None else f"{number(value):>12} {figure.title}"
    return name + shown + (f" (generator {idle:.0%} idle)" if idle is not None else "")


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
