"""Is everything installed that the course needs? The tests ask the same question with the same function."""

import platform
import tomllib
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from helpers.course_data.paths import ROOT


@dataclass(frozen=True)
class Setup:
    """What was looked for and what is wrong with it; `problems` is empty when all is well."""

    checked: int
    problems: list[str]

    def __str__(self) -> str:
        if not self.problems:
            return "Everything the course needs is here."
        lines = [f"{len(self.problems)} of {self.checked} things need attention:", *self.problems]
        return "\n  ".join(lines) + "\nInstall what is missing with:  python course.py"

    __repr__ = __str__


def check_setup() -> Setup:
    """Compare this Python and its packages with requirements.txt."""
    requirements = required_packages()
    problems = [*python_problems(), *filter(None, map(package_problem, requirements))]
    return Setup(checked=1 + len(requirements), problems=problems)


def required_packages() -> list[Requirement]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    stated = [line.partition(" #")[0].strip() for line in lines]
    return [Requirement(line) for line in stated if line and not line.startswith(("#", "-"))]


def python_problems() -> list[str]:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    found = platform.python_version()
    if SpecifierSet(stated).contains(found, prereleases=True):
        return []
    return [f"Python: found {found}; expected {stated}"]


def package_problem(required: Requirement) -> str | None:
    try:
        found = metadata.version(required.name)
    except metadata.PackageNotFoundError:
        return f"{required.name}: not installed; expected {required.specifier}"
    if not required.specifier.contains(found, prereleases=True):
        return f"{required.name}: found {found}; expected {required.specifier}"
    return None
