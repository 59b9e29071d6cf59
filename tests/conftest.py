"""In what order the tests run, and where."""

import os
import signal
from collections.abc import Iterator
from unittest import TestCase

import pytest

# A shell that runs the tests in the background has them ignore ^C, and so would all that they start, even where a test
# sends it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Last, so that nothing is put in another order after this.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the methods of test cases before the tests that are functions.

    At the first test that is a function, pytest-twisted starts the reactor, in a greenlet of its own, and it runs until
    the end. Trial's test cases start and stop the reactor themselves as often as they wait for something, which they
    can't where it runs already.
    """
    items.sort(key=lambda item: not _is_of_test_case(item))


def _is_of_test_case(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and item.cls is not None and issubclass(item.cls, TestCase)


@pytest.fixture(scope="session", autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run in a directory of its own, as trial does: trial's ``mktemp`` makes its files where the tests run."""
    here = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("tests"))
    yield
    os.chdir(here)
