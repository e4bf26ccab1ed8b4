"""Is everything installed that the course needs? The tests ask the same question with the same function."""

import platform
import tomllib
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from helpers.connection.proxies import proxies, unusable
from helpers.course_data.paths import ROOT

THROUGH_A_PROXY = "Hosts on the network are asked through it, the practice server on this computer never."
WITHOUT_A_CLIENT = (
    "Correct it, or remove it, and start JupyterLab again: with it, only connect() works, and only on the practice "
    "server."
)

# The first is needed by everybody, the others for real training.
REQUIREMENTS = ("requirements.txt", "requirements-local.txt", "requirements-weights.txt")


@dataclass(frozen=True)
class Setup:
    """What was looked for and what is wrong with it; `problems` is empty when all is well.

    `network` says in a sentence which proxy is set; it is empty where none is.
    """

    checked: int
    problems: list[str]
    network: str = ""

    def __str__(self) -> str:
        return "\n".join(filter(None, [self._verdict(), self.network]))

    def _verdict(self) -> str:
        if not self.problems:
            return "Everything the course needs is here."
        lines = [f"{len(self.problems)} of {self.checked} things need attention:", *self.problems]
        return "\n  ".join(lines) + "\nInstall what is missing with:  python course.py"

    __repr__ = __str__

    @property
    def report(self) -> str:
        """What somebody who helps you wants to know: this computer, its Python, and the versions of all packages."""
        names = [required.name for file in REQUIREMENTS for required in required_packages(file)]
        lines = [str(self), f"{platform.platform()}, Python {platform.python_version()}"]
        return "\n".join([*lines, *(f"{name} {installed_version(name) or 'not installed'}" for name in names)])


def check_setup() -> Setup:
    """Compare this Python and its packages with requirements.txt, and look whether a proxy is set and answers."""
    requirements = required_packages(REQUIREMENTS[0])
    problems = [*python_problems(), *filter(None, map(package_problem, requirements))]
    return Setup(checked=1 + len(requirements), problems=problems, network=network_sentence())


def network_sentence() -> str:
    """Which proxies are set, and what that means for the course; empty where none is set."""
    found = proxies()
    if not found:
        return ""
    if wrong := [unusable(proxy) for proxy in found if not proxy.usable]:
        return f"{'. '.join(wrong)}. {WITHOUT_A_CLIENT}"
    silent = [str(proxy) for proxy in found if not proxy.answers()]
    said = f"A proxy is set: {', '.join(map(str, found))}. {THROUGH_A_PROXY}"
    return f"{said} Nobody answers now at {', '.join(silent)}." if silent else said


def required_packages(file: str) -> list[Requirement]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    stated = [line.partition(" #")[0].strip() for line in lines]
    return [Requirement(line) for line in stated if line and not line.startswith(("#", "-"))]


def python_problems() -> list[str]:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    found = platform.python_version()
    if SpecifierSet(stated).contains(found, prereleases=True):
        return []
    return [f"Python: found {found}; expected {stated}"]


def package_problem(required: Requirement) -> str | None:
    found = installed_version(required.name)
    if found is None:
        return f"{required.name}: not installed; expected {required.specifier}"
    if not required.specifier.contains(found, prereleases=True):
        return f"{required.name}: found {found}; expected {required.specifier}"
    return None


def installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
