"""In what order the tests run."""

from unittest import TestCase

import pytest


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
