"""Choose a file, see the check, upload it."""

from pathlib import Path

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.data_format import check
from helpers.forms.base import FOR_PEOPLE, Form, button, client_or_default, dropdown
from helpers.render import paragraph, short_path
from helpers.upload import upload_file

DATA = Path(__file__).parents[2] / "data"


class UploadForm(Form):
    def __init__(self, client: OpenAI) -> None:
        self.client = client
        self.file = dropdown("File", training_files())
        self.refresh, self.send = button("Look again", ""), button("Upload")
        self.report = widgets.HTML()
        super().__init__("Upload a file", "upload_file(client, path)", [
            self.file, self.report, widgets.HBox([self.send, self.refresh]),
        ])  # fmt: skip
        self.file.observe(lambda _: self.look(), "value")
        self.refresh.on_click(lambda _: self._list_again())
        self.send.on_click(lambda _: self.work(self.send, self._upload, "Uploading ..."))
        self.look()

    def _list_again(self) -> None:
        chosen = self.file.value
        self.file.options = training_files()
        if chosen in [value for _, value in self.file.options]:
            self.file.value = chosen
        self.look()

    def look(self) -> None:
        """Check the chosen file; the button is live only if a job would accept it."""
        try:
            report = check(self.file.value, progress=False)
        except FOR_PEOPLE as error:
            self.report.value, self.send.disabled = paragraph(str(error)), True
            return
        self.report.value = report._repr_html_()
        only_short = {problem.code for problem in report.errors} <= {"too_few"}
        self.send.disabled = not (report.ok or only_short)  # a validation file may be short

    def _upload(self) -> None:
        path = Path(self.file.value)
        note_as = "validation" if "validation" in path.stem else "file"
        uploaded = upload_file(self.client, path, note_as=note_as)
        self.say_text(f"{short_path(path)} is on the host: {uploaded.id}. It is in your notes.")


def training_files() -> list[tuple[str, str]]:
    """The learner's own files first, then those of the course."""
    own = sorted(notes.workspace().glob("*.jsonl"))
    listed = [path for path in own if path.name != "ledger.jsonl"] + [DATA / "mydata.jsonl", DATA / "validation.jsonl"]
    return [(short_path(path), str(path)) for path in listed]


def upload_form(client: OpenAI | None = None) -> UploadForm:
    """The form of notebook 02. The plain call is `upload_file(client, path)`."""
    return UploadForm(client_or_default(client))
