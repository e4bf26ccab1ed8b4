"""Mailboxes and single mails, with the standard library: a reply stands above, the mail that it answers below it."""

import email
import mailbox
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from pathlib import Path

import lxml.html

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source
from helpers.own_file.text_cleaning import text_of

_FROM = re.compile(rb"^From \S+.*\r?\n(?:[A-Za-z-]+:|>From )", re.MULTILINE)
_HEADER = re.compile(
    rb"^(?:From|To|Subject|Date|Message-ID|Received|Return-Path|Delivered-To|MIME-Version):", re.IGNORECASE
)
# Programs that do not quote with > write the head of the old mail above it.
_OLD_HEAD = re.compile(
    r"^(?:-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|"
    r"mensaje original|message d'origine|messaggio originale|mensagem original|oorspronkelijk bericht|原始邮件|"
    r"元のメッセージ)\s*-{2,}|_{10,})\s*$",
    re.IGNORECASE,
)
_HEAD_LINE = re.compile(r"^\*?(?:from|von|de|da|van|发件人|寄件者|差出人|от)\s?[:：]\*?\s.*[@<]", re.IGNORECASE)
_LINE_OF_HEAD = re.compile(r"^\*?[\w ]{2,20}\s?[:：]")
FEWEST = 3  # mails in which a line must come back before it is taken for a greeting or a signature


def recognises(source: Source) -> str | None:
    head = source.raw_head()
    if _FROM.match(head) and (source.suffix in (".mbox", "", ".txt", ".mbx") or _HEADER.search(head)):
        return "A mailbox (mbox)."
    if source.suffix == ".eml" or (
        len(re.findall(_HEADER.pattern, head, re.MULTILINE | re.IGNORECASE)) >= 3 and _HEADER.match(head)
    ):
        return "A mail."
    return None


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    parts = [(place, message, *_parts(_body(message))) for place, message in _mails(source)]
    quoting = sum(bool(asked and said) for _, _, said, asked in parts)
    if quoting * 2 >= len(parts) and not arguments.assistants:
        said = _without_repeated([said for _, _, said, _ in parts], "answers", findings)
        asked = _without_repeated([asked for _, _, _, asked in parts], "questions", findings)
        records = []
        for (place, message, _, _), answer, question in zip(parts, said, asked, strict=True):
            records.append(Record(place, {
                "question": question, "answer": answer, "subject": _subject(message), "from": _sender(message),
            }))  # fmt: skip
        return Contents("Mails (mbox)", "Mails that answer what they quote.", records, question="question",
                        answer="answer", columns=["question", "answer", "subject", "from"])  # fmt: skip
    texts = _without_repeated([said or asked for _, _, said, asked in parts], "mails", findings)
    turns = [
        Record(
            place,
            {
                "sender": _sender(message),
                "time": str(message["date"] or ""),
                "conversation": _thread(message),
                "text": text,
            },
        )
        for (place, message, _, _), text in zip(parts, texts, strict=True)
    ]
    columns = ["sender", "time", "conversation", "text"]
    return Contents("Mails (mbox)", "Mails of several people.", turns, turns=True, columns=columns)


def _mails(source: Source) -> Iterator[tuple[str, EmailMessage]]:
    if not (recognises(source) or "").startswith("A mailbox"):
        with source.open() as file:
            yield "mail 1", email.message_from_binary_file(file, policy=default)
        return
    # mailbox reads only from a file of its own kind of lock and name; the learner's stays untouched.
    with tempfile.TemporaryDirectory() as folder, source.open() as file:
        copy = Path(folder) / "copy.mbox"
        copy.write_bytes(file.read().replace(b"\r\n", b"\n"))
        box = mailbox.mbox(
            copy, factory=lambda lines: email.message_from_binary_file(lines, policy=default), create=False
        )
        try:
            for number, key in enumerate(box.keys(), 1):
                yield f"mail {number}", email.message_from_bytes(box.get_bytes(key), policy=default)
        finally:
            box.close()


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, UnicodeDecodeError):  # an encoding that does not exist
        content = (part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    text = _text_of_html(content) if part.get_content_subtype() == "html" else content
    return str(text).replace("\r\n", "\n")


def _text_of_html(content: str) -> str:
    """A mail of HTML as one of text: what it quotes stands behind >."""
    if not content.strip():
        return ""
    root = lxml.html.document_fromstring(content)
    for quotation in reversed(root.xpath("//blockquote")):
        lines = text_of(quotation).split("\n")
        for child in list(quotation):
            quotation.remove(child)
        quotation.tag, quotation.text = "pre", "\n".join(f"> {line}" for line in lines)
    return text_of(root)


def _parts(body: str) -> tuple[str, str]:
    """What was written, and what was quoted, without the line that says who wrote it."""
    lines = body.split("\n")
    head = next(
        (n for n, line in enumerate(lines) if _OLD_HEAD.match(line.strip()) or _HEAD_LINE.match(line.strip())), None
    )
    quoted_at = next((n for n, line in enumerate(lines) if line.startswith(">")), None)
    if head is not None and (quoted_at is None or head < quoted_at):
        old = lines[head + 1 :] if _OLD_HEAD.match(lines[head].strip()) else lines[head:]
        while old and (not old[0].strip() or _LINE_OF_HEAD.match(old[0].strip())):
            old.pop(0)
        return _without_signature(lines[:head]), _without_signature([line.lstrip("> ") for line in old])
    written: list[str] = []
    quoted: list[str] = []
    for line in lines:
        if not line.startswith(">"):
            written.append(line)
        elif not line.replace(" ", "").startswith(">>"):  # what the other had quoted is of an older mail
            if not quoted or not lines[lines.index(line) - 1].startswith(">"):
                _drop_attribution(written)
            quoted.append(line[1:].removeprefix(" "))
    return _without_signature(written), _without_signature(quoted)


def _drop_attribution(written: list[str]) -> None:
    """The line above a quotation that ends with a colon ("On Monday Ana wrote:"), which may be broken in two."""
    while written and not written[-1].strip():
        written.pop()
    if written and written[-1].rstrip().endswith((":", "：")):
        written.pop()
        if (
            written
            and written[-1].strip()
            and len(written) > 1
            and not written[-2].strip()
            and re.search(r"\d", written[-1])
        ):
            written.pop()


def _without_signature(lines: list[str]) -> str:
    end = next((n for n, line in enumerate(lines) if line.rstrip("\r") in ("-- ", "--")), len(lines))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines[:end])).strip()


def _without_repeated(texts: list[str], what: str, findings: Findings) -> list[str]:
    """Greetings and closing lines that most mails have in common teach nothing but themselves; they are named."""
    split = [[line for line in text.split("\n")] for text in texts]
    for end, name in ((0, "begin"), (-1, "end")):
        while True:
            lines = Counter(each[end].strip() for each in split if len(each) > 1 and each[end].strip())
            line, count = lines.most_common(1)[0] if lines else ("", 0)
            if count < FEWEST or count * 2 < len(texts):
                break
            findings.note(f'{count} {what} {name} with "{line}"; it was left out')
            for each in split:
                if len(each) > 1 and each[end].strip() == line:
                    each.pop(end)
                while len(each) > 1 and not each[end].strip():
                    each.pop(end)
    return ["\n".join(each).strip() for each in split]


def _sender(message: EmailMessage) -> str:
    name, address = parseaddr(str(message["from"] or ""))
    return address or name


def _subject(message: EmailMessage) -> str:
    return re.sub(
        r"^(?:(?:re|aw|antw|fwd?|wg|sv|rv|res|回复|答复|转发)\s*(?:\[\d+\])?\s*[:：]\s*)+",
        "",
        str(message["subject"] or ""),
        flags=re.IGNORECASE,
    ).strip()


def _thread(message: EmailMessage) -> str:
    return _subject(message).casefold()
