"""What a piece of work costs, to compare it with another in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable


def cost(work: Callable[[], object]) -> float:
    """Seconds of processor time, at the best of seven: what else the machine does can slow down some of them."""
    times = []
    for _ in range(7):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return max(min(times), 1e-6)
