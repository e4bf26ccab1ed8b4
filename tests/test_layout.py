"""The folder listing is the table of contents: what lies where in helpers/, and which way imports run."""

import ast
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import helpers
from helpers.course_data.paths import ROOT

HELPERS = ROOT / "helpers"
INTERFACES = ["helpers", "helpers.forms", "helpers.practice", "helpers.practice.store"]  # what they offer, by name
NAMED_OTHERWISE = {"05_did_it_help": "evaluate"}  # a question, which no module can be named like
ON_TOP = {path.stem for path in HELPERS.glob("*.py")} - {"__init__"}


def test_on_top_of_helpers_is_exactly_what_notebooks_import():
    assert set(helpers.PUBLIC) == ON_TOP


@pytest.mark.parametrize("module", sorted(ON_TOP))
def test_each_module_on_top_has_a_test_of_its_name(module):
    assert (ROOT / "tests" / f"test_{module}.py").is_file()


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("0[1-9]_*.ipynb")), ids=lambda path: path.stem)
def test_each_notebook_after_the_first_has_a_helper_of_its_name(notebook: Path):
    parts = NAMED_OTHERWISE.get(notebook.stem, notebook.stem.partition("_")[2]).split("_and_")
    assert "_".join(parts) in ON_TOP or set(parts) <= ON_TOP


def test_tests_lie_in_the_same_folders_as_what_they_test():
    rooms = {
        path.relative_to(HELPERS) for path in HELPERS.rglob("*") if path.is_dir() and "__pycache__" not in path.parts
    }
    tested = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    assert tested - rooms <= {Path(), Path("browser"), Path("fuzz")}


def test_packages_below_do_nothing_when_they_are_imported():
    """A training process must not load pandas to read a line."""
    interfaces = {ROOT.joinpath(*package.split(".")) for package in INTERFACES}
    below = [path for path in HELPERS.rglob("__init__.py") if path.parent not in interfaces]
    assert [str(path) for path in below if path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("package", INTERFACES)
def test_a_package_that_is_an_interface_loads_next_to_nothing(package):
    """Neither pandas nor FastAPI nor PyTorch: what it offers is loaded when it is asked for, or needs only Python."""
    code = f"import sys, {package}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], check=True, capture_output=True, text=True
    )
    added = set(loaded.stdout.split()) - {name.partition(".")[0] for name in bare.stdout.split()}
    assert added - sys.stdlib_module_names <= {"helpers", "platformdirs"}


def test_nothing_imports_upward_and_there_are_no_circles():
    """The contracts stand in pyproject.toml."""
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert linter, "lint-imports is not installed: pip install -r requirements-dev.txt"
    found = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_library_that_the_course_imports_stands_in_a_requirements_file_with_bounds():
    lines = [line.partition("#")[0].strip() for path in ROOT.glob("requirements*.txt") for line in path.open()]
    named = {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("-")}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in HELPERS.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"helpers"}
    brought_by = {"pydantic_core": ["pydantic"]}  # which needs exactly one version of it
    libraries = {**packages_distributions(), **brought_by}
    assert not [name for name in imported if not named & {*map(canonicalize_name, libraries.get(name, [name]))}]


def test_a_name_for_notebooks_is_never_a_module():
    """Some modules are named like what they offer; loading one must not hide it."""
    code = """if True:
        import importlib, types, helpers
        for module in helpers.PUBLIC:
            importlib.import_module(f"helpers.{module}")
        hidden = [name for name in helpers.__all__ if isinstance(getattr(helpers, name), types.ModuleType)]
        assert not hidden, hidden
    """
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
