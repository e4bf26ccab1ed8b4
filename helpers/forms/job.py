"""Start a job after its estimate, see it run, cancel it. The kernel stays free for other cells."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.connection.identity import host_name
from helpers.cost import MOST_EPOCHS, Estimate, estimate
from helpers.display.form_card import ERROR, SUCCESS, WARNING
from helpers.display.tables import paragraph
from helpers.forms.form import (
    FOR_PEOPLE,
    Agreement,
    Form,
    button,
    client_or_default,
    dropdown,
    folded,
    hide,
    in_words,
    offer,
    row,
    text,
)
from helpers.forms.job_files import JobFiles
from helpers.hosts import base_model_for
from helpers.job import JobResult, cancel, keep_ended, start, training_examples
from helpers.job_watching.panel import Panel
from helpers.job_watching.view import follow
from helpers.job_watching.watcher import Watcher
from helpers.my_case import my_case
from helpers.preflight import preflight

AUTO = "auto"
ENDINGS = {"succeeded": SUCCESS, "failed": ERROR}
NO_FILE = 'There is no training file in your notes. Upload one in notebook 02, then press "Look again".'


@dataclass(frozen=True)
class Setting:
    """A number that may be left to the host. The empty field and an error say what is `expected`."""

    label: str
    expected: str
    kind: type[int] | type[float]
    allows: Callable[[float], bool]

    def read(self, written: str) -> Any:
        """The number, or "auto" for that word and for an empty field. Raises ValueError for anything else."""
        written = written.strip()
        if written.lower() in ("", AUTO):
            return AUTO
        try:
            number = self.kind(written)
        except ValueError:
            number = None
        if number is None or not self.allows(number):
            raise ValueError(f'{self.label}: found "{written}"; expected {self.expected}')
        return number


EPOCHS = Setting("Epochs", f"auto, or 1 to {MOST_EPOCHS}", int, lambda number: 1 <= number <= MOST_EPOCHS)
BATCH = Setting("Batch size", "auto, or 1 to 256", int, lambda number: 1 <= number <= 256)
RATE = Setting("Learning rate", "auto, or a multiplier above 0", float, lambda number: 0 < number < math.inf)
SEED = Setting("Seed", "auto, or a whole number: the same one gives the same training", int, lambda number: True)


class JobForm(Form):
    def __init__(self, client: OpenAI) -> None:
        self.client = client
        proposed = base_model_for(client)
        models = [proposed, *(name for name in preflight(client).models if name != proposed)]
        self.model = dropdown("Base model", models)
        self.training, self.validation = dropdown("Training file", []), dropdown("Validation file", [])
        self.suffix = text("Suffix", "", "part of the model's name")
        # The estimate follows the epochs when the field is left.
        self.epochs = text(EPOCHS.label, AUTO, EPOCHS.expected, continuous_update=False)
        self.batch, self.rate, self.seed = (text(each.label, AUTO, each.expected) for each in (BATCH, RATE, SEED))
        self.cost, self.agree = widgets.HTML(), Agreement(client)
        self.go, self.refresh = button("Start the job"), button("Look again", "")
        self.stop = button("Cancel the job", "danger")
        self.live, self.end = widgets.VBox(), widgets.HTML()
        hide(self.stop)
        super().__init__("Start a job", "client.fine_tuning.jobs.create(model=..., training_file=...)", [
            self.model, self.training, self.validation, self.suffix,
            folded("More settings", [self.epochs, self.batch, self.rate, self.seed]), self.cost, self.agree,
            row(self.go, self.refresh, self.stop),
        ], below=[self.live, self.end])  # fmt: skip
        self._examples = cache(lambda file_id: training_examples(client, file_id))
        self.job_id: str | None = None
        self._followed: Watcher | None = None
        self._lost: str | None = None  # a job that the form could not watch to its end
        self._listing = False
        self._files = JobFiles([], [])
        self._proposed_suffix = ""
        self.training.observe(lambda _: self._other_training_file(), "value")
        for field in (self.model, self.training, self.epochs):
            field.observe(lambda _: self._show_estimate(), "value")
        self.go.on_click(lambda _: self.work(self.go, self._start, "Starting ..."))
        self.refresh.on_click(lambda _: self.work(self.refresh, self._look_again, "Looking ..."))
        self.stop.on_click(lambda _: self._cancel())
        with self.telling():
            self._list_files()
            self._go_on()

    def _list_files(self) -> None:
        """The files of the notes that the host still has: those of the learner's case first, then the newest. A
        validation file is proposed where there is one for the training file."""
        self._files = JobFiles.on(self.client, my_case(quiet=True))
        self._listing = True  # the estimate follows once, and not with each change of a list
        try:
            offer(self.training, self._files.training_options())
            offer(self.validation, self._files.validation_options(self.training.value))
        finally:
            self._listing = False
        self._propose_suffix()
        self._show_estimate()

    def _other_training_file(self) -> None:
        """Another file has another validation file and another suffix."""
        if not self._listing:
            self.validation.value = self._files.validation_for(self.training.value)
            self._propose_suffix()

    def _propose_suffix(self) -> None:
        """After the training file; one that the learner has written stays."""
        if self.suffix.value == self._proposed_suffix:
            self.suffix.value = self._proposed_suffix = self._files.suffix_for(self.training.value)

    def _look_again(self) -> None:
        self._list_files()
        if self._lost:
            self._follow_job(self._lost)

    def _go_on(self) -> None:
        """The last job is shown again after a restart: live if it still runs, with its result if it has ended."""
        last = notes.last(host_name(self.client), "job")
        if last is None:
            return
        try:
            watcher = Watcher(self.client, last)
        except FOR_PEOPLE:
            return  # the notes are older than the host's memory; the form is for a new job then
        if watcher.finished:
            self._show_end(watcher, seen=True)
        else:
            self._follow(watcher)

    # --- before -------------------------------------------------------------------------------------------------

    def _priced(self) -> tuple[str, str, Any]:
        """What the cost depends on, as the fields say it now: training file, model, epochs."""
        if self.training.value is None:
            raise ValueError(NO_FILE)
        return self.training.value, self.model.value, EPOCHS.read(self.epochs.value)

    def _estimate(self, training_file: str, model: str, epochs: Any) -> Estimate:
        return estimate(self._examples(training_file), model, None if epochs == AUTO else epochs)

    def _show_estimate(self) -> None:
        """Low, expected, high; on a paid host to be agreed to."""
        if self._listing:
            return
        try:
            cost = self._estimate(*self._priced())
            self.cost.value = cost._repr_html_()
            self.agree.propose(cost.high)
            self.say_text("")
        except FOR_PEOPLE as error:
            self.cost.value = ""
            self.complain(error)

    def _start(self) -> None:
        """Start the job of the moment of the click. Each field is read once: to count the tokens takes time, in which a
        field can be changed, and what starts must be what was estimated and agreed to."""
        training_file, model, epochs = self._priced()
        seed = SEED.read(self.seed.value)
        settings = {
            "n_epochs": epochs,
            "batch_size": BATCH.read(self.batch.value),
            "learning_rate_multiplier": RATE.read(self.rate.value),
            "seed": None if seed == AUTO else seed,
            "validation_file": self.validation.value or None,
            "suffix": self.suffix.value.strip() or None,
        }
        cost = self._estimate(training_file, model, epochs)
        try:
            limit = self.agree.demand(cost.high)
        except ValueError:
            self._show_estimate()  # of the fields as they are now
            raise
        not_kept: list[str] = []
        job = start(self.client, training_file, model, **settings, cost=cost, limit_usd=limit, tell=not_kept.append)
        self.agree.value = False  # the next job is agreed to anew
        self.say_text(" ".join(not_kept) or f"Started: {job.id}", kind=WARNING if not_kept else SUCCESS)
        self._follow_job(job.id)

    # --- the live part ------------------------------------------------------------------------------------------

    def _follow_job(self, job_id: str) -> None:
        self.job_id = job_id
        try:
            watcher = Watcher(self.client, job_id)
        except FOR_PEOPLE as error:
            self._lose(error)  # it is not said to be unstarted: nobody shall start it twice
        else:
            self._follow(watcher)

    def _follow(self, watcher: Watcher) -> None:
        """Show a job while it runs, instead of the one before; the thread that watched that one ends by itself."""
        panel = Panel(shown=False)
        self.job_id, self._followed, self._lost = watcher.job_id, watcher, None
        self.end.value = ""
        self.live.children = (panel.box,)
        self.stop.busy = False
        hide(self.stop, False)
        threading.Thread(target=self._watch, args=(watcher, panel), name="course-watch", daemon=True).start()

    def _watch(self, watcher: Watcher, panel: Panel) -> None:
        """Until the job has ended, or another one is followed."""
        with self.telling():
            try:
                follow(watcher, panel, until=lambda: self._followed is not watcher)
            except FOR_PEOPLE as error:
                if self._followed is watcher:
                    self._lose(error)
                return
            if self._followed is watcher:
                self._show_end(watcher)

    def _lose(self, error: Exception) -> None:
        """The host does not answer for this job any more. It may still run, so it can still be cancelled."""
        self._lost = self.job_id
        self.live.children = ()
        hide(self.stop, False)
        again = f'{self.job_id} was started, but the form cannot watch it. To watch it again, press "Look again".'
        self.say(in_words(error) + paragraph(again), kind=ERROR)

    def _show_end(self, watcher: Watcher, *, seen: bool = False) -> None:
        not_kept: list[str] = []
        keep_ended(self.client, watcher.job, not_kept.append)
        self.live.children = ()
        hide(self.stop)
        self.end.value = JobResult.of(watcher, seen=seen)._repr_html_()
        kind = WARNING if not_kept else ENDINGS.get(watcher.job.status, WARNING)
        self.say_text(" ".join([f"The job has ended: {watcher.job.status}.", *not_kept]), kind=kind)

    def _cancel(self) -> None:
        """Only make the button dark here, and call the host in a thread: this handler must not block."""
        self.stop.busy = True
        threading.Thread(target=self._cancel_now, name="course-cancel", daemon=True).start()

    def _cancel_now(self) -> None:
        try:
            with self.telling():
                job = cancel(self.client, self.job_id)
                already = job.status in ("succeeded", "failed")
                self.say_text(f"The job had already {job.status}." if already else f"Cancelled: {job.id}")
        finally:
            self.stop.busy = False


def job_form(client: OpenAI | None = None) -> JobForm:
    """The form of notebook 03. The plain call is `client.fine_tuning.jobs.create(...)`, then `watch(client,
    job.id)`."""
    return JobForm(client_or_default(client))
