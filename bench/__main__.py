"""``python -m bench``: measures gamesvc beside other servers, prints tables, and writes docs/performance.md and
docs/state-sync.md."""

from __future__ import annotations

import argparse
import datetime
import math
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bench import cores, disk, growth, machine, samples, scenarios
from bench.compiled import compile_all, has_compiler
from bench.figures import FIGURES
from bench.growth import Experiment
from bench.packages import install, installed
from bench.processes import Failure
from bench.progress import Progress
from bench.rounds import Laboratory, Step, plan
from bench.samples import Sample, Session
from bench.scenarios import Scenario
from bench.servers import GAMESVC, GAMESVC_SQLITE, Places, Server
from bench.subjects import ROOMS, SERVER_NAMES, SUBJECTS, Subject
from bench.table import number

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
            for subject in _reported(options):
                subject.write(samples.load(_output(options, subject) / "samples.json"), CHECKOUT)
            return 0
        is_all_there = True
        for subject, session in _measure(options):
            is_all_there = is_all_there and not session.failures() and not session.troubles
            if _is_whole(options, subject):
                subject.write(session, CHECKOUT)
    except Failure as failure:
        sys.stderr.write(f"bench: {failure}\n")
        return 1
    except KeyboardInterrupt:
        paths = " and ".join(str(_path(options, subject)) for subject in _chosen(options))
        sys.stderr.write(f"\nbench: stopped; what was measured, if anything was, is in {paths}\n")
        return 130
    return 0 if is_all_there else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=_rounds, default=5, help="how often each sample is taken [%(default)s]")
    parser.add_argument("--seconds", type=_seconds, default=3.0, help="of each sample [%(default)s]")
    parser.add_argument("--peers", type=_names(SERVER_NAMES), help=f"some of {', '.join(SERVER_NAMES)}")
    parser.add_argument("--scenarios", type=_names(scenarios.BY_NAME), help=f"some of {', '.join(scenarios.BY_NAME)}")
    parser.add_argument(
        "--growth", action="store_true", help="measure the curves of growth, too; --rounds 0: only them"
    )
    parser.add_argument("--short", action="store_true", help="see whether the benchmark works; the figures say nothing")
    parser.add_argument("--output", type=Path, help="directory of samples.json [build/bench]")
    parser.add_argument("--report", action="store_true", help="only write the pages in docs from saved samples")
    options = parser.parse_args(arguments)
    options.growth = options.growth or not (options.peers or options.scenarios or options.short)
    if not options.rounds and not options.growth:
        parser.error("--rounds 0 goes with --growth: there is nothing else to measure")
    if not _chosen(options):
        parser.error("none of these peers takes part in one of these scenarios")
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


def _scenarios(options: argparse.Namespace, subject: Subject) -> list[Scenario]:
    """Those of a subject that are asked for."""
    return [each for each in subject.scenarios if not options.scenarios or each.name in options.scenarios]


def _servers(options: argparse.Namespace, subject: Subject) -> list[Server]:
    """Those of a subject that are asked for."""
    return [each for each in subject.servers if not options.peers or each.name in options.peers]


def _has_curves(options: argparse.Namespace, subject: Subject) -> bool:
    return subject.has_curves and (options.growth or options.short)


def _chosen(options: argparse.Namespace) -> list[Subject]:
    """The subjects of which there is something to be measured."""
    return [
        subject
        for subject in SUBJECTS
        if (options.rounds and _scenarios(options, subject) and _servers(options, subject))
        or (subject.has_curves and options.growth)
    ]


def _reported(options: argparse.Namespace) -> list[Subject]:
    """The subjects whose pages are written anew: those that are named, or else those that were measured, if any was."""
    named = [subject for subject in SUBJECTS if _scenarios(options, subject)]
    there = [subject for subject in named if (_output(options, subject) / "samples.json").exists()]
    return named if options.scenarios else there or [ROOMS]


def _is_whole(options: argparse.Namespace, subject: Subject) -> bool:
    """Whether everything of a subject is measured, so that it is worth a page."""
    if options.peers or options.short or (subject.has_curves and not options.growth):
        return False
    return _scenarios(options, subject) == list(subject.scenarios)


def _output(options: argparse.Namespace, subject: Subject) -> Path:
    if options.output is not None:
        return Path(options.output) / subject.folder
    if options.report or _is_whole(options, subject):
        return BUILD / subject.folder
    return BUILD / ("short" if options.short else "partial") / subject.folder


def _path(options: argparse.Namespace, subject: Subject) -> Path:
    """Where samples go as they come. Those of a whole run take the place of the last one's when all are there."""
    return _output(options, subject) / ("samples.new.json" if _is_whole(options, subject) else "samples.json")


def _measure(options: argparse.Namespace) -> Iterator[tuple[Subject, Session]]:
    """Measure one subject after the other."""
    places = Places(CHECKOUT, BUILD)
    BUILD.mkdir(parents=True, exist_ok=True)
    _allow_files()
    compile_all(places)
    who = cores.of_this_machine()
    for warning in (who.warning, "its data lies in memory: SQLite syncs nothing" if disk.is_memory(BUILD) else ""):
        if warning:
            sys.stdout.write(f"warning: {warning}\n")
    for subject in _chosen(options):
        yield subject, _measure_one(options, subject, places, who)


def _measure_one(options: argparse.Namespace, subject: Subject, places: Places, who: cores.Cores) -> Session:
    setup = Progress(sys.stdout, 1)
    wanted = _servers(options, subject)
    absent = installed(places, wanted) if options.short else install(places, wanted, setup.say)
    present = [server for server in wanted if server.name not in absent]
    for name, reason in absent.items():
        setup.say(f"without {name}: {reason}")
    session = Session(
        date=datetime.date.today().isoformat(),
        machine=machine.describe(who),
        versions=machine.versions(places, present),
        rounds=1 if options.short else options.rounds,
        seconds=SHORT_SECONDS if options.short else options.seconds,
        absent=absent,
        short=options.short,
    )
    path = _output(options, subject) / "samples.json"
    if not options.rounds and path.exists():
        # The curves alone: the table of before stays.
        before = samples.load(path)
        session.samples, session.rounds, session.seconds = before.samples, before.rounds, before.seconds
    coming = _path(options, subject)
    laboratory = Laboratory(places, who, _warmup(options), session.seconds)
    experiments = growth.experiments(options.short) if _has_curves(options, subject) else []
    _take(session, _steps(options, subject, present), experiments, laboratory, coming)
    if coming != path:
        coming.replace(path)
    sys.stdout.write(f"{subject.for_terminal(session)}\n\nsamples: {path}\n")
    return session


def _warmup(options: argparse.Namespace) -> float:
    return SHORT_WARMUP if options.short else WARMUP


def _steps(options: argparse.Namespace, subject: Subject, present: list[Server]) -> list[Step]:
    chosen = _scenarios(options, subject)
    if not options.short:
        return list(plan(options.rounds, chosen, present))
    return [
        step
        for step in plan(1, [each.small() for each in chosen], present)
        if step.scenario.name == subject.scenarios[0].name or _in_short(step.scenario, step.server)
    ]


def _in_short(scenario: Scenario, server: Server) -> bool:
    """gamesvc is put through everything, with the journal where that matters; the others are asked whether they run."""
    return scenario.in_short and server is (GAMESVC_SQLITE if scenario.connections == 1 else GAMESVC)


def _take(
    session: Session, steps: list[Step], experiments: list[Experiment], laboratory: Laboratory, path: Path
) -> None:
    """Take all samples, and save them as they come."""
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
