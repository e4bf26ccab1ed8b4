"""Run the notebooks without a browser.

python -m tests.run_notebooks                 run them all as a learner would; copies with outputs go to workspace/run
python -m tests.run_notebooks 03              only those whose name starts with 03
python -m tests.run_notebooks --save          make the committed outputs anew (fresh practice home, simulated model)
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from helpers.course_data.paths import ROOT
from tests.notebook_home import set_environment

NOTEBOOKS = ROOT / "notebooks"
KEPT_METADATA = ("kernelspec", "language_info")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="first letters of the notebooks to run")
    parser.add_argument("--save", action="store_true", help="write the outputs into the notebooks themselves")
    options = parser.parse_args()
    paths = [
        path
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
        if not options.names or path.name.startswith(tuple(options.names))
    ]
    failed = [path.name for path in paths if not run(path, save=options.save)]
    print(f"{len(paths) - len(failed)} of {len(paths)} notebooks ran to the end")
    return 1 if failed or not paths else 0


def run(path: Path, save: bool) -> bool:
    """Run one notebook; say how long it took; True if every cell ran."""
    notebook = nbformat.read(path, as_version=4)
    # store_widget_state=False: a saved form could hold what was typed into it.
    runner = NotebookClient(
        notebook,
        timeout=600,
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=[
            "--IPKernelApp.log_level=ERROR"
        ],  # the kernel is on this computer, and warns that its talk is not encrypted
        resources={"metadata": {"path": str(path.parent)}},
    )
    start = time.perf_counter()
    error = ""
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
        if save:
            set_environment(Path(folder))
        try:
            runner.execute()
        except CellExecutionError as stopped:
            error = str(stopped)
    print(f"{path.name}: {'FAILED' if error else 'ok'}, {time.perf_counter() - start:.1f} s", flush=True)
    if error:
        print(error, file=sys.stderr)
        return False
    clean(notebook)
    target = path if save else run_folder() / path.name
    nbformat.write(notebook, target)
    return True


def clean(notebook: nbformat.NotebookNode) -> None:
    """Leave out what differs from one computer to the next, or says nothing to a reader."""
    notebook.metadata = {name: notebook.metadata[name] for name in KEPT_METADATA if name in notebook.metadata}
    notebook.metadata.get("language_info", {}).pop("version", None)


def run_folder() -> Path:
    from helpers.notes import workspace

    folder = workspace() / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
