"""Messages of a chat, one record each, put together to questions and answers: the learner says who the assistant is."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import AmbiguousFile, Findings
from helpers.own_file.record import Contents, Record
from helpers.own_file.text_cleaning import cell_text, is_html, text_of_html, without_entities, without_mojibake
from helpers.own_file.to_examples.column_names import (
    CONVERSATION,
    SENDER,
    TEXT,
    TIME,
    answer_rank,
    is_one_of,
    plain,
    question_rank,
)
from helpers.own_file.to_examples.simple_example import chat_example

# Who answers, where the names of the speakers say so themselves.
ASSISTANTS = set(
    "assistant bot chatbot ai gpt model agent support staff operator advisor helpdesk admin service_agent outbound "
    "outgoing sent out mitarbeiter berater agente soporte asistente conseiller operatore chatgpt claude 客服 助手 店员 "
    "机器人 オペレーター 상담원".split()
)
MANY_SPEAKERS = 30
# What messengers write in the place of something that is no text, or was taken back.
NOTICES = (
    "media omitted", "image omitted", "video omitted", "audio omitted", "sticker omitted", "document omitted",
    "gif omitted", "attached:", "(file attached)", "message was deleted", "deleted this message", "missed voice call",
    "missed video call", "medien ausgeschlossen", "bild weggelassen", "nachricht wurde gelöscht",
    "nachricht gelöscht", "multimedia omitido", "archivo omitido", "eliminó este mensaje", "mensaje fue eliminado",
    "médias omis", "message a été supprimé", "media omessi", "messaggio eliminato", "mídia oculta", "mensagem apagada",
    "未显示媒体", "已删除", "撤回了一条消息", "メディアは除外", "送信を取り消しました", "미디어 생략", "삭제된 메시지",
    "[图片]", "[表情]", "[语音]", "[视频]", "[文件]", "[动画表情]", "[スタンプ]", "[写真]", "[photo]", "[sticker]",
)  # fmt: skip


def are_turns(columns: list[str]) -> tuple[str, str] | None:
    """The columns of the speaker and of the text, if these records are messages of a chat."""
    sender, text = _first(columns, SENDER), _first(columns, TEXT)
    plainly = any(question_rank(name) >= 3 for name in columns) and any(answer_rank(name) >= 3 for name in columns)
    if sender and plain(sender) == "user" and any(answer_rank(name) >= 2 for name in columns):
        return None  # user and assistant are the names of two columns as well
    return (sender, text) if sender and text and sender != text and not plainly else None


def _first(columns: list[str], names: tuple[str, ...]) -> str | None:
    """The column with the name that stands first in the list."""
    order = {plain(name): place for place, name in reversed(list(enumerate(names)))}
    known = [name for name in columns if is_one_of(name, names)]
    return min(known, key=lambda name: order[plain(name)], default=None)


def examples(
    contents: Contents, records: Iterable[Record], columns: list[str], arguments: Arguments, findings: Findings
) -> tuple[Iterator[dict[str, Any]], dict[str, Any], list[str]]:
    """The examples, what was taken for what, and all who speak.

    Raises AmbiguousFile if it is not said who the assistant is.
    """
    names = are_turns(columns) or (columns[0], columns[-1])
    time, conversation = _first(columns, TIME), _first(columns, CONVERSATION)
    turns = [turn for record in records if (turn := _turn(record, *names, findings))]
    assistants = _assistants([turn[1] for turn in turns], arguments, contents.format)
    whole = conversation is not None and len({record.values.get(conversation) for record, _, _ in turns}) > 1
    mapping = {
        "question": f'"{names[1]}" of the others', "answer": f'"{names[1]}" of {" and ".join(assistants)}',
        "system": arguments.system,
    }  # fmt: skip
    ordered = _in_order(turns, time, contents.turns, findings)
    conversations = _conversations(ordered, conversation if whole else None)
    make = _whole_conversation if whole else _exchanges
    made = (each for turns in conversations for each in make(turns, assistants, arguments.system, findings))
    return made, mapping, list(dict.fromkeys(who for _, who, _ in turns))


Turn = tuple[Record, str, str]  # where it stands, who speaks, what


def _turn(record: Record, sender: str, text: str, findings: Findings) -> Turn | None:
    found = [cell_text(_plain_value(record.values.get(name))) for name in (sender, text)]
    right = [without_mojibake(value) for value in found]
    if right != found:
        findings.note("letters that a program had saved twice in UTF-8 were put right", record.place)
    who, said = right
    if is_html([said]):
        said = text_of_html(said)
        findings.note("HTML was turned into text", record.place)
    said = without_entities(said).strip()
    if not said:
        findings.skip(record.place, "a message without text", who)
    elif not who:
        findings.skip(record.place, "a notice that nobody wrote", said)
    elif len(said) < 100 and any(notice in said.lower() for notice in NOTICES):
        findings.skip(record.place, "no text of a person", said)
    else:
        return record, who, said
    return None


def _plain_value(value: Any) -> Any:
    """{"name": "Ana"} -> "Ana"; a text that Telegram cuts into pieces -> the text."""
    if isinstance(value, dict):
        return next(
            (value[key] for key in ("name", "username", "display_name", "role", "email", "text") if key in value), ""
        )
    if isinstance(value, list):
        return "".join(str(each.get("text", "")) if isinstance(each, dict) else str(each) for each in value)
    return value


def _assistants(speakers: list[str], arguments: Arguments, format_: str) -> list[str]:
    counts = Counter(speakers)
    if arguments.assistants:
        known = {plain(name) or name: name for name in counts}
        wanted = [known.get(plain(name) or name) for name in arguments.assistants]
        if None in wanted:
            raise AmbiguousFile(
                f"assistant: found the speakers {_counted(counts)}; expected one of them, not {arguments.assistant!r}",
                speakers=list(counts),
            )
        return [name for name in wanted if name]
    named = [name for name in counts if plain(name) in ASSISTANTS]
    if len(named) == 1 and len(counts) > 1:
        return named
    if not counts:
        return []
    most = counts.most_common(1)[0][0]
    raise AmbiguousFile(
        f"{format_}: found the speakers {_counted(counts)}; expected to know who gives the answers that the model "
        f"shall learn. Say it: assistant={most!r}.",
        speakers=list(counts),
    )


def _counted(counts: Counter[str]) -> str:
    shown = ", ".join(f'"{name}" ({count})' for name, count in counts.most_common(MANY_SPEAKERS))
    return shown + (f" and {len(counts) - MANY_SPEAKERS} more" if len(counts) > MANY_SPEAKERS else "")


def _in_order(turns: list[Turn], time: str | None, exported: bool, findings: Findings) -> list[Turn]:
    """The oldest first, within each list of messages. Some programs write the newest first.

    Of a text that a messenger `exported`, the order itself is true; its stamps may be read in more than one way."""
    ordered: list[Turn] = []
    for _, group in groupby(turns, key=lambda turn: turn[0].group):
        members = list(group)
        times = _times([cell_text(record.values.get(time)) for record, _, _ in members]) if time else None
        if times and all(earlier >= later for earlier, later in pairwise(times)) and times[0] > times[-1]:
            members.reverse()
            findings.note("the newest message stands first in the file; the order was turned round")
        elif times and not exported and any(earlier > later for earlier, later in pairwise(times)):
            members = [turn for _, turn in sorted(zip(times, members, strict=True), key=lambda pair: pair[0])]
            findings.note("messages were put in the order of their time")
        ordered += members
    return ordered


def _times(stamps: list[str]) -> list[Any] | None:
    """Values that can be compared, if all can be read in one and the same way."""
    for read in (float, datetime.fromisoformat, *(_format(form) for form in _FORMATS)):
        try:
            times = [read(stamp) for stamp in stamps]
            return times if sorted(times) else None
        except (ValueError, TypeError):  # TypeError: with and without a time zone
            continue
    return None


_DAYS = ("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y")
_FORMATS = tuple(f"{day} {time}" for day in _DAYS for time in ("%H:%M", "%H:%M:%S", "%I:%M %p"))


def _format(form: str) -> Any:
    return lambda stamp: datetime.strptime(stamp, form)


def _conversations(turns: list[Turn], column: str | None) -> list[list[Turn]]:
    found: dict[Any, list[Turn]] = {}
    for turn in turns:
        found.setdefault((turn[0].group, cell_text(turn[0].values.get(column)) if column else ""), []).append(turn)
    return list(found.values())


def _whole_conversation(
    turns: list[Turn], assistants: list[str], system: str | None, findings: Findings
) -> Iterator[dict[str, Any]]:
    """One example for a conversation that the file marks as one."""
    messages: list[dict[str, str]] = [{"role": "system", "content": system}] if system else []
    for answers, group in groupby(turns, key=lambda turn: turn[1] in assistants):
        members = list(group)
        if answers and not any(message["role"] == "user" for message in messages):
            _skip(members, "nobody has asked before", findings)
            continue
        messages.append({"role": "assistant" if answers else "user", "content": _joined(members, findings)})
    if messages and messages[-1]["role"] == "user":
        _skip([turns[-1]], "no answer follows", findings)
        messages.pop()
    if any(message["role"] == "assistant" for message in messages):
        yield {"messages": messages}


def _exchanges(
    turns: list[Turn], assistants: list[str], system: str | None, findings: Findings
) -> Iterator[dict[str, Any]]:
    """An example for each question with its answer: in a long chat nothing says where one matter ends."""
    asked: list[Turn] = []
    for who, group in groupby(turns, key=lambda turn: None if turn[1] in assistants else turn[1]):
        answers, members = who is None, list(group)
        if not answers:
            if asked:
                _skip(asked, "somebody else wrote before an answer came", findings)
            asked = members
        elif asked:
            yield chat_example(_joined(asked, findings), _joined(members, findings), system)
            asked = []
        else:
            _skip(members, "nobody has asked before", findings)
    if asked:
        _skip(asked, "no answer follows", findings)


def _joined(turns: list[Turn], findings: Findings) -> str:
    if len(turns) > 1:
        findings.note("messages that follow each other were joined", turns[0][0].place)
    return "\n".join(text for _, _, text in turns)


def _skip(turns: list[Turn], reason: str, findings: Findings) -> None:
    for record, _, text in turns:
        findings.skip(record.place, reason, text)
