"""Write question-and-answer pairs, paste them or take them from a file; problems appear next to the row, tokens and
cost below. Saves into the workspace. What was not saved yet is kept as a draft, so that no restart loses it."""

import threading
from pathlib import Path

import ipywidgets as widgets

from helpers import notes
from helpers.connection.catalogue import SIMULATED_DEFAULT
from helpers.cost import dollars, estimate
from helpers.data_format import Report, check, read, write
from helpers.display.form_card import SUCCESS, WARNING, marked
from helpers.display.tables import paragraph, plural
from helpers.forms.example_row import Row
from helpers.forms.form import FOR_PEOPLE, Debounced, Form, button, folded, hide, row, text
from helpers.forms.given_file import GivenFile, chosen_files, pasted_text
from helpers.forms.in_use import InUse, own_system
from helpers.forms.row_pairs import Pairs, as_pairs
from helpers.forms.unsaved_rows import UnsavedRows, hash_of
from helpers.my_case import COURSE_SYSTEM
from helpers.own_file.findings import AmbiguousFile
from helpers.own_file.to_examples.simple_example import chat_example, pair_of
from helpers.tokens import count_example
from helpers.training_file.rules import MIN_EXAMPLES, Example

FIRST_ROWS = 3
QUIET_SECONDS = 0.4  # without a keystroke, until what was typed is checked
NOT_SAVED = '<em class="course-warning">not saved yet</em>'
MOST_ROWS = 200  # a browser gets slow with more; larger files are made in Python, or by a spreadsheet


class ExamplesForm(Form):
    def __init__(self, path: Path) -> None:
        self.path, self.unsaved = path, UnsavedRows(path)
        self.rows = widgets.VBox()
        self.proposed = own_system(otherwise=COURSE_SYSTEM)
        self.system = text("System message", self.proposed, rows=2)
        self.add, self.save, self.clear = button("Add a row", ""), button("Save"), button("Clear", "")
        self.remove_all = hidden(button("Remove all rows", "danger"))
        self.mark = widgets.HTML()
        self.replace = hidden(button("Replace the file", "danger"))
        self.pasted = text("Cells", "", "Copy two columns in your spreadsheet, paste them here", rows=3)
        self.take = button("Add these rows", "")
        self.file = widgets.FileUpload(description="Add from a file")
        self.file.layout.width = "auto"
        self.summary, self.in_use = widgets.HTML(), InUse()
        more = folded("Paste from a spreadsheet, or take a file", [self.pasted, row(self.take, self.file)])
        super().__init__("Write examples", "write(from_rows(rows, system=system), path)", [
            self.system, self.rows,
            row(self.add, self.save, self.mark, self.replace, self.clear, self.remove_all), more, self.summary,
            self.in_use,
        ])  # fmt: skip
        self.layout.max_width = None  # two columns of text need the page
        self._said_saved = False
        self._writing = threading.Lock()  # Save works in a thread, while what is typed is kept
        self.saved: bytes | None = None  # the file that Save may replace unasked
        self._in_file: list[Example] | None = None  # its examples
        self._load()
        self.check_soon = Debounced(self.check, QUIET_SECONDS)
        self.system.observe(lambda _: self.changed(), "value")
        self.add.on_click(lambda _: self.add_rows([("", "")]))
        self.save.on_click(lambda _: self.work(self.save, self._save, "Saving ..."))
        self.clear.on_click(lambda _: self._ask_to_clear())
        self.remove_all.on_click(lambda _: self._remove_all())
        self.replace.on_click(lambda _: self.work(self.replace, self._replace, "Saving ..."))
        self.take.on_click(lambda _: self._paste())
        self.file.observe(lambda change: self._take_files(change["new"]), "value")
        self.check()

    # --- what was there before ----------------------------------------------------------------------------------

    def _load(self) -> None:
        """Go on where the learner stopped: with the rows that were not saved, else with the file."""
        found = self._from_file()
        if found:
            self.saved = self._file()
            self._in_file = [chat_example(*pair, found.system) for pair in found.pairs]
        try:
            kept = self.unsaved.load()
        except (ValueError, OSError) as error:
            kept = None
            self.complain(error)
        if kept:
            # Where the file is another one than then, Save asks before it replaces it.
            self.saved = self._file() if kept.on == hash_of(self._file()) else None
            self.system.value = kept.system
            self.add_rows(kept.rows)
            yet = "These rows were not saved yet. To keep them as a training file, press Save."
            self.say_text(f"{yet}{self._of_others()}", kind=WARNING)
        elif found:
            self.system.value = found.system or ""
            self.add_rows(found.pairs)
        if not self.rows.children:
            self.add_rows([("", "")] * FIRST_ROWS)

    def _of_others(self) -> str:
        """A sentence that names the rows of other forms of this file, which were not saved either."""
        names = ", ".join(path.name for path in self.unsaved.of_others())
        return (
            f" Other rows that were not saved are in {names}; run this cell again after Save to see them."
            if names
            else ""
        )

    def _file(self) -> bytes | None:
        return self.path.read_bytes() if self.path.exists() else None

    def _from_file(self) -> Pairs | None:
        """What the file holds, if a table can show all of it. Any other file is left alone."""
        if not self.path.exists():
            return None
        try:
            shown = [pair_of(example) for example in read(self.path)]
        except FOR_PEOPLE as error:
            why = f"it cannot be read ({type(error).__name__})"
        else:
            systems = {pair[2] for pair in shown if pair}
            if shown and all(shown) and len(systems) == 1 and len(shown) <= MOST_ROWS:
                return Pairs([pair[:2] for pair in shown], systems.pop())
            why = f"it holds more than up to {MOST_ROWS} single questions with one system message"
        self.say_text(f"{self.path.name} is there but cannot be shown here: {why}. It is left as it is.", kind=WARNING)
        return None

    def _keep(self) -> None:
        """Keep what is nowhere else: not if the file has all of it, nor before anything was written."""
        with self._writing:
            examples = self.examples()
            untouched = not (examples or self._in_file) and self.system.value == self.proposed
            if untouched or (examples == self._in_file and self._file() == self.saved):
                self.unsaved.drop()
                self.mark.value = ""
            else:
                self.mark.value = NOT_SAVED
                if self._said_saved:  # it is no longer true
                    self._said_saved = False
                    self.say_text("")
                self.unsaved.keep(self.system.value, [each.pair for each in self.filled()], self.saved)

    # --- rows ---------------------------------------------------------------------------------------------------

    def add_rows(self, pairs: list[tuple[str, str]]) -> int:
        """Below the others, as many as there is room for; returns how many. Empty rows at the end make place."""
        kept = list(self.rows.children)
        while pairs and any(any(pair) for pair in pairs) and kept and kept[-1].empty:
            kept.pop()
        new = [Row(question, answer, self.changed, self.remove_row) for question, answer in pairs]
        new = new[: MOST_ROWS - len(kept)]
        self._show([*kept, *new])
        return len(new)

    def remove_row(self, gone: Row) -> None:
        """The keyboard goes on in the row that has taken its place."""
        place = self.rows.children.index(gone)
        self._show([other for other in self.rows.children if other is not gone])
        rows = self.rows.children
        (rows[min(place, len(rows) - 1)].question if rows else self.add).focus()
        self.changed()

    def _ask_to_clear(self) -> None:
        if not self.filled():
            self._remove_all()
            return
        hide(self.remove_all, False)
        self.say_text(
            f"Remove {plural(len(self.filled()), 'row')} from this form? The file is not changed.", kind=WARNING
        )

    def _remove_all(self) -> None:
        hide(self.remove_all)
        self._show([])
        self.add_rows([("", "")] * FIRST_ROWS)
        self.rows.children[0].question.focus()
        self.say_text("")
        self.changed()

    def _show(self, rows: list[Row]) -> None:
        for number, each in enumerate(rows, 1):
            each.set_number(number)
        self.rows.children = tuple(rows)

    def filled(self) -> list[Row]:
        return [each for each in self.rows.children if not each.empty]

    def examples(self) -> list[Example]:
        return [each.example(self.system.value.strip()) for each in self.filled()]

    def _paste(self) -> None:
        if self._take_found(pasted_text(self.pasted.value)):
            self.pasted.value = ""

    def _take_files(self, files: tuple[dict, ...]) -> None:
        for file in chosen_files(files):
            self._take_found(file)
        if files:
            # So that the content is not kept in the notebook, and the same file can be taken again.
            self.file.value = ()

    def _take_found(self, given: GivenFile) -> bool:
        """Add the pairs that a file or a text holds, and say what was left out; False if nothing could be read."""
        try:
            found = given.examples()
        except AmbiguousFile as error:
            self.say_text(f"{error} The form for a file of your own lets you choose.", kind=WARNING)
            return False
        except FOR_PEOPLE as error:
            self.complain(error)
            return False
        taken, left = as_pairs(found)
        was = self.system.value
        if not self.filled() and (taken.system or was == self.proposed):
            self.system.value = taken.system or ""
        added = self.add_rows(taken.pairs)
        self.changed()
        if added < len(taken.pairs):
            left.append(f"{len(taken.pairs) - added} more: this form shows at most {MOST_ROWS} rows")
        without = f" Left out: {'; '.join(left[:5])}{' ...' if len(left) > 5 else ''}." if left else ""
        notes = f" {'; '.join(found.notes)}." if found.notes else ""
        about = self._about_system(taken, was)
        self.say_text(
            f"Added {plural(added, 'row')} from {given.name}. It was read as: {found.format}.{about}{without}{notes}",
            kind=SUCCESS,
        )
        return True

    def _about_system(self, taken: Pairs, was: str) -> str:
        """Nothing is put before somebody's examples, or left out of them, without a word."""
        if self.system.value != was:
            return "" if taken.system else " It has no system message; write one that fits."
        if taken.system and taken.system != was.strip():
            return f' Its system message is another one than above, and was left out: "{taken.system}".'
        return ""

    # --- checking and saving ------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Keep at once what is there now; check it when the learner has stopped typing."""
        hide(self.remove_all)
        try:
            self._keep()
        except OSError as error:
            self.complain(error)  # a full disk: what was typed is still in the form
        self.check_soon()

    def check(self) -> None:
        """Say beside each row and below what is wrong, how many tokens that is, and what training would cost."""
        rows, system = self.filled(), self.system.value.strip()
        examples = [each.example(system) for each in rows]
        report = check(examples)
        notes = {id(each): self._note(number, examples, report) for number, each in enumerate(rows, 1)}
        for each in self.rows.children:
            each.note.value = notes.get(id(each), "")
        missing = MIN_EXAMPLES - len(examples)
        more = f" {missing} more {'is' if missing == 1 else 'are'} needed to train." if missing > 0 else ""
        cost = estimate(examples, SIMULATED_DEFAULT) if examples else None
        price = f" {plural(cost.tokens, 'token')}; training on OpenAI about {dollars(cost.expected)}." if cost else ""
        self.summary.value = paragraph(f"{plural(len(examples), 'example')}.{more}{price}")

    def _note(self, number: int, examples: list[Example], report: Report) -> str:
        own = [problem for problem in report.problems if problem.line == number]
        if own:
            return "".join(marked(paragraph(f"found {p.found}; {p.fix}"), p.severity) for p in own)
        return f"<small>{plural(count_example(examples[number - 1], SIMULATED_DEFAULT), 'token')}</small>"

    def _save(self) -> None:
        now = self._file()
        if now is not None and now != self.saved:
            hide(self.replace, False)
            self.say_text(
                f"workspace/{self.path.name} is there already, and it is not what this form saved. Replace it?",
                kind=WARNING,
            )
            return
        self._replace()

    def _replace(self) -> None:
        with self._writing:
            examples = self.examples()
            if not examples:
                raise ValueError("There is nothing to save yet: write a question and an answer.")
            write(examples, self.path, overwrite=True)
            self.saved, self._in_file = self._file(), examples
        self._keep()  # what was typed meanwhile
        hide(self.replace)
        saved = f"Saved {plural(len(examples), 'example')} to workspace/{self.path.name}."
        self.say_text(f"{saved}{self._about_the_courses()}{self._of_others()}", kind=SUCCESS)
        self._said_saved = True
        self.in_use.choose(self.path)

    def _about_the_courses(self) -> str:
        if self.system.value.strip() != COURSE_SYSTEM:
            return ""
        return " Their system message is that of the course's mattress shop. If yours is another case, change it."


def hidden(widget: widgets.Widget) -> widgets.Widget:
    hide(widget)
    return widget


def examples_form(path: str | Path | None = None) -> ExamplesForm:
    """The form of notebook 01. It saves to workspace/my_examples.jsonl, and opens what it saved before."""
    return ExamplesForm(Path(path) if path else notes.workspace() / "my_examples.jsonl")
