"""The scripts to copy run alone, against a practice server, with nothing but `openai`."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from helpers.course_data.paths import DATA, ROOT

SCRIPT = ROOT / "scripts" / "fine_tune_and_measure.py"
# The script waits five seconds between two looks at the job; simulated jobs end at once.
WITHOUT_WAITING = """
import runpy, time
time.sleep = lambda seconds: None
runpy.run_path("script.py", run_name="__main__")
"""


@pytest.fixture
def folder(tmp_path):
    """A folder of somebody's own, with a space and Chinese characters in its name."""
    folder = tmp_path / "my scripts 脚本"
    folder.mkdir()
    shutil.copy(SCRIPT, folder / "script.py")
    shutil.copy(DATA / "mydata.jsonl", folder)
    rows = [json.loads(line) for line in (DATA / "heldout_questions.jsonl").read_text("utf-8").splitlines()[::20]]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


def run(server, folder, *arguments):
    environment = {**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": server.key}
    # -I: without the course on the path, as in somebody's own script; -X utf8: Windows.
    return subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", WITHOUT_WAITING, *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip


def test_one_script_goes_from_data_to_evaluation(server, folder):
    done = run(server, folder, "mydata.jsonl", "questions.jsonl")
    assert done.returncode == 0, done.stderr
    base, tuned, paired = done.stdout.splitlines()[-3:]
    assert base == "gpt-4.1-mini-2025-04-14: 0 of 11 right"
    assert re.fullmatch(r"ft:gpt-4\.1-mini-2025-04-14:personal:measured:\w+: [1-9] of 11 right", tuned)
    assert re.fullmatch(r"only the base: 0   only the tuned: [1-9]", paired)


def test_a_job_that_fails_ends_the_script_with_its_reason(server, folder):
    lines = (folder / "mydata.jsonl").read_text("utf-8").splitlines()[:7]
    (folder / "seven.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = run(server, folder, "seven.jsonl", "questions.jsonl")
    assert done.returncode == 1 and "must have at least 10 examples" in done.stderr


def test_the_script_is_short_and_needs_only_openai():
    code = SCRIPT.read_text(encoding="utf-8").split('"""')[2]
    assert len([line for line in code.splitlines() if line.strip()]) <= 42
    imported = set(re.findall(r"^(?:from|import) (\w+)", code, re.M))
    assert imported <= {"openai", *sys.stdlib_module_names}
