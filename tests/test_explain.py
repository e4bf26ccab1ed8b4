"""Every error that people meet is explained with what to do."""

import openai
import pytest

from helpers.explain import explain
from helpers.hosts import rehearse


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("wrong_key", "does not accept the key"),
        ("training_not_available", "does not let you start fine-tuning jobs"),
        ("rate_limit", "Too many requests"),
        ("daily_rate_limit", "The day's number of jobs"),
        ("server_error", "a problem of its own"),
        ("dropped_connection", "could not be reached"),
    ],
)
def test_a_rehearsed_error_is_explained(fault, what):
    practice = rehearse(fault)
    with pytest.raises(openai.OpenAIError) as caught:
        practice.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file="file-any")
    explanation = explain(caught.value)
    assert what in explanation.what and explanation.why and explanation.do_next
    assert explanation.what in str(explanation) and explanation.do_next in str(explanation)


def test_the_hosts_own_words_are_kept(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-9")
    explanation = explain(caught.value)
    assert "gpt-9" in explanation.said and explanation.request_id.startswith("req_") and explanation.status == 404


def test_a_file_that_is_not_jsonl_is_explained(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.files.create(file=("a.jsonl", b"a;b\n"), purpose="fine-tune")
    assert explain(caught.value).what == "The file is not JSONL"


def test_a_job_that_failed_its_safety_evaluation_is_explained(mattress):
    practice = rehearse("safety_evaluation")
    file = practice.files.create(file=mattress, purpose="fine-tune")
    job = practice.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id)
    assert "safety evaluation" in explain(practice.fine_tuning.jobs.retrieve(job.id)).what


def test_a_job_that_has_not_failed_says_so(client, tuned):
    assert "has not failed" in explain(client.fine_tuning.jobs.list().data[0]).what


def test_an_error_from_elsewhere_is_shown_as_it_is():
    assert explain(ValueError("odd")).said == "odd"
