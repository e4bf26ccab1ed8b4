"""A real JupyterLab and a real browser: start one, open a notebook, press what a learner would press.

JupyterLab runs with folders of its own, so no setting of the person who runs the tests plays a part, and with the
setting "save widget state" on: what a form holds is then written into the notebook, which is the hard case for a key.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page

from helpers.course_data.paths import ROOT

SCREENSHOTS = ROOT / "screenshots"
START_SECONDS = 60
WAIT_MS = 60_000
TOKEN = "course"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}
READY = """() => {
  const session = window.jupyterapp?.shell?.currentWidget?.sessionContext;
  const kernel = session?.session?.kernel;
  return !!(session?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle");
}"""
# Not waited for here: page.evaluate has no time limit, and some commands end only when a dialog is answered.
COMMAND = """([id, args]) => {
  window.courseDone = false;
  window.jupyterapp.commands.execute(id, args).finally(() => { window.courseDone = true });
}"""
DONE = "() => window.courseDone"


class Lab:
    """One JupyterLab on a free port. `folder` is what it shows; `state` is everything else that it writes."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.state = folder / "course", folder / "state"
        self.folder.mkdir(parents=True)
        self.state.mkdir()
        self.environment = {
            "PRACTICE_HOME": str(self.state / "home"),
            "COURSE_WORKSPACE": str(self.folder / "workspace"),
            "PRACTICE_LOCAL_MODELS": "none",
            "IPYTHONDIR": str(self.state / "ipython"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.state / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.state / "workspaces"),
            **{f"JUPYTER_{name}_DIR": str(self.state / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")},
            **environment,
        }
        self._start()

    def _start(self) -> None:
        app = self.state / "app"
        app.mkdir()
        (app / "overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = self.state / "lab.log"
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
            *(f"--port={self.port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
            *(f"--ServerApp.root_dir={self.folder}", f"--LabApp.app_settings_dir={app}"),
            "--LabApp.expose_app_in_browser=True",
        ]
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env={**os.environ, **self.environment}, stdout=log, stderr=log
            )
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/status?token={TOKEN}", timeout=2):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook with these code cells; returns its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.folder / name)
        return name

    def copy_course(self) -> None:
        """Put the notebooks and the data of the course into the folder, as they are in a fresh clone."""
        for name in ("notebooks", "data"):
            shutil.copytree(ROOT / name, self.folder / name, dirs_exist_ok=True)

    def open(self, page: Page, name: str) -> "OpenNotebook":
        page.goto(f"http://127.0.0.1:{self.port}/lab/tree/{name}?token={TOKEN}&reset")
        opened = OpenNotebook(page)
        opened.wait_for_kernel()
        page.evaluate(COMMAND, ["application:toggle-left-area", {}])
        return opened


class OpenNotebook:
    """A notebook in a browser page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def wait_for_kernel(self) -> None:
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=WAIT_MS)
        self.page.wait_for_function(READY, timeout=WAIT_MS)

    def command(self, name: str, **arguments: object) -> None:
        """Begin a command of JupyterLab."""
        self.page.evaluate(COMMAND, [name, arguments])

    def run_all(self, timeout_ms: int = WAIT_MS) -> "OpenNotebook":
        """Run every cell; the first error stops it, as always in JupyterLab."""
        return self._run("notebook:run-all-cells", timeout_ms)

    def run_next(self) -> "OpenNotebook":
        """Run the chosen cell, and choose the next."""
        return self._run("notebook:run-cell-and-select-next")

    def run_rest(self) -> "OpenNotebook":
        """Run the chosen cell and all below it."""
        return self._run("notebook:run-all-below")

    def _run(self, command: str, timeout_ms: int = WAIT_MS) -> "OpenNotebook":
        self.command(command)
        self.page.wait_for_function(DONE, timeout=timeout_ms)
        self.page.wait_for_function(READY, timeout=timeout_ms)
        return self

    def restart_kernel(self) -> None:
        self.command("notebook:restart-kernel")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        time.sleep(1)
        self.wait_for_kernel()

    def type_and_run(self, index: int, code: str) -> Locator:
        """Write over the code of a cell with the keyboard and run it; returns its output."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(index)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(code)
        self.run_next()
        return cell.locator(".jp-OutputArea-output")

    def save(self) -> None:
        self.command("docmanager:save")
        self.page.wait_for_function(DONE, timeout=WAIT_MS)

    def form(self, number: int = 0) -> Locator:
        return self.page.locator(".course-form").nth(number)

    def errors(self) -> list[str]:
        """What went wrong, as a learner sees it: tracebacks and red outputs."""
        shown = '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'
        return self.page.locator(shown).all_inner_texts()

    def screenshot(self, name: str) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=str(path))
        return path


def files_holding(text: str, *folders: Path) -> list[Path]:
    """Every file below these folders that holds the text, however the file is encoded (UTF-8, UTF-16)."""
    wanted = [text.encode("utf-8"), text.encode("utf-16-le")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(each in path.read_bytes() for each in wanted)]
