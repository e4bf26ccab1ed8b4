"""The files that a job can be started with, and which of them belong together."""

from dataclasses import dataclass

from openai import OpenAI
from openai.types import FileObject

from helpers import notes
from helpers.connection.identity import host_name
from helpers.forms.noted import noted_label
from helpers.my_case import COURSE_SUFFIX, Case, was_chosen
from helpers.own_case.parts import suffix_of
from helpers.own_case.uploaded import is_of_the_course, is_upload_of

NO_VALIDATION = ""  # a Dropdown takes None for: nothing is chosen
Option = tuple[str, str]


@dataclass(frozen=True)
class NotedFile:
    """A file of the notes that the host still has."""

    label: str
    file: FileObject

    @property
    def option(self) -> Option:
        return self.label, self.file.id


@dataclass
class JobFiles:
    """The newest first, but those of the learner's case before all others, where a file was chosen."""

    training: list[NotedFile]
    validation: list[NotedFile]
    case: Case | None = None

    @classmethod
    def on(cls, client: OpenAI, case: Case) -> "JobFiles":
        host = host_name(client)
        there = {file.id: file for file in client.files.list(purpose="fine-tune")}
        training, validation = _noted(host, "file", there), _noted(host, "validation", there)
        if was_chosen():
            training.sort(key=lambda each: not is_upload_of(each.file, case.training_file))  # which keeps the order
        return cls(training, validation, case)

    def training_options(self) -> list[Option]:
        return [each.option for each in self.training]

    def validation_options(self, training_id: str | None) -> list[Option]:
        """The one that is proposed stands first."""
        options, proposed = [each.option for each in self.validation], self.validation_for(training_id)
        return sorted([*options, ("none", NO_VALIDATION)], key=lambda option: option[1] != proposed)

    def validation_for(self, training_id: str | None) -> str:
        """The id of the newest that belongs to a training file."""
        training = self._training(training_id)
        belonging = (each.file.id for each in self.validation if training and self._belongs(each.file, training))
        return next(belonging, NO_VALIDATION)

    def suffix_for(self, training_id: str | None) -> str:
        training = self._training(training_id)
        if training is None or self._is_of_case(training):
            return self.case.suffix if self.case else ""
        return COURSE_SUFFIX if is_of_the_course(training) else suffix_of(training.filename)

    def _training(self, training_id: str | None) -> FileObject | None:
        return next((each.file for each in self.training if each.file.id == training_id), None)

    def _is_of_case(self, training: FileObject) -> bool:
        return self.case is not None and is_upload_of(training, self.case.training_file)

    def _belongs(self, validation: FileObject, training: FileObject) -> bool:
        """The parts of the learner's file belong together, and the files of the course. Of others, nobody knows."""
        if self.case is not None and self._is_of_case(training):
            return is_upload_of(validation, self.case.validation_file)
        return is_of_the_course(validation) == is_of_the_course(training)


def _noted(host: str, kind: str, there: dict[str, FileObject]) -> list[NotedFile]:
    noted = [note for note in notes.all_notes(host, kind) if note["id"] in there]
    return [
        NotedFile(noted_label(there[note["id"]].filename, note, newest=note is noted[0]), there[note["id"]])
        for note in noted
    ]
