"""Start a job after its estimate, see it run, cancel it. The kernel stays free for other cells."""

import threading

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.cost import Estimate, dollars, estimate
from helpers.forms.base import FOR_PEOPLE, Form, button, client_or_default, dropdown, text
from helpers.forms.panel import Panel
from helpers.host_name import host_name
from helpers.hosts import base_model_for, current_host
from helpers.job import JobResult, cancel, events_frame, metrics_frame, start, training_examples
from helpers.preflights import preflight
from helpers.watching import FINAL, TRANSIENT, Watcher

AUTO = "auto"


class JobForm(Form):
    def __init__(self, client: OpenAI) -> None:
        self.client, self.host = client, current_host(client)
        proposed = base_model_for(client)
        models = [proposed, *(name for name in preflight(client).models if name != proposed)]
        self.model = dropdown("Base model", models)
        self.training = dropdown("Training file", self._files("file"))
        self.validation = dropdown("Validation file", [("none", None), *self._files("validation")])
        self.suffix = text("Suffix", "mattress", "part of the model's name")
        self.epochs = text("Epochs", AUTO, "auto, or 1 to 50")
        self.batch = text("Batch size", AUTO, "auto, or 1 to 256")
        self.rate = text("Learning rate", AUTO, "auto, or a multiplier above 0")
        advanced = widgets.Accordion(
            [widgets.VBox([self.epochs, self.batch, self.rate])], titles=("Settings",), selected_index=None
        )
        self.price, self.go = button("Estimate", ""), button("Start the job")
        self.agree = widgets.Checkbox(description="", indent=False)
        self.agree.layout.display = "none"
        self.stop = button("Cancel the job", "danger")
        self.stop.layout.display = "none"
        self.cost = widgets.HTML()
        self.panel = Panel(shown=False)
        self.panel.box.layout.display = "none"
        self.end = widgets.HTML()
        super().__init__("Start a job", "client.fine_tuning.jobs.create(model=..., training_file=...)", [
            self.model, self.training, self.validation, self.suffix, advanced, self.cost, self.agree,
            widgets.HBox([self.price, self.go, self.stop]), self.panel.box, self.end,
        ])  # fmt: skip
        self.price.on_click(lambda _: self.work(self.price, self._estimate))
        self.go.on_click(lambda _: self.work(self.go, self._start))
        self.stop.on_click(lambda _: self._cancel())
        self.job_id: str | None = None
        self._go_on()

    def _files(self, kind: str) -> list[tuple[str, str]]:
        return [(note["id"], note["id"]) for note in notes.all_notes(host_name(self.client), kind)]

    def _go_on(self) -> None:
        """A job that is still running is shown again after a restart."""
        last = notes.last(host_name(self.client), "job")
        if last is None:
            return
        try:
            watcher = Watcher(self.client, last)
        except FOR_PEOPLE:
            return  # the notes are older than the host's memory; the form is for a new job then
        if not watcher.finished:
            self._follow(watcher)

    def _estimate(self) -> Estimate:
        if self.training.value is None:
            raise ValueError("There is no training file in your notes. Upload one in notebook 02.")
        epochs = _number(self.epochs.value, int, "Epochs")
        cost = estimate(
            training_examples(self.client, self.training.value), self.model.value, None if epochs == AUTO else epochs
        )
        self.cost.value = cost._repr_html_()
        self.say_text("")
        if self.host.paid:
            amount = "an amount that the course does not know" if cost.high is None else f"up to {dollars(cost.high)}"
            self.agree.description = f"I agree to pay {amount} to {self.host.name}"
            self.agree.layout.display = ""
        return cost

    def _start(self) -> None:
        cost = self._estimate()
        if self.host.paid and not self.agree.value:
            raise ValueError("This host costs money. Tick the line with the amount first; nothing was started.")
        job = start(
            self.client,
            self.training.value,
            self.model.value,
            validation_file=self.validation.value,
            suffix=self.suffix.value.strip() or None,
            n_epochs=_number(self.epochs.value, int, "Epochs"),
            batch_size=_number(self.batch.value, int, "Batch size"),
            learning_rate_multiplier=_number(self.rate.value, float, "Learning rate"),
            cost=cost,
            limit_usd=(cost.high if cost.high is not None else "Infinity") if self.host.paid else None,
        )
        self.agree.value = False  # the next job is agreed to anew
        self.say_text(f"Started: {job.id}")
        self._follow(Watcher(self.client, job.id))

    # --- the live part ------------------------------------------------------------------------------------------

    def _follow(self, watcher: Watcher) -> None:
        self.job_id = watcher.job_id
        self.end.value = ""
        self.stop.layout.display = self.panel.box.layout.display = ""
        self.stop.disabled = False
        threading.Thread(target=self._watch, args=(watcher,), name="course-watch", daemon=True).start()

    def _watch(self, watcher: Watcher) -> None:
        wait = threading.Event()
        while not watcher.finished:
            self.panel.show(watcher)
            wait.wait(watcher.interval)
            try:
                watcher.look()
            except TRANSIENT as error:
                self.panel.trouble(f"The host did not answer ({type(error).__name__}); trying again.")
                wait.wait(watcher.interval * 5)
        notes.remember(self.client, watcher.job)
        self.stop.layout.display = "none"
        self.panel.close()
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
