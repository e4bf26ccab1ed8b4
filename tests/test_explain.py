"""Every error that people meet is explained with what to do, and nobody is quoted who was not asked."""

import json
import socket
import threading
from pathlib import Path

import openai
import pytest

from helpers.connection import environment
from helpers.examples_from import examples_from
from helpers.explain import explain
from helpers.hosts import connect, rehearse
from tests.other_host import HTML, only_these_names, other_host


@pytest.fixture
def other():
    with other_host() as host:
        host.answers.clear()
        yield host


def client_of(url: str, key: str = "k") -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key=key, max_retries=0)


def caught_from(call, *arguments, **options):
    with pytest.raises(Exception) as caught:  # which one it is, is the library's choice
        call(*arguments, **options)
    return caught.value


# --- what a host said ----------------------------------------------------------------------------------------------


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
def test_a_planted_fault_is_explained(fault, what):
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
    assert "the host said" in str(explanation)


def test_an_id_that_the_host_does_not_know_is_explained(client):
    explanation = explain(caught_from(client.files.retrieve, "file-of-another-host"))
    assert explanation.what == "The host does not know this id" and "file-of-another-host" in explanation.said


def test_a_file_that_is_not_jsonl_is_explained(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.files.create(file=("a.jsonl", b"a;b\n"), purpose="fine-tune")
    assert explain(caught.value).what == "The file is not JSONL"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("shop.csv", "question;answer\nHow firm is it?;Medium.\n"),
        ("array.json", '[{"question": "How firm is it?", "answer": "Medium."}]'),
        ("pretty.json", '[\n  {\n    "question": "How firm is it?",\n    "answer": "Medium."\n  }\n]\n'),
        ("chat.txt", "Q: How firm is it?\nA: Medium.\n"),
    ],
)
def test_a_file_that_the_upload_refuses_is_explained_with_the_call_that_reads_it(client, tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    explanation = explain(caught_from(client.files.create, file=path, purpose="fine-tune"))
    assert explanation.what == "The file is not JSONL" and "examples_from(path)" in explanation.do_next
    assert examples_from(path)[0]["messages"][-1]["content"] == "Medium."


@pytest.mark.parametrize(
    "example",
    [
        {"conversations": [{"from": "human", "value": "How firm is it?"}, {"from": "gpt", "value": "Medium."}]},
        {"instruction": "How firm is it?", "input": "", "output": "Medium."},
        {"prompt": "How firm is it?", "completion": "Medium."},
        {"question": "How firm is it?", "answer": "Medium."},
    ],
)
def test_a_job_with_the_file_of_another_program_is_explained_with_the_call_that_reads_it(client, tmp_path, example):
    path = tmp_path / "theirs.jsonl"
    path.write_text(f"{json.dumps(example)}\n" * 12, encoding="utf-8")
    file = client.files.create(file=path, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id)
    explanation = explain(client.fine_tuning.jobs.retrieve(job.id))
    assert "not in OpenAI's format" in explanation.what and "examples_from(path)" in explanation.do_next
    assert examples_from(path)[0]["messages"][-1]["content"] == "Medium."


def test_a_job_that_failed_its_safety_evaluation_is_explained(mattress):
    practice = rehearse("safety_evaluation")
    file = practice.files.create(file=mattress, purpose="fine-tune")
    job = practice.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id)
    assert "safety evaluation" in explain(practice.fine_tuning.jobs.retrieve(job.id)).what


def test_a_job_that_has_not_failed_says_so_and_quotes_nobody(client, tuned):
    explanation = explain(client.fine_tuning.jobs.list().data[0])
    assert "has not failed" in explanation.what and "said" not in str(explanation)


def test_a_key_of_another_host_is_explained_for_a_host_that_is_not_openai(server):
    explanation = explain(caught_from(client_of(server.base_url, "sk-of-openai-012345").models.list))
    assert "does not accept the key" in explanation.what and "belongs to another host" in explanation.why
    assert "a practice server" in explanation.do_next and "sk-of-openai" not in str(explanation)


# --- a wrong address is no unknown id ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        (404, {"detail": "Not Found"}),
        (404, {"error": {"message": "Invalid URL (GET /v1/files/file-1)"}}),
        (404, "404 page not found", "text/plain"),
        (404, ""),
    ],
)
def test_a_path_that_the_host_does_not_have_is_no_unknown_id(other, answer):
    other.answers["/v1/files/file-1"] = answer
    explanation = explain(caught_from(client_of(other.url).files.retrieve, "file-1"))
    assert explanation.what == "The host has nothing at this address: GET /v1/files/file-1"
    assert "/v1" in explanation.do_next and "id" not in explanation.what.split()


@pytest.mark.parametrize(
    "body", [{"object": "error", "message": "No file file-1.", "code": 404}, {"detail": "file-1 does not exist"}]
)
def test_an_unknown_id_is_known_in_other_hosts_words_too(other, body):
    other.answers["/v1/files/file-1"] = (404, body)
    explanation = explain(caught_from(client_of(other.url).files.retrieve, "file-1"))
    assert explanation.what == "The host does not know this id" and "file-1" in explanation.said


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_web_page_is_no_host(other, status):
    other.answers["/v1/files/file-1"] = (status, "<html>Welcome to our site</html>", HTML)
    explanation = explain(caught_from(client_of(other.url).files.retrieve, "file-1"))
    assert explanation.what == "A web page answered, and not an API" and "<html>" not in str(explanation)


def test_a_page_that_stands_before_a_host_in_trouble_is_the_hosts_trouble(other):
    other.answers["/v1/files/file-1"] = (502, "<html>Bad gateway</html>", HTML)
    explanation = explain(caught_from(client_of(other.url).files.retrieve, "file-1"))
    assert "a problem of its own" in explanation.what


# --- nobody was asked, or nobody answered --------------------------------------------------------------------------


def quotes_nobody(error: Exception) -> bool:
    return "the host said" not in str(explain(error)) and "the host said" not in explain(error)._repr_html_()


def test_a_missing_key_is_not_an_answer(monkeypatch):
    monkeypatch.setattr(environment, "ORIGINAL", dict.fromkeys(environment.VARIABLES))
    error = caught_from(connect, "openai")
    explanation = explain(error)
    assert "nobody was asked" in explanation.what and "connect_form()" in explanation.do_next and quotes_nobody(error)
    assert 'connect("practice")' in explanation.do_next


def test_a_client_that_could_not_be_made_is_not_an_answer():
    error = caught_from(openai.OpenAI)
    assert "nobody was asked" in explain(error).what and "connect()" in explain(error).do_next and quotes_nobody(error)


def test_an_address_at_which_nobody_listens_is_explained():
    error = caught_from(client_of("http://127.0.0.1:9/v1").models.list)
    assert "no program listens at http://127.0.0.1:9" in explain(error).what and quotes_nobody(error)


def test_a_name_that_no_computer_has_is_explained(monkeypatch):
    only_these_names(monkeypatch)
    error = caught_from(client_of("https://api.opnai.example/v1").models.list)
    assert "no computer is known by the name in https://api.opnai.example" in explain(error).what
    assert quotes_nobody(error)


def test_https_where_http_is_spoken_is_explained(other):
    error = caught_from(client_of(other.url.replace("http:", "https:")).models.list)
    assert "no safe connection" in explain(error).what and "http://" in explain(error).why and quotes_nobody(error)


def test_http_where_https_is_spoken_is_explained(monkeypatch):
    only_these_names(monkeypatch, "llama.example")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True).start()
        error = caught_from(client_of(f"http://llama.example:{listening.getsockname()[1]}/v1").models.list)
    assert "https://llama.example/" in explain(error).do_next and quotes_nobody(error)


def test_a_host_that_connect_could_not_use_is_explained_by_what_stood_in_the_way(other):
    other.key = "right"
    error = caught_from(connect, other.url, key="wrong")
    explanation = explain(error)
    assert "does not accept the key" in explanation.what and "Incorrect API key" in explanation.said
    assert 'connect("practice")' in explanation.do_next and explanation.status == 401


def test_a_file_that_is_named_by_a_text_is_explained(client, mattress):
    error = caught_from(client.files.create, file=str(mattress), purpose="fine-tune")
    assert explain(error).what == "The file was given as a text, so nothing was sent"
    assert "open(path" in explain(error).do_next and quotes_nobody(error)


def test_a_file_that_was_opened_as_text_is_explained(client, mattress):
    with open(mattress, encoding="utf-8") as file:
        error = caught_from(client.files.create, file=file, purpose="fine-tune")
    assert "opened as text" in explain(error).what and '"rb"' in explain(error).do_next and quotes_nobody(error)


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("File", "client.files.create("),
        ("FineTuningJob", "client.fine_tuning.jobs.create("),
        ("FineTune", "client.fine_tuning.jobs.create("),
        ("ChatCompletion", "client.chat.completions.create("),
        ("Model", "client.models.list()"),
        ("Customer", "below client"),
    ],
)
def test_a_call_of_an_old_guide_is_explained_with_the_one_of_today(name, instead):
    error = caught_from(lambda: getattr(openai, name).create(model="gpt-3.5-turbo"))
    explanation = explain(error)
    assert f"openai.{name} was removed" in explanation.what and instead in explanation.do_next and quotes_nobody(error)


@pytest.mark.parametrize(("name", "instead"), [("error", "openai.RateLimitError"), ("api_base", "base_url=")])
def test_a_name_of_an_old_guide_is_explained_with_the_one_of_today(name, instead):
    error = caught_from(lambda: getattr(openai, name))
    assert instead in explain(error).do_next and quotes_nobody(error)


def test_an_answer_that_is_read_as_a_dict_is_explained(client, tuned):
    answer = client.chat.completions.create(model=tuned, messages=[{"role": "user", "content": "Hello"}])
    assert "answer.choices[0].message.content" in explain(caught_from(lambda: answer["choices"])).do_next


@pytest.mark.parametrize("key", ["sk-line-break-012345\n", "sk-line\nbreak-012345", "sk-密钥-012345"])
def test_a_key_that_cannot_be_sent_is_explained_and_not_shown(server, key):
    error = caught_from(client_of(server.base_url, key).models.list)
    explanation = explain(error)
    assert "cannot be sent" in explanation.what and quotes_nobody(error) and "012345" not in str(explanation)


# --- an id that is none ---------------------------------------------------------------------------------------------


def failed_job(client):
    file = client.files.create(file=("two.jsonl", b'{"messages": []}\n' * 2), purpose="fine-tune")
    return client.fine_tuning.jobs.retrieve(
        client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id).id
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda client, model: client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}]),
        lambda client, model: client.responses.create(model=model, input="Hi"),
        lambda client, model: client.models.retrieve(model),
    ],
)
def test_the_model_of_a_failed_job_is_explained(client, call):
    model = failed_job(client).fine_tuned_model
    explanation = explain(caught_from(call, client, model))
    assert model is None and "No model was named" in explanation.what and "explain(job)" in explanation.do_next


def test_an_id_that_is_none_is_explained(client):
    error = caught_from(client.fine_tuning.jobs.retrieve, None)
    assert "fine_tuning_job_id is None" in explain(error).what and quotes_nobody(error)


@pytest.mark.parametrize("named", ["data/mydata.jsonl", "file-of-another-host", None])
def test_a_training_file_that_is_no_id_of_this_host_is_explained(client, named):
    error = caught_from(client.fine_tuning.jobs.create, model="gpt-4.1-mini-2025-04-14", training_file=named)
    assert "no id of a file" in explain(error).what and "training_file=file.id" in explain(error).do_next


def test_a_tuned_model_that_is_tuned_again_is_explained_with_its_base_model(client, tuned):
    file = client.files.list().data[0].id
    error = caught_from(client.fine_tuning.jobs.create, model=tuned, training_file=file)
    assert "cannot be tuned again" in explain(error).what
    assert 'model="gpt-4.1-mini-2025-04-14"' in explain(error).do_next


def test_a_file_that_is_not_there_quotes_nobody(client):
    error = caught_from(client.files.create, file=Path("not there.jsonl"), purpose="fine-tune")
    assert quotes_nobody(error) and "not there.jsonl" in explain(error).said


def test_an_error_from_elsewhere_is_shown_as_it_is():
    assert explain(ValueError("odd")).said == "odd" and quotes_nobody(ValueError("odd"))
