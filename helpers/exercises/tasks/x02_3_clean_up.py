"""02.3: delete the files on the host that are there twice, and no other."""

from helpers.exercises.kinds import Item, pick

EXERCISE = pick(
    title="Clean up",
    task="""Six files are on your host. Your notes name `file-2` (for training) and `file-6` (for validation),
and the next job will use both. Pick those that can be deleted because the host keeps the same content
elsewhere.""",
    items={
        "file-1": Item(
            "mydata.jsonl, 5481 bytes, sha256 a41c...",
            True,
            "Missing: its content is that of file-2, which your notes name. It can go.",
        ),
        "file-2": Item(
            "mydata.jsonl, 5481 bytes, sha256 a41c...",
            False,
            "Your notes name this one, and the next job would not find it. Keep it and delete its twins.",
        ),
        "file-3": Item(
            "mydata.jsonl, 5502 bytes, sha256 77b0...",
            False,
            "The same name, and other content. A name says nothing; compare the check sums.",
        ),
        "file-4": Item(
            "mydata-final.jsonl, 5481 bytes, sha256 a41c...",
            True,
            "Missing: another name, and the same content as file-2. The check sum tells.",
        ),
        "file-5": Item(
            "questions.jsonl, 1860 bytes, sha256 0c9e...",
            False,
            "As many bytes as file-6, and another check sum: other content. Keep it.",
        ),
        "file-6": Item(
            "validation.jsonl, 1860 bytes, sha256 3f52...",
            False,
            "Your notes name it for validation, and nothing else has its content.",
        ),
    },
    after="`upload_file` compares content and not names, so with it there would have been no twins.",
    hints=(
        "Neither the name nor the number of bytes is enough.",
        "Three have the check sum a41c. One of them is noted.",
    ),
)
