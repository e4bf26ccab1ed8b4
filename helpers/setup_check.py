"""Is everything installed that the course needs? The tests ask the same question with the same function.

`python course.py check` (here: `python -m helpers.setup_check`) tries a whole computer, the day before a lesson.
"""

import argparse
import platform
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from helpers.connection.proxies import proxies, unusable
from helpers.course_data.paths import DATA, ROOT, workspace
from helpers.course_data.practice_home import practice_home

THROUGH_A_PROXY = "Hosts on the network are asked through it, the practice server on this computer never."
WITHOUT_A_CLIENT = (
    "Correct it, or remove it, and start JupyterLab again: with it, only connect() works, and only on the practice "
    "server."
)

INSTALL = "Install it with: python course.py prepare"
SIMULATED = "gpt-4.1-mini-2025-04-14"
FREE_FOR_THE_COURSE = 0.3  # GB on the disk: files, jobs and models of a lesson with the simulator
FREE_FOR_TRAINING = 1.0  # GB: the base model unpacked, and adapters

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


# --- a whole computer, before a lesson --------------------------------------------------------------------------------


def main() -> int:
    """Print a line for each thing that a lesson needs, and return 1 if one is missing. Nothing is installed."""
    parser = argparse.ArgumentParser(prog="python course.py check", description=main.__doc__)
    parser.add_argument("--local", action="store_true", help="the lesson trains a real model: that is needed too")
    options = parser.parse_args()
    missing = 0
    for name, problem in machine_checks(options.local).items():
        print(f"MISSING  {name}: {problem}" if problem else f"ok       {name}", flush=True)
        missing += bool(problem)
    print(f"{missing} missing. Nothing was installed or changed." if missing else "This computer is ready.")
    return int(missing > 0)


def machine_checks(local: bool) -> dict[str, str]:
    """What a lesson needs -> what is wrong with it and what to do; empty where all is well.

    Args:
        local: Whether the lesson trains a real model.
    """
    setup = check_setup()
    packages = [*setup.problems, *([setup.network] if WITHOUT_A_CLIENT in setup.network else [])]
    copies = workspace() / "notebooks" / "00_start_here.ipynb"
    checks = {
        "Python and its packages": f"{'; '.join(packages)}. {INSTALL}" if packages else "",
        "the copies of the notebooks": "" if copies.is_file() else f"none in {copies.parent}. {INSTALL}",
        "the practice server, from a file to an answer": "not tried, see above" if packages else practice_problem(),
        "room on the disk": disk_problem(FREE_FOR_TRAINING if local else FREE_FOR_THE_COURSE),
    }
    if local:
        lacking = [
            problem for file in REQUIREMENTS[1:] for problem in map(package_problem, required_packages(file)) if problem
        ]
        checks["real training"] = f"{'; '.join(lacking)}. {INSTALL} --local" if lacking else ""
    return checks


def practice_problem() -> str:
    """Go the four steps with the simulator, in a folder that is deleted again. Empty if that went well."""
    # Not at the top: this module has to name a package that is missing, so it cannot need it.
    import openai

    from helpers.practice import start_server

    with tempfile.TemporaryDirectory(prefix="course-check-", ignore_cleanup_errors=True) as home:
        try:
            server = start_server(home, job_seconds=0)
            try:
                client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
                file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
                job = client.fine_tuning.jobs.create(model=SIMULATED, training_file=file.id)
                model = client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
                client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}])
            finally:
                server.stop()
        except (openai.OpenAIError, OSError, RuntimeError) as error:
            return f"{type(error).__name__}: {error}. A firewall may stand between programs of this computer"
    return ""


def disk_problem(needed: float) -> str:
    """Whether the disk of the practice server has so many GB free. Empty if it has."""
    folder = next(each for each in (practice_home(), *practice_home().parents) if each.exists())
    free = shutil.disk_usage(folder).free / 1e9
    return "" if free >= needed else f"found {free:.1f} GB free where {folder} lies; expected {needed:g} GB"


if __name__ == "__main__":
    sys.exit(main())
