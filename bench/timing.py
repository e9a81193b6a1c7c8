"""Fair races: the contenders take turns in one process, and the medians are compared."""

import statistics
from time import perf_counter

SAMPLE = 5e-3  # seconds that one sample takes, so that the clock's resolution does not matter
WARM_UP = 0.2  # seconds before anything counts: caches fill, what comes back is compiled


def race(*contenders, rounds=25):
    """Return the median seconds that a call of each contender takes."""
    repeats = [_warm_up(contender) for contender in contenders]
    samples = [[] for _ in contenders]
    for turn in range(rounds):
        order = list(range(len(contenders)))
        for index in reversed(order) if turn % 2 else order:
            samples[index].append(time_calls(contenders[index], repeats[index]))
    return [statistics.median(times) for times in samples]


def time_calls(function, repeats=1):
    """Return the mean seconds of `repeats` calls in a row."""
    start = perf_counter()
    for _ in range(repeats):
        function()
    return (perf_counter() - start) / repeats


def _warm_up(function):
    """Call a function for a while; return how often it has to be called to fill a sample."""
    start, calls = perf_counter(), 0
    while calls < 3 or perf_counter() - start < WARM_UP:
        function()
        calls += 1
    return max(1, round(SAMPLE / time_calls(function)))
