"""Starting, watching, coming back to and reading jobs, against a real server that runs them by the clock."""

import os
import subprocess
import sys
import time
from types import SimpleNamespace

import httpx2
import openai
import pytest

from helpers import notes
from helpers.connection.identity import host_name
from helpers.data_format import write
from helpers.hosts import NotConfirmedError, rehearse
from helpers.job import (
    attach,
    cancel,
    checkpoints,
    events,
    find_by_ticket,
    metrics,
    result_file,
    start,
    training_examples,
    watch,
)
from helpers.job_watching import panel
from helpers.job_watching import watcher as watching
from helpers.job_watching.view import follow
from helpers.job_watching.watcher import Watcher, status_line
from helpers.own_file.to_examples.simple_example import chat_example
from helpers.practice import start_server
from helpers.upload import upload_file

MODEL = "gpt-4.1-mini-2025-04-14"


@pytest.fixture
def training(client, mattress):
    return upload_file(client, mattress)


@pytest.fixture
def slow(home, mattress, clock, monkeypatch):
    """A server whose jobs take two seconds of a clock that stands still until it is turned, and a job there."""
    monkeypatch.setattr(watching, "NEAR", 0.01)
    server = start_server(home=home, job_seconds=2.0)
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
    file = client.files.create(file=mattress, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    clock.now += 1.0
    yield SimpleNamespace(server=server, client=client, job=job, file=file, clock=clock)
    server.stop()


def test_start_keeps_the_id_and_watch_the_model(client, training):
    job = start(client, training.id, MODEL, suffix="mattress", n_epochs=3)
    assert notes.last(host_name(client), "job") == job.id
    result = watch(client, job.id)
    assert result.job.status == "succeeded" and result.job.hyperparameters.n_epochs == 3
    assert notes.last(host_name(client), "model") == result.job.fine_tuned_model


def test_the_result_reads_as_text_and_as_html(client, training):
    result = watch(client, start(client, training.id, MODEL).id)
    assert "Training loss fell from" in str(result) and "trained tokens" in str(result)
    html = result._repr_html_()
    assert '<img alt="Line chart of the loss over 90 steps.' in html and "<figcaption>" in html


def test_the_curve_is_marked_with_the_epochs_and_checkpoints_that_the_events_name(client, training):
    job = start(client, training.id, MODEL, n_epochs=3)
    result = watch(client, job.id)
    assert (result.marks.epochs, result.marks.steps, result.marks.checkpoints) == (3, 45, (15, 30))


def test_a_job_that_had_ended_before_one_came_back_does_not_show_its_curve_twice(client, training):
    job = start(client, training.id, MODEL)
    assert "<details>" not in watch(client, job.id)._repr_html_()
    assert "<details><summary>The loss curve again</summary><figure" in attach(client)._repr_html_()


def test_a_failed_job_is_explained(client, mattress, tmp_path):
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(mattress.read_bytes().splitlines(keepends=True)[:7]))
    result = watch(client, start(client, upload_file(client, few).id, MODEL).id)
    assert result.job.status == "failed" and "too few examples" in str(result)


def test_watching_shows_each_event_once_and_in_order(slow, capsys):
    slow.clock.tick = 0.05
    result = watch(slow.client, slow.job.id)
    assert list(result.events["message"]) == list(events(slow.client, slow.job.id)["message"])
    assert result.events["message"].iloc[0].startswith("Created") and len(result.metrics) == 90
    shown = capsys.readouterr().out
    assert "running" in shown and shown.count("Fine-tuning job started") == 1


def test_a_timeout_leaves_the_job_running_and_says_how_to_come_back(slow, capsys):
    result = watch(slow.client, slow.job.id, timeout=0.1)
    assert result.job.status == "running"
    assert f'watch(client, "{slow.job.id}")' in capsys.readouterr().out
    slow.clock.now += 60
    assert watch(slow.client, slow.job.id).job.status == "succeeded"


def test_an_interrupt_leaves_the_job_running(slow, capsys):
    class Interrupting:
        def show(self, watcher):
            raise KeyboardInterrupt

        def trouble(self, message):
            raise AssertionError(message)

        def close(self):
            self.closed = True

    view = Interrupting()
    follow(Watcher(slow.client, slow.job.id), view=view)
    assert view.closed and "The job goes on at the host" in capsys.readouterr().out


def test_a_host_that_is_away_for_a_moment_is_asked_again(slow, capsys):
    root = slow.server.base_url.removesuffix("/v1")
    watcher = Watcher(slow.client.with_options(max_retries=0), slow.job.id)
    slow.client.post(f"{root}/practice/faults", cast_to=object, body={"fault": "server_error", "times": 1})
    slow.clock.tick = 0.5
    follow(watcher)
    assert watcher.job.status == "succeeded" and "trying again" in capsys.readouterr().out


class Shown:
    """A view that writes down what it is given."""

    def __init__(self):
        self.lines, self.troubles, self.closed = [], [], False

    def show(self, watcher):
        self.lines.append(status_line(watcher))

    def trouble(self, message):
        self.troubles.append(message)

    def close(self):
        self.closed = True


def test_one_second_is_not_called_seconds(slow):
    watcher, view = Watcher(slow.client.with_options(max_retries=0), slow.job.id), Shown()
    watcher.interval = 0.5
    slow.server.stop()
    follow(watcher, view, until=lambda: view.troubles)
    assert view.troubles == ["The host did not answer (APIConnectionError); trying again in 1 second."]


def test_an_error_that_does_not_pass_ends_the_watching_and_closes_the_view(slow):
    wrong = openai.OpenAI(base_url=slow.server.base_url, api_key=slow.client.api_key, max_retries=0)
    watcher, view = Watcher(wrong, slow.job.id), Shown()
    wrong.api_key = "practice-revoked"  # as if somebody had revoked it while the job runs
    with pytest.raises(openai.AuthenticationError):
        follow(watcher, view)
    assert view.closed and view.troubles == []


def test_watching_ends_when_it_is_told_to(slow):
    watcher, view = Watcher(slow.client, slow.job.id), Shown()
    follow(watcher, view, until=lambda: len(view.lines) == 2)
    assert len(view.lines) == 2 and view.closed and not watcher.finished


def test_the_last_of_one_step_is_step_1_of_1(slow):
    watcher = Watcher(slow.client, slow.job.id)
    watcher.events = [SimpleNamespace(id="1", type="metrics", data={"step": 1, "total_steps": 1}, message="")]
    assert "step 1 of 1," in f"{status_line(watcher)}," and "step 1 of 1 step" not in status_line(watcher)


def test_before_the_first_step_the_phase_is_named_with_its_seconds_and_the_bar_moves(slow, monkeypatch):
    watcher = Watcher(slow.client, slow.job.id)
    shares = []
    for number, phase in enumerate(["Fine-tuning job started", "Loading the model"], start=4):
        events = [SimpleNamespace(id=str(each), type="message", data={}, message=phase) for each in range(number)]
        watcher.events = [SimpleNamespace(**vars(event), created_at=100) for event in events]
        shares.append(watcher.share_done)
        assert f", {phase}" in status_line(watcher)
    assert 0 < shares[0] < shares[1] < 0.1
    monkeypatch.setattr(panel.time, "time", lambda: 112.0)
    assert panel.latest_events(watcher)[-1] == "Loading the model (12 s)"
    step = {"step": 5, "total_steps": 10}
    watcher.events.append(SimpleNamespace(id="step", type="metrics", data=step, message="Step 5/10", created_at=100))
    assert watcher.share_done == pytest.approx(0.55)
    assert panel.latest_events(watcher)[-1] == "Step 5/10"


def test_a_status_nobody_has_heard_of_means_still_going(slow):
    watcher = Watcher(slow.client, slow.job.id)
    watcher.job = watcher.job.model_copy(update={"status": "dreaming"})
    assert not watcher.finished


def test_after_a_restart_attach_finds_the_job_that_is_still_running(slow, home):
    notes.remember(slow.client, slow.job)
    again = start_server(home=home, job_seconds=2.0)  # the next kernel, on another port
    client = openai.OpenAI(base_url=again.base_url, api_key=again.key)
    slow.clock.tick = 0.5
    assert attach(client).job.id == slow.job.id
    again.stop()


def test_attach_passes_over_jobs_that_the_host_no_longer_knows(slow):
    notes.remember(slow.client, slow.job)
    notes.add(host_name(slow.client), "job", "ftjob-of-a-deleted-home")
    slow.clock.now += 60
    assert attach(slow.client).job.id == slow.job.id


def test_a_job_that_met_a_planted_fault_is_not_taken_for_ones_own(slow):
    notes.remember(slow.client, slow.job)
    practice = rehearse()
    seven = practice.files.create(file=("seven.jsonl", b"{}\n" * 7), purpose="fine-tune")
    job = practice.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=seven.id)
    assert watch(practice, job.id).job.status == "failed"
    assert notes.last(host_name(slow.client), "job") == slow.job.id


def test_attach_without_a_job_says_what_to_do(client):
    with pytest.raises(LookupError, match="Start one in notebook 03"):
        attach(client)


def test_cancel_stops_a_job_and_leaves_an_ended_one_alone(slow):
    assert cancel(slow.client, slow.job.id).status == "cancelled"
    assert cancel(slow.client, slow.job.id).status == "cancelled"
    assert watch(slow.client, slow.job.id).events["message"].iloc[-1] == "The job has been cancelled"


def test_pause_holds_a_job_and_resume_lets_it_go_on(slow):
    assert slow.client.fine_tuning.jobs.pause(slow.job.id).status == "paused"
    before = len(events(slow.client, slow.job.id))
    slow.clock.now += 3600
    assert len(events(slow.client, slow.job.id)) == before
    slow.client.fine_tuning.jobs.resume(slow.job.id)
    assert slow.client.fine_tuning.jobs.retrieve(slow.job.id).status == "running"
    slow.clock.now += 60
    assert watch(slow.client, slow.job.id).job.status == "succeeded"


def test_events_metrics_checkpoints_and_result_file_are_tables(client, training):
    job = watch(client, start(client, training.id, MODEL).id).job
    assert list(events(client, job.id).columns) == ["created_at", "level", "type", "message"]
    assert list(metrics(client, job.id)["step"]) == list(range(1, 91))
    table = result_file(client, job)
    assert list(table.columns) == ["step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy"]
    assert list(checkpoints(client, job.id)["step"]) == [60, 75, 90]


def test_a_result_file_that_is_not_there_says_why(slow):
    with pytest.raises(LookupError, match="Only a job that succeeded has one"):
        result_file(slow.client, slow.job)


def test_a_lost_answer_does_not_start_a_second_job(client, training):
    """The server makes the job, and the answer breaks off on its way back."""

    class LosesTheAnswer(httpx2.BaseTransport):
        def __init__(self):
            self.real = httpx2.HTTPTransport()
            self.lost = 0

        def handle_request(self, request):
            response = self.real.handle_request(request)
            if request.method == "POST" and request.url.path.endswith("/jobs"):
                response.read()
                self.lost += 1
                raise httpx2.RemoteProtocolError("the answer broke off")
            return response

    transport = LosesTheAnswer()
    lossy = openai.OpenAI(
        base_url=client.base_url, api_key=client.api_key, http_client=openai.DefaultHttpxClient(transport=transport)
    )
    job = start(lossy, training.id, MODEL)
    assert transport.lost == 1
    assert [each.id for each in client.fine_tuning.jobs.list()] == [job.id]


def test_the_examples_of_a_file_are_read_back_as_they_were_written(client, tmp_path):
    examples = [chat_example(f"How{sign}firm?", "Medium.") for sign in ("\u2028", "\x85", " ")]
    path = write(examples, tmp_path / "pasted from a web page.jsonl")
    assert training_examples(client, upload_file(client, path.path).id) == examples


def test_an_attempt_that_never_arrived_is_an_error(client):
    assert find_by_ticket(client, "unknown") is None


def test_on_a_paid_host_a_job_is_not_started_without_a_yes(client, training, monkeypatch):
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)
    monkeypatch.setattr("builtins.input", lambda _: "no")
    with pytest.raises(NotConfirmedError):
        start(client, training.id, MODEL)
    assert client.fine_tuning.jobs.list().data == []


def test_a_kernel_that_is_killed_in_the_middle_loses_nothing(home, workspace, mattress, clock):
    """Start a job in one process, kill it, and find the job going on from another, whose clock can be turned."""
    code = (
        "import time\nfrom helpers import connect, base_model_for, upload_file, start\n"
        f"client = connect(quiet=True)\nfile = upload_file(client, {str(mattress)!r})\n"
        "print(start(client, file.id, base_model_for(client)).id, flush=True)\ntime.sleep(60)"
    )
    environment = {**os.environ, "PRACTICE_JOB_SECONDS": "600", "PRACTICE_LOCAL_MODELS": "none"}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    printed = [process.stdout.readline(), process.stdout.readline()]
    process.kill()
    process.wait()
    clock.now = time.time()
    server = start_server(home=home)
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
    job_id = printed[-1].strip()
    assert client.fine_tuning.jobs.retrieve(job_id).status in ("validating_files", "queued", "running")
    clock.now += 3600
    result = attach(client)  # by the notes alone
    assert result.job.id == job_id and result.job.status == "succeeded"
    assert list(result.metrics["step"]) == list(range(1, 91))
    assert client.files.content(result.job.training_file).read() == mattress.read_bytes()
    assert notes.last(host_name(client), "model") == result.job.fine_tuned_model
    server.stop()
