"""What the teacher's page is told."""

import time

import openai
import pytest

from helpers.course_data.paths import DATA
from helpers.practice.room.overview import DISK_IS_SHORT, MEMORY_IS_SHORT, overview, what_is_short
from helpers.practice.room.server import start_room

GIGABYTE = 10**9


@pytest.mark.parametrize(
    ("disk", "memory", "said"),
    [
        (50 * GIGABYTE, 8 * GIGABYTE, []),
        (1 * GIGABYTE, 8 * GIGABYTE, [DISK_IS_SHORT]),
        (50 * GIGABYTE, GIGABYTE // 2, [MEMORY_IS_SHORT]),
        (0, 0, [DISK_IS_SHORT, MEMORY_IS_SHORT]),
    ],
)
def test_what_is_nearly_used_up_is_said(disk, memory, said):
    assert what_is_short(disk, memory) == said


def test_one_upload_and_one_job_are_one_file_and_one_model(tmp_path):
    """Not the file of results and the checkpoints, which the learner has not asked for."""
    room = start_room(["Ada"], tmp_path / "room", job_seconds=0.1)
    try:
        ada = openai.OpenAI(base_url=room.base_url, api_key=room.new_keys["Ada"])
        file = ada.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
        job = ada.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id)
        deadline = time.monotonic() + 30
        while job.status != "succeeded" and time.monotonic() < deadline:
            time.sleep(0.1)
            job = ada.fine_tuning.jobs.retrieve(job.id)
        assert len(ada.files.list().data) > 1 and job.status == "succeeded"
        (seen,) = overview(room.room.learners, room.home, 0)["learners"]
        assert (seen["files"], seen["models"]) == (1, 1)
    finally:
        room.stop()
