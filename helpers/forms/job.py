"""Start a job after its estimate, see it run, cancel it. The kernel stays free for other cells."""

import threading
from functools import cache

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.connection.identity import host_name
from helpers.cost import Estimate, estimate
from helpers.forms.form import FOR_PEOPLE, Agreement, Form, button, client_or_default, dropdown, folded, hide, row, text
from helpers.hosts import base_model_for
from helpers.job import JobResult, cancel, start, training_examples
from helpers.job_watching.panel import Panel
from helpers.job_watching.watcher import FINAL, TRANSIENT, Watcher, events_frame, metrics_frame
from helpers.preflight import preflight

AUTO = "auto"
NO_VALIDATION = ""  # a Dropdown takes None for: nothing is chosen
NO_FILE = 'There is no training file in your notes. Upload one in notebook 02, then press "Look again".'


class JobForm(Form):
    def __init__(self, client: OpenAI) -> None:
        self.client = client
        proposed = base_model_for(client)
        models = [proposed, *(name for name in preflight(client).models if name != proposed)]
        self.model = dropdown("Base model", models)
        self.training, self.validation = dropdown("Training file", []), dropdown("Validation file", [])
        self.suffix = text("Suffix", "mattress", "part of the model's name")
        late = {"continuous_update": False}  # the estimate follows when a field is left
        self.epochs = text("Epochs", AUTO, "auto, or 1 to 50", **late)
        self.batch = text("Batch size", AUTO, "auto, or 1 to 256")
        self.rate = text("Learning rate", AUTO, "auto, or a multiplier above 0")
        self.seed = text("Seed", "", "empty, or a number: the same one gives the same training")
        self.cost, self.agree = widgets.HTML(), Agreement(client)
        self.go, self.refresh = button("Start the job"), button("Look again", "")
        self.stop = button("Cancel the job", "danger")
        self.panel, self.end = Panel(shown=False), widgets.HTML()
        hide(self.stop)
        hide(self.panel.box)
        super().__init__("Start a job", "client.fine_tuning.jobs.create(model=..., training_file=...)", [
            self.model, self.training, self.validation, self.suffix,
            folded("More settings", [self.epochs, self.batch, self.rate, self.seed]), self.cost, self.agree,
            row(self.go, self.refresh, self.stop), self.panel.box, self.end,
        ])  # fmt: skip
        self._examples = cache(lambda file_id: training_examples(client, file_id))
        self.job_id: str | None = None
        self._list_files()
        for field in (self.model, self.training, self.epochs):
            field.observe(lambda _: self._show_estimate(), "value")
        self.go.on_click(lambda _: self.work(self.go, self._start, "Starting ..."))
        self.refresh.on_click(lambda _: self._list_files())
        self.stop.on_click(lambda _: self._cancel())
        self._go_on()

    def _list_files(self) -> None:
        """The files of the notes, the newest first; what was chosen stays chosen."""
        host = host_name(self.client)
        for field, first, kind in (
            (self.training, [], "file"),
            (self.validation, [("none", NO_VALIDATION)], "validation"),
        ):
            chosen = field.value
            listed = [*first, *((note["id"], note["id"]) for note in notes.all_notes(host, kind))]
            field.options = listed
            field.value = chosen if chosen in [value for _, value in listed] else listed[0][1] if listed else None
        self._show_estimate()

    def _go_on(self) -> None:
        """The last job is shown again after a restart: live if it still runs, with its result if it has ended meanwhile."""
        last = notes.last(host_name(self.client), "job")
        if last is None:
            return
        try:
            watcher = Watcher(self.client, last)
        except FOR_PEOPLE:
            return  # the notes are older than the host's memory; the form is for a new job then
        if watcher.finished:
            self._show_end(watcher)
        else:
            self._follow(watcher)

    # --- before -------------------------------------------------------------------------------------------------

    def _estimate(self) -> Estimate:
        """Low, expected, high: shown, and on a paid host to be agreed to."""
        if self.training.value is None:
            raise ValueError(NO_FILE)
        epochs = _number(self.epochs.value, int, "Epochs")
        cost = estimate(self._examples(self.training.value), self.model.value, None if epochs == AUTO else epochs)
        self.cost.value = cost._repr_html_()
        self.agree.propose(cost.high)
        return cost

    def _show_estimate(self) -> None:
        try:
            self._estimate()
            self.say_text("")
        except FOR_PEOPLE as error:
            self.cost.value = ""
            self.complain(error)

    def _start(self) -> None:
        cost = self._estimate()
        self.agree.demand()
        seed = _number(self.seed.value or AUTO, int, "Seed")
        job = start(
            self.client,
            self.training.value,
            self.model.value,
            validation_file=self.validation.value or None,
            suffix=self.suffix.value.strip() or None,
            seed=None if seed == AUTO else seed,
            n_epochs=_number(self.epochs.value, int, "Epochs"),
            batch_size=_number(self.batch.value, int, "Batch size"),
            learning_rate_multiplier=_number(self.rate.value, float, "Learning rate"),
            cost=cost,
            limit_usd=(cost.high if cost.high is not None else "Infinity") if self.agree.host.paid else None,
        )
        self.agree.value = False  # the next job is agreed to anew
        self.say_text(f"Started: {job.id}")
        self._follow(Watcher(self.client, job.id))

    # --- the live part ------------------------------------------------------------------------------------------

    def _follow(self, watcher: Watcher) -> None:
        self.job_id = watcher.job_id
        self.end.value = ""
        self.panel.begin()
        for shown in (self.stop, self.panel.box):
            hide(shown, False)
        self.stop.disabled = False
        threading.Thread(target=self._watch, args=(watcher,), name="course-watch", daemon=True).start()

    def _watch(self, watcher: Watcher) -> None:
        """Until the job has ended, or another one is followed."""
        wait = threading.Event()
        while not watcher.finished and self.job_id == watcher.job_id:
            self.panel.show(watcher)
            wait.wait(watcher.interval)
            try:
                watcher.look()
            except TRANSIENT as error:
                self.panel.trouble(f"The host did not answer ({type(error).__name__}); trying again.")
                wait.wait(watcher.interval * 5)
        if self.job_id != watcher.job_id:
            return
        hide(self.stop)
        self.panel.close()
        self._show_end(watcher)

    def _show_end(self, watcher: Watcher) -> None:
        notes.remember(self.client, watcher.job)
        result = JobResult(watcher.job, events_frame(watcher.events), metrics_frame(watcher.events))
        self.end.value = result._repr_html_()
        self.say_text(f"The job has ended: {watcher.job.status}.")

    def _cancel(self) -> None:
        """Only disable the button here, and call the host in a thread: this handler must not block."""
        self.stop.disabled = True
        threading.Thread(target=self._cancel_now, name="course-cancel", daemon=True).start()

    def _cancel_now(self) -> None:
        try:
            job = cancel(self.client, self.job_id)
        except FOR_PEOPLE as error:
            self.complain(error)
            self.stop.disabled = False
            return
        self.say_text(f"Cancelled: {job.id}" if job.status not in FINAL[:2] else f"The job had already {job.status}.")


def _number(value: str, kind: type, label: str) -> float | int | str:
    value = value.strip().lower()
    if value in ("", AUTO):
        return AUTO
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f'{label}: found "{value}"; expected auto or a number') from None


def job_form(client: OpenAI | None = None) -> JobForm:
    """The form of notebook 03. The plain call is `client.fine_tuning.jobs.create(...)`, then `watch(client,
    job.id)`."""
    return JobForm(client_or_default(client))
