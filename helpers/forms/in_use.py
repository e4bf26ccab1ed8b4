"""A line in the forms of notebook 01: which file the next notebooks use, and a button back to the course's."""

from pathlib import Path

import ipywidgets as widgets

from helpers.display.tables import paragraph
from helpers.forms.form import button, hide, row
from helpers.my_case import CaseError, my_case, use_course_file, use_file


class InUse(widgets.VBox):
    def __init__(self) -> None:
        self.line, self.back = widgets.HTML(), button("Use the course's file again", "")
        super().__init__([self.line, row(self.back)])
        self.back.on_click(lambda _: self._go_back())
        self.show()

    def show(self) -> None:
        """As it is now: another form or a cell may have changed it."""
        try:
            case = my_case(quiet=True)
        except CaseError as error:
            self._say(str(error), own=True)
        else:
            self._say(f"{case.summary} Notebooks 02 to 04 use it.", own=case.own)

    def choose(self, path: Path, name: str | None = None) -> None:
        """A file that was just saved is used from now on, as soon as it has enough examples."""
        try:
            use_file(path, name=name)
        except CaseError as error:
            self.show()
            self.line.value += paragraph(f"This one is not used yet. {error}")
        else:
            self.show()

    def _go_back(self) -> None:
        use_course_file()
        self.show()

    def _say(self, text: str, own: bool) -> None:
        self.line.value = paragraph(text)
        hide(self.back, not own)


def own_system(otherwise: str) -> str:
    """The system message of your own file, if one was chosen; else another one."""
    try:
        case = my_case(quiet=True)
    except CaseError:
        return ""  # which one it is, is not clear: an empty field is better than that of another shop
    return (case.system or "") if case.own else otherwise
