"""How processes that compute for the course are started: what they know, and that they outlive the kernel."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpers.course_data.paths import ROOT

SECRETS = ("OPENAI_", "PRACTICE_KEY", "COURSE_")  # what such a process has no business to know

# Less memory for a training process (tests/benchmarks/local_speed.py measures it). The first variable is read by
# oneDNN, PyTorch's library for matrix products on a CPU, the others by glibc's malloc; sizes in bytes.
SMALL_MEMORY = {
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32",  # kernels compiled for one shape each: most shapes never come again
    "MALLOC_MMAP_THRESHOLD_": "64000000",  # larger blocks are given back as soon as they are free
    "MALLOC_TRIM_THRESHOLD_": "100000000",
}

# Read by GNU's OpenMP, which PyTorch computes with on Linux, when it is loaded: how many rounds a thread spins while it
# waits for the others. By default it spins for milliseconds. That is time which a second program needs that computes at
# the same moment: answers beside a training made it last 168 s in place of 35, and took minutes themselves
# (tests/benchmarks/room.py real, on two cores). Alone, a training takes as long as before, an answer 13 % longer.
SHORT_SPIN = {"GOMP_SPINCOUNT": "1000"}

# For subprocess: a session of its own, so that what stops the kernel does not stop the process; no window on Windows.
OWN_SESSION: dict[str, Any] = (
    {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    if os.name == "nt"
    else {"start_new_session": True}
)


def child_environment(at_once: int = 1) -> dict[str, str]:
    """The environment of this process without its secrets, with what Python needs to find the course.

    Of several that compute `at_once`, each gets its part of the cores: if all took all, they would wait for each other.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    if "PRACTICE_ACCELERATE" not in os.environ:
        kept.setdefault("CUDA_VISIBLE_DEVICES", "0")  # one process, one GPU; more of both come with accelerate
    if at_once > 1:
        kept.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // at_once)))
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {
        **kept,
        "PYTHONPATH": path,
        "PYTHONUTF8": "1",
        "TOKENIZERS_PARALLELISM": "false",
        **SMALL_MEMORY,
        **SHORT_SPIN,
    }


@contextmanager
def short_spin() -> Iterator[None]:
    """For importing PyTorch into this process: its threads leave the cores to a training that goes on beside it.

    At the end the environment is as it was. Without effect where PyTorch is loaded already.
    """
    name, rounds = next(iter(SHORT_SPIN.items()))
    before = os.environ.get(name)
    os.environ[name] = rounds
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
