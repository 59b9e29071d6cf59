"""Who runs the servers of the tests, and what is shown of them where a test fails."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Operator, Server, operator_in


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """Somebody with an empty directory, who starts and stops servers for one test."""
    with operator_in(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def shared_operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The same for all tests of a module, which then share what this one starts."""
    with operator_in(tmp_path_factory.mktemp("shared")) as found:
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the servers wrote, where a test fails."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for server in _servers(item):
            # A terminal would obey control characters, which may be what the failure is about.
            log = "".join(each if each.isprintable() or each in "\n\t" else repr(each)[1:-1] for each in server.log)
            report.sections.append((f"the log of server {server.pid}", log))
    return report


def _servers(item: pytest.Function) -> list[Server]:
    found: list[Server] = []
    for value in item.funcargs.values():
        if isinstance(value, Operator):
            found += value.servers
        elif isinstance(value, Server):
            found.append(value)
    return list(dict.fromkeys(found))
