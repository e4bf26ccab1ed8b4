"""Choose a file, see the check and what training on it costs, upload it."""

from pathlib import Path

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.cost import estimate
from helpers.course_data.paths import COURSE_TRAINING, COURSE_VALIDATION, course_file
from helpers.data_format import Report, check, read
from helpers.display.form_card import ERROR, SUCCESS, WARNING, marked
from helpers.display.tables import paragraph, short_path
from helpers.forms.form import FOR_PEOPLE, Form, button, client_or_default, dropdown, hide, row
from helpers.hosts import base_model_for
from helpers.my_case import my_case
from helpers.training_file.host_rules import host_at
from helpers.training_file.jsonl import LONG_FILE
from helpers.upload import upload_file

USES = [("to train on", "training"), ("to check with (validation)", "validation")]


class UploadForm(Form):
    def __init__(self, client: OpenAI) -> None:
        self.client = client
        self._waiting: set[tuple[Path, str]] = set()  # long files, for their check
        self.file = dropdown("File", training_files())
        self.file.value = str(my_case(quiet=True).training_file)
        self.use = dropdown("Use it", USES)
        self.refresh, self.send = button("Look again", ""), button("Upload")
        self.report, self.cost = widgets.HTML(), widgets.HTML()
        self.bar = widgets.IntProgress(min=0, max=1, layout=widgets.Layout(width="100%", max_width="40em"))
        hide(self.bar)
        super().__init__("Upload a file", "upload_file(client, path)", [
            self.file, self.use, self.report, self.cost, row(self.send, self.refresh), self.bar,
        ])  # fmt: skip
        self.file.observe(lambda _: self._other_file(), "value")
        self.use.observe(lambda _: self.look(), "value")
        self.refresh.on_click(lambda _: self._list_again())
        self.send.on_click(lambda _: self.work(self.send, self._upload, "Uploading ..."))
        self.look()

    def _other_file(self) -> None:
        """A file whose name says so is to check with, any other to train on, until the learner says otherwise."""
        proposed = "validation" if "validation" in Path(self.file.value).stem.lower() else "training"
        if self.use.value == proposed:
            self.look()
        else:
            self.use.value = proposed  # which looks at the file

    def _list_again(self) -> None:
        """A chosen file stays chosen. A list that is the same is left alone: setting it chooses its first file."""
        chosen, listed = self.file.value, training_files()
        if listed != list(self.file.options):
            use = self.use.value
            self.file.options = listed
            if chosen in [value for _, value in listed]:
                self.file.value, self.use.value = chosen, use
        self.look()

    def look(self) -> None:
        """Check the chosen file; the button is live only if a job would accept it. A long one is checked beside.

        The button changes once, when the result is there: a browser drops a click whose button goes dark under it.
        """
        path, use = Path(self.file.value), self.use.value
        if path.exists() and path.stat().st_size > LONG_FILE:
            self.send.allowed, self.cost.value = False, ""
            self.report.value = paragraph(f"Checking {short_path(path)} ...")
            if (path, use) in self._waiting:
                return
            self._waiting.add((path, use))
            # Without a button: while one file is checked another may be chosen, and its check waits for its turn.
            self.work(None, lambda: self._look(path, use), "This file is long; the check takes some seconds.")
        else:
            self._look(path, use)

    def _look(self, path: Path, use: str) -> None:
        """Show the check of a file, unless another was chosen before its turn or before it was done."""
        self._waiting.discard((path, use))
        if (str(path), use) != (self.file.value, self.use.value):
            return
        try:
            host = host_at(self.client.base_url.host)
            report = check(path, model=base_model_for(self.client), host=host, use=use, progress=False)
        except FOR_PEOPLE as error:
            report, shown = None, marked(paragraph(str(error)), ERROR)
        else:
            kind = ERROR if not report.ok else WARNING if report.counts["warning"] else SUCCESS
            shown = marked(report._repr_html_(), kind)
        if (str(path), use) != (self.file.value, self.use.value):
            return
        self.report.value = shown
        self.send.allowed = report is not None and report.ok
        self.cost.value = self._cost(path, report) if report else ""
        self.say_text("")

    def _cost(self, path: Path, report: Report) -> str:
        if not report.ok or self.use.value != "training" or path.stat().st_size > LONG_FILE:
            return ""  # notebook 03 estimates it again, before the job
        cost = estimate(read(path), base_model_for(self.client))
        return f"<details><summary>What training on it costs</summary>{cost._repr_html_()}</details>"

    def _upload(self) -> None:
        path = Path(self.file.value)
        if not self.send.allowed:  # another file was chosen after the button was pressed
            raise ValueError(f"{short_path(path)} is not checked yet, or has errors; nothing was uploaded.")
        note_as = "validation" if self.use.value == "validation" else "file"
        not_kept: list[str] = []
        self.bar.value, self.bar.max = 0, max(1, path.stat().st_size)
        hide(self.bar, False)
        try:
            uploaded = upload_file(self.client, path, note_as=note_as, progress=self._sent, tell=not_kept.append)
        finally:
            hide(self.bar)
        noted = " ".join(not_kept) or "It is in your notes."
        self.say_text(
            f"{short_path(path)} is on the host: {uploaded.id}. {noted}{self._what_next(path)}",
            kind=WARNING if not_kept else SUCCESS,
        )

    def _what_next(self, path: Path) -> str:
        case = my_case(quiet=True)
        if path == case.training_file:
            return f" Next, choose {case.validation_file.name} and upload it, too."
        if self.use.value == "training" and str(path) not in map(str, _of_the_course()):
            return (
                f" Notebooks 03 and 04 still ask about {case.name}. To use this file there as well: "
                f'use_file("{path.name}")'
            )
        return ""

    def _sent(self, count: int) -> None:
        self.bar.value += count


def training_files() -> list[tuple[str, str]]:
    """Those of the learner's case first, then their other files, then those of the course."""
    case = my_case(quiet=True)
    parts = [case.training_file, case.validation_file] if case.own else []
    own = [path for path in sorted(notes.workspace().glob("*.jsonl")) if path.name != "ledger.jsonl"]
    return [(short_path(path), str(path)) for path in [*parts, *own, *_of_the_course()]]


def _of_the_course() -> list[Path]:
    return [course_file(name) for name in (*COURSE_TRAINING, COURSE_VALIDATION)]


def upload_form(client: OpenAI | None = None) -> UploadForm:
    """The form of notebook 02. The plain call is `upload_file(client, path)`."""
    return UploadForm(client_or_default(client))
