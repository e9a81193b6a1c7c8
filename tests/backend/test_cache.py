"""A bounded memory: what is kept, what is let go, and under which key."""

from concurrent.futures import ThreadPoolExecutor

from autodiff.backend.cache import Cache, Key


def test_what_was_put_is_found():
    cache: Cache[str] = Cache(10)
    assert cache.get("a") is None
    assert cache.put("a", "x") == "x"
    assert cache.get("a") == "x"
    assert cache.info() == (1, 1, 1)  # hits, misses, entries


def test_the_first_value_stays():
    """Two threads may derive the same thing; both then use what came first."""
    cache: Cache[str] = Cache(10)
    cache.put("a", "first")
    assert cache.put("a", "second") == "first"


def test_the_oldest_goes_first():
    cache: Cache[int] = Cache(3)
    for i in range(5):
        cache.put(i, i)
    assert [i for i in range(5) if cache.get(i) is not None] == [2, 3, 4]


def test_what_was_used_gets_another_round():
    cache: Cache[int] = Cache(3)
    for i in range(3):
        cache.put(i, i)
    assert cache.get(0) == 0
    cache.put(3, 3)
    assert [i for i in range(4) if i in cache.entries] == [0, 2, 3]


def test_weights_are_bounded():
    cache: Cache[int] = Cache(100)
    for i in range(1000):
        cache.put(i, i, weight=7)
        assert cache.weight <= 100
        assert cache.weight == 7 * len(cache.entries)


def test_one_entry_may_be_larger_than_the_cache():
    cache: Cache[str] = Cache(10)
    cache.put("small", "s", 2)
    cache.put("large", "l", 1000)
    assert cache.get("large") == "l"
    cache.put("next", "n", 1)
    assert cache.weight <= 1001


def test_clear():
    cache: Cache[int] = Cache(10)
    cache.put(1, 1, 5)
    cache.clear()
    assert (cache.get(1), cache.weight, cache.info().entries) == (None, 0, 0)


def test_many_threads_at_once():
    cache: Cache[int] = Cache(50)

    def work(seed: int) -> None:
        for i in range(500):
            key = (seed * 31 + i) % 80
            found = cache.get(key)
            assert found in (None, key)
            cache.put(key, key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert cache.weight == len(cache.entries) <= 50


def test_keys_compare_by_their_parts_and_hash_once():
    hashed = []

    class Part:
        def __init__(self, name: str) -> None:
            self.name = name

        def __hash__(self) -> int:
            hashed.append(self.name)
            return 7

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Part) and other.name == self.name

    a, same, other = Key((Part("a"),)), Key((Part("a"),)), Key((Part("b"),))
    cache: Cache[int] = Cache(10)
    cache.put(a, 1)
    assert cache.get(same) == 1
    assert cache.get(other) is None
    assert len(hashed) == 3
