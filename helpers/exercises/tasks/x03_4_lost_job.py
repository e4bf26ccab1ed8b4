"""03.4: recover a lost job id after a restart. The check asks a practice server on this computer."""

import json
from typing import Any

import openai
from openai import OpenAI
from openai.types.fine_tuning import FineTuningJob

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet
from helpers.exercises.shop import BASE, mattress
from helpers.hosts import rehearse

MARK = {"exercise": "03.4"}
# Suffix and number of examples, in the order in which they were started. Seven are too few: that job has failed.
STARTED = (("pillow", 15), ("bedframe", 7), ("bedframe", 15), ("blanket", 15))
LOST = 2


def material() -> OpenAI:
    """A client of a practice server on which somebody has started four jobs; they are made once."""
    client = rehearse()
    _jobs(client)
    return client


def _jobs(client: OpenAI) -> list[FineTuningJob]:
    """The four jobs, in the order in which they were started."""
    there = {job.metadata["place"]: job for job in client.fine_tuning.jobs.list() if _is_ours(job)}
    for place, (suffix, count) in enumerate(STARTED):
        if str(place) not in there:
            lines = "".join(json.dumps(example) + "\n" for example in mattress()[:count])
            file = client.files.create(file=(f"{suffix}.jsonl", lines.encode()), purpose="fine-tune")
            there[str(place)] = client.fine_tuning.jobs.create(
                model=BASE, training_file=file.id, suffix=suffix, metadata={**MARK, "place": str(place)}
            )
    return [client.fine_tuning.jobs.retrieve(there[str(place)].id) for place in range(len(STARTED))]


def _is_ours(job: FineTuningJob) -> bool:
    return (job.metadata or {}).get("exercise") == MARK["exercise"] and "place" in job.metadata


def judge(given: Any) -> str:
    id = read.text(given, 'the id of a job, such as "ftjob-..."').strip()
    if id.startswith("ft:"):
        raise NotYet("That is the name of the model. The job has an id of its own, which begins with ftjob-.")
    if id.startswith("file-"):
        raise NotYet("That is the id of a file. One file may have been given to several jobs.")
    if not id.startswith("ftjob-"):
        raise NotYet(f"Found {read.named(id)}; expected the id of a job. It begins with ftjob-.")
    try:
        jobs = _jobs(rehearse())
    except openai.OpenAIError as error:
        raise NotYet(f"The practice server was asked for its jobs and answered: {error}") from error
    found = next((job for job in jobs if job.id == id), None)
    if found is None:
        raise NotYet(
            "This practice server has no such job among the four. Did you ask `practice`, the client of this exercise?"
        )
    suffix = STARTED[jobs.index(found)][0]
    if suffix != STARTED[LOST][0]:
        raise NotYet(f"That job is there, and it made the model with the suffix {suffix}.")
    if found.id != jobs[LOST].id:
        raise NotYet(
            f"The suffix is right, and the status of this job is {found.status}: it made no model. There is another."
        )
    return "Found. A job belongs to the host, so its list of jobs is what remains when everything here is gone."


def the_job(place: int) -> FineTuningJob:
    return _jobs(rehearse())[place]


EXERCISE = Exercise(
    title="The lost job",
    task="""Your computer was stolen, and with it the notebook and the notes. You remember that you had made a
model with the suffix `bedframe`. Ask the host, through `practice` in the next cell, and find the id of the job
that made it.""",
    judge=judge,
    mistakes=[
        Mistake(lambda: the_job(1).id, "it made no model"),
        Mistake(lambda: the_job(3).id, "with the suffix blanket"),
        Mistake(lambda: the_job(LOST).fine_tuned_model, "the name of the model"),
        Mistake(lambda: the_job(LOST).training_file, "the id of a file"),
        Mistake("ftjob-07nvgvWtvgFDQ1tqWFu5UXQX", "no such job among the four"),
        Mistake("bedframe", "expected the id of a job"),
    ],
    hints=(
        "`practice.fine_tuning.jobs.list()` gives all of them. Print the id, the status and the model of each.",
        "The suffix stands in `job.fine_tuned_model`, which only a job that has succeeded has.",
    ),
    solution="""from helpers import exercise

practice = exercise("03.4").material()
jobs = practice.fine_tuning.jobs.list()
[attempt] = [job.id for job in jobs if job.fine_tuned_model and ":bedframe:" in job.fine_tuned_model]""",
    starter='practice = exercise("03.4").material()\nattempt = ...',
    material=material,
)
