"""What nobody would attempt, of every type: a check must name it, and must not raise."""

import datetime
import enum
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


class BadText(str):
    def __str__(self):
        raise RuntimeError("my own text")

    __repr__ = __eq__ = lower = strip = startswith = __len__ = __str__
    __hash__ = str.__hash__


class BadInt(int):
    def __int__(self):
        raise RuntimeError("my own number")

    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __repr__ = __float__ = __int__
    __hash__ = int.__hash__


class BadDict(dict):
    def __getitem__(self, key):
        raise RuntimeError("my own dict")

    get = items = keys = values = __iter__ = __len__ = __contains__ = __getitem__


class BadList(list):
    def __iter__(self):
        raise RuntimeError("my own list")

    __len__ = __getitem__ = __bool__ = __iter__


class Bad:
    """Every question to it raises, even which class it is of."""

    def __getattribute__(self, name):
        raise RuntimeError(f"do not ask for {name}")

    def __repr__(self):
        raise RuntimeError("no repr")

    __str__ = __len__ = __iter__ = __bool__ = __eq__ = __int__ = __float__ = __fspath__ = __repr__
    __hash__ = object.__hash__


class Colour(enum.IntEnum):
    RED = 1


def _forever():
    while True:
        yield 1


def nonsense() -> list[Any]:
    itself: list[Any] = []
    itself.append(itself)
    knot: dict[str, Any] = {"messages": []}
    knot["messages"].append(knot)
    wide: list[Any] = []
    wide.extend([wide] * 1000)
    deep: Any = "end"
    for _ in range(5000):
        deep = [deep]
    return [
        None, True, False, 0, -1, 10**5000, -(10**400), 1.5, math.nan, math.inf, 1j, Decimal("sNaN"), Decimal("1e999"),
        "", " ", "\0", "nonsense", "\ud800", "a" * 1_000_000, "x" * 2_000_000, "{" * 100_000, "<script>alert(1)",
        b"bytes", bytearray(b"x"), memoryview(b"x"), [], {}, (), set(), frozenset(), [None], [[]], [{}], [0], [True],
        [...], {"a": None}, {"a": []}, {1: 2}, {None: None}, {(1, 2): 3}, {"messages": None}, {"messages": {}},
        {"messages": [1]}, {"messages": [{}]}, {"messages": [{"role": None, "content": None}]},
        {"messages": [{"role": [], "content": {}}]}, [{"messages": [{"role": "system", "content": []}]}] * 12,
        [{"messages": []}] * 12, ["a"] * 12, [{"question": 1}], [{"role": "user", "content": "\ud800"}],
        {"forgets": {}, "keeps": 3}, {"forgets": {"n_epochs": "a"}, "keeps": None},
        itself, knot, wide, deep, {"a": itself}, [float("nan")], ["\ud800" * 3], {"\ud800": "\ud800"},
        Bad(), BadText("a"), BadInt(3), BadDict(a=1), BadList([1]), [Bad()], {"a": Bad()}, Bad, Colour.RED, object(),
        print, lambda: 1 / 0, (i for i in range(3)), _forever(), range(10**12), iter([]), open, math, NotImplemented,
        Exception("x"), datetime.date(2027, 1, 6), Path("/dev/zero"), Path("."), "/dev/zero", "x" * 5000 + ".jsonl",
        np.zeros((3, 3)), np.float64("nan"), np.int64(3), pd.DataFrame({"a": [1]}), pd.Series([1, 2]), pd.NA, pd.NaT,
        type, [{"messages": [{"role": "user", "content": "\ud800"}, {"role": "assistant", "content": "\ud800"}]}] * 12,
        [{"messages": [{"role": "assistant", "content": "a", 1: 2, None: 3}], 4: 5, "b": 6}] * 12,
        [{"messages": [{"role": "assistant", "tool_calls": [[[]], {"function": 3}]}], "tools": [3, {}, None]}] * 12,
    ]  # fmt: skip
