#!/usr/bin/env python3
"""Set up the course and open it, with one command, on any computer that has Python.

    python course.py            install what is missing, then open the course in JupyterLab
    python course.py test       install what is missing, then run all tests
    python course.py run        install what is missing, then run every notebook without a browser

    --local                     also install real training (a small open model on this computer)

Inside a virtual environment the packages go there. Outside one, a folder `.venv` is made beside this file.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST, NEWEST = (3, 11), (3, 13)
COMMANDS = {
    "open": ["-m", "jupyterlab", "notebooks/00_start_here.ipynb"],
    "test": ["-m", "pytest"],
    "run": ["-m", "tests.run_notebooks"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=list(COMMANDS), default="open")
    parser.add_argument("--local", action="store_true", help="also install requirements-local.txt (PyTorch)")
    options, extra = parser.parse_known_args()
    if extra and options.command != "test":
        parser.error(f"unknown: {' '.join(extra)}")

    check_python()
    python = environment()
    install(python, local=options.local)
    utf8 = {**os.environ, "PYTHONUTF8": "1"}  # the same text on every system
    return subprocess.call([python, *COMMANDS[options.command], *extra], cwd=ROOT, env=utf8)


def check_python() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            f"This is Python {found}; the course needs 3.11, 3.12 or 3.13.\n"
            "Install one of them and start this file with it, for example: python3.12 course.py"
        )


def environment() -> str:
    """The Python to use: the active virtual environment, or one made in `.venv`."""
    if sys.prefix != sys.base_prefix:
        return sys.executable
    folder = ROOT / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"Making a virtual environment in {folder.name} ...", flush=True)
        venv.create(folder, with_pip=True)
    return str(python)


def install(python: str, local: bool) -> None:
    """Install the requirement files, unless exactly these were installed here before."""
    files = [ROOT / "requirements.txt", *([ROOT / "requirements-local.txt"] if local else [])]
    for file in files:
        digest = hashlib.sha256(file.read_bytes() + str(ROOT).encode()).hexdigest()
        marker = Path(python).parent.parent / f".installed-{file.stem}"
        if marker.exists() and marker.read_text(encoding="utf-8") == digest:
            continue
        print(f"Installing {file.name} (a few minutes the first time) ...", flush=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if any(subprocess.call([*pip, *wanted], cwd=ROOT) != 0 for wanted in parts(file)):
            sys.exit(
                f"\nInstalling {file.name} failed; the reason stands above.\n"
                "Most often there is no network, or the disk is full. Mend that and start the same command again:\n"
                "what was downloaded already is kept."
            )
        marker.write_text(digest, encoding="utf-8")


def parts(file: Path) -> list[list[str]]:
    """What to tell pip: the file; or, where lines are marked `# no-deps`, the other lines first and then these."""
    lines = [line.partition("#")[::2] for line in file.read_text(encoding="utf-8").splitlines()]
    alone = [wanted.strip() for wanted, comment in lines if comment.strip() == "no-deps"]
    if not alone:
        return [["-r", file.name]]
    return [
        [wanted.strip() for wanted, comment in lines if wanted.strip() and comment.strip() != "no-deps"],
        ["--no-deps", *alone],
    ]


if __name__ == "__main__":
    sys.exit(main())
