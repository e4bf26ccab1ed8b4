"""A file of one's own: see what it was recognised as, say which part is what, keep the examples."""

from pathlib import Path
from typing import Any

import ipywidgets as widgets

from helpers import notes
from helpers.data_format import read, write
from helpers.display.form_card import SUCCESS, WARNING
from helpers.display.tables import html_table, plural
from helpers.examples_from import Examples
from helpers.forms.form import FOR_PEOPLE, Form, button, dropdown, folded, hide, row, text
from helpers.forms.given_file import GivenFile, chosen_files, pasted_text
from helpers.forms.in_use import InUse
from helpers.own_file.findings import AmbiguousFile, beginning
from helpers.training_file.jsonl import LONG_FILE

AS_PROPOSED = ("as proposed", None)
ENCODINGS = ("utf-8", "gb18030", "big5", "cp932", "cp949", "cp1252", "cp1250", "cp1251", "utf-16")
TEMPLATE = "You are ...   With {a column} in braces, what stands in it is put in its place"


class OwnFileForm(Form):
    """`found` is what was read last; None as long as something is not clear."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.given: GivenFile | None = None
        self.found: Examples | None = None
        self._filling = False  # while this form itself sets what stands in its fields
        self.file = widgets.FileUpload(description="Choose a file")
        self.file.layout.width = "auto"
        self.pasted = text("Text", "", "Paste a table, a chat, a page, anything with questions and answers", rows=5)
        self.take = button("Read this text", "")
        self.question, self.more = dropdown("Question", [AS_PROPOSED]), dropdown("and also", [("nothing", None)])
        self.answer = dropdown("Answer", [AS_PROPOSED])
        self.assistant, self.sheet = dropdown("The assistant is", []), dropdown("Sheet", [])
        self.system_column = dropdown("System message", [("the text below", None)])
        self.system = text("Text of it", "", TEMPLATE, rows=2)
        self.encoding = dropdown("Encoding", [("as recognised", None), *((name, name) for name in ENCODINGS)])
        self.first_rows, self.preview, self.in_use = widgets.HTML(), widgets.HTML(), InUse()
        self.keep, self.add = button("Keep these examples"), button("Add to the file")
        self.replace = button("Replace the file", "danger")
        self.mapping = widgets.VBox([
            self.sheet, self.assistant, self.question, self.more, self.answer, self.system_column, self.system,
            folded("The letters look wrong", [self.encoding]), self.first_rows,
        ])  # fmt: skip
        super().__init__("A file of your own", 'use_file("my_file.csv")', [
            row(self.file), folded("Or paste a text", [self.pasted, self.take]), self.mapping, self.preview,
            row(self.keep, self.add, self.replace),
        ], below=[self.in_use])  # fmt: skip
        self.layout.max_width = None  # a table needs the page
        for widget in (self.mapping, self.keep, self.add, self.replace):
            hide(widget)
        self.file.observe(lambda change: self._take_file(change["new"]), "value")
        self.take.on_click(lambda _: self.use(pasted_text(self.pasted.value)))
        for field in self._choices():
            field.observe(lambda _: self._chosen(), "value")
        self.system.observe(lambda _: self._chosen(), "value")
        self.keep.on_click(lambda _: self.work(self.keep, self._keep, "Saving ..."))
        self.add.on_click(lambda _: self.work(self.add, self._add, "Saving ..."))
        self.replace.on_click(lambda _: self.work(self.replace, self._replace, "Saving ..."))

    def _choices(self) -> list[widgets.Dropdown]:
        return [
            self.sheet, self.assistant, self.question, self.more, self.answer, self.system_column, self.encoding,
        ]  # fmt: skip

    # --- what was given -----------------------------------------------------------------------------------------

    def _take_file(self, files: Any) -> None:
        for file in chosen_files(files)[:1]:
            self.use(file)
        if files:
            self.file.value = ()  # so that the content is not kept in the notebook

    def use(self, given: GivenFile) -> None:
        """Read another file or text; nothing that was chosen for the one before counts."""
        self.given = given
        self._filling = True
        for field in self._choices():
            field.options = field.options[:1]
            field.value = field.options[0][1] if field.options else None
        self.encoding.options = [("as recognised", None), *((name, name) for name in ENCODINGS)]
        self.system.value = ""
        self._filling = False
        self._read()

    def _chosen(self) -> None:
        if not self._filling and self.given is not None:
            self._read()

    def arguments(self) -> dict[str, Any]:
        """What stands in the fields, as arguments of `examples_from`."""
        question = self.question.value
        if question is not None and self.more.value is not None:
            question = [question, self.more.value]
        chosen = {
            "question": question,
            "answer": self.answer.value,
            "system": self.system_column.value or self.system.value.strip() or None,
            "assistant": self.assistant.value,
            "sheet": self.sheet.value,
            "encoding": self.encoding.value,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    def _read(self) -> None:
        """At once; a long file in a thread."""
        assert self.given is not None
        if len(self.given.content) > LONG_FILE:
            self.work(None, self._read_now, "This file is long; reading takes some seconds.")
        else:
            with self.telling():
                self._read_now()

    def _read_now(self) -> None:
        assert self.given is not None
        self.found = None
        for widget in (self.keep, self.add, self.replace):
            hide(widget)
        self.preview.value = ""
        try:
            found = self.given.examples(**self.arguments())
        except AmbiguousFile as error:
            self._offer(error.columns, error.speakers, error.sheets, error.first_rows)
            self.say_text(f"{error}", kind=WARNING)
            return
        except FOR_PEOPLE:
            hide(self.mapping, not self.arguments())
            raise
        self.found = found
        self._offer(found.columns, found.speakers, [], found.first_rows)
        self.preview.value = found._repr_html_()
        self.say_text(f"{self.given.name}: recognised as {found.format}. Are these your questions and answers?")
        hide(self.keep, False)

    def _offer(
        self, columns: list[str], speakers: list[str], sheets: list[str], first_rows: list[dict[str, Any]]
    ) -> None:
        """Fill the fields with what can be chosen. A field without a choice is hidden."""
        self._filling = True
        names = [(name, name) for name in columns]
        _set(self.question, [AS_PROPOSED, *names])
        _set(self.answer, [AS_PROPOSED, *names])
        _set(self.more, [("nothing", None), *names])
        _set(self.system_column, [("the text below", None), *((f"the column {name}", name) for name in columns)])
        if speakers:
            _set(self.assistant, [("(choose)", None), *((name, name) for name in speakers)])
        if sheets:
            _set(self.sheet, [("(choose)", None), *((name, name) for name in sheets)])
        hide(self.mapping, False)
        a_chat = len(self.assistant.options) > 0
        hide(self.assistant, not a_chat)
        hide(self.sheet, not self.sheet.options)
        for field in (self.question, self.more, self.answer, self.system_column):
            hide(field, len(columns) < 2 or a_chat)
        self._filling = False
        self.first_rows.value = _table(columns, first_rows)

    # --- keeping ------------------------------------------------------------------------------------------------

    def _found(self) -> Examples:
        if self.found is None:
            raise ValueError("There is nothing to keep yet: choose a file, and say what is what.")
        return self.found

    def _keep(self) -> None:
        found = self._found()
        if self.path.exists():
            hide(self.add, False)
            hide(self.replace, False)
            self.say_text(f"workspace/{self.path.name} is there already. Add to it, or replace it?", kind=WARNING)
            return
        self._write(found)

    def _add(self) -> None:
        self._write([*read(self.path), *self._found()])

    def _replace(self) -> None:
        self._write(self._found())

    def _write(self, examples: Any) -> None:
        write(examples, self.path, overwrite=True)
        hide(self.add)
        hide(self.replace)
        self.say_text(
            f"Saved {plural(len(examples), 'example')} to workspace/{self.path.name}. Go on with the check below.",
            kind=SUCCESS,
        )
        self.in_use.choose(self.path, self.given.name if self.given and Path(self.given.name).suffix else None)


def _set(field: widgets.Dropdown, options: list[tuple[str, Any]]) -> None:
    """Give a field other options. What was chosen stays chosen where it can."""
    chosen = field.value
    if list(field.options) != options:
        field.options = options
        field.value = chosen if chosen in [value for _, value in options] else options[0][1]


def _table(columns: list[str], first_rows: list[dict[str, Any]]) -> str:
    if not columns or not first_rows:
        return ""
    rows = [[beginning(values.get(name, ""), 80) for name in columns] for values in first_rows]
    return html_table(columns, rows, caption="The first rows as they stand in the file")


def own_file_form(path: str | Path | None = None) -> OwnFileForm:
    """The form for a file of one's own in notebook 01. It saves to workspace/my_examples.jsonl."""
    return OwnFileForm(Path(path) if path else notes.workspace() / "my_examples.jsonl")
