"""What people call the columns of questions, answers, speakers and so on, in the languages that we know of."""

import re
import unicodedata
from functools import cache

Names = tuple[str, ...]

# The first group says plainly what the column is; the second may mean it.
QUESTION = tuple(
    (
        "question questions q frage fragen f pregunta preguntas domanda domande pergunta perguntas vraag "
        "vragen вопрос вопросы 问题 问 問題 問 質問 提问 質問内容 질문 문의 pytanie otazka otazky fraga "
        "spørsmål sporsmal sporgsmal kysymys kerdes soru erotisi ερωτηση السؤال سؤال שאלה प्रश्न คำถาม câuhỏi "
        "pertanyaan intrebare pitanje faq_question"
    ).split()
)
MAYBE_QUESTION = tuple(
    (
        "prompt instruction query user human input inquiry enquiry request customer client kunde kundin "
        "anfrage consulta mensaje nachricht message problem issue subject betreff asunto oggetto assunto "
        "objet title titel description beschreibung descripcion front vorderseite demande requete solicitud "
        "richiesta pedido запрос клиент 顾客 客户 用户 顧客 客戶 お問い合わせ 問い合わせ 고객 "
        "instruction_text comment post patterns utterances text"
    ).split()
)
ANSWER = tuple(
    (
        "answer answers a antwort antworten respuesta respuestas risposta risposte resposta respostas reponse "
        "reponses r antwoord antwoorden ответ ответы 答案 答 回答 答复 答覆 解答 回复 回覆 답변 답 odpowiedz "
        "odpoved odpovedi svar vastaus valasz cevap yanit απαντηση الجواب جواب إجابة תשובה उत्तर คำตอบ "
        "trảlời jawaban raspuns odgovor faq_answer"
    ).split()
)
MAYBE_ANSWER = tuple(
    (
        "completion response responses output assistant reply replies resolution solution losung loesung solucion "
        "soluzione solucao bot agent gpt target back ruckseite support staff 店员 客服 助手 返信 対応 해결 "
        "решение ergebnis bescheid ruckmeldung feedback erwiderung label"
    ).split()
)
SYSTEM = tuple("system system_prompt system_message systemprompt sys persona system_instruction 系统 系统提示".split())
SENDER = tuple(
    (
        "sender sender_name from from_name author author_name speaker user_name username name who role "
        "direction nick nickname absender von autor verfasser remitente de mittente da expediteur auteur "
        "afzender отправитель автор 发送者 发送人 发件人 昵称 说话人 送信者 発言者 보낸사람 display_name "
        "author_id sender_id from_id user_id user "
        "participant rolle rol ruolo"
    ).split()
)
TEXT = tuple(
    (
        "text message content body msg nachricht inhalt mensaje texto contenido messaggio testo contenu texte "
        "mensagem conteudo bericht сообщение текст 内容 消息 消息内容 文本 メッセージ 本文 메시지 내용 "
        "message_text plain_text comment utterance beitrag snippet"
    ).split()
)
TIME = tuple(
    (
        "timestamp timestamp_ms time date datetime created created_at sent sent_at ts datum zeit uhrzeit "
        "zeitpunkt fecha hora data ora heure дата время 时间 日期 日時 시간 날짜 update_time create_time"
    ).split()
)
CONVERSATION = tuple(
    (
        "conversation conversation_id thread thread_id chat chat_id ticket ticket_id case case_id session "
        "session_id dialog dialog_id dialogue_id dialogue conv_id conv issue_id room channel_id gesprach "
        "vorgang hilo caso 会话 对话 会话id 工单 会話 대화"
    ).split()
)
STATUS = tuple(
    "active status published deleted approved state enabled aktiv veroffentlicht estado activo stato 状态 状態".split()
)

# With one of these beside it, a known word names something else: question_id, answer count, Antwort-Datum.
_OTHERWISE = set(
    "id ids no nr num number count date datum time zeit url link lang language type typ status by author name code "
    "score rating length len category kategorie tags email mail phone at updated created 编号 日期 时间 类型".split()
)
# Names are run together in German, and not separated by blanks in Chinese, Japanese and Korean.
_STEMS_OF_QUESTIONS = ("frage", "问", "問", "질문")
_STEMS_OF_ANSWERS = ("antwort", "答", "답변", "回复", "回覆")
LONGEST_NAME = 500  # characters that are looked at: in longer ones, looking for brackets would take minutes
_WORDS = re.compile(r"[^\W_]+")
_PATH = re.compile(r"\S*[^\W\d][./]([^\W\d][^\s./]*)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def plain(name: object) -> str:
    """A name in small letters, without accents, brackets and signs: "Antwort (intern)" -> "antwort"."""
    text = re.sub(r"[(（\[{].*?[)）\]}]", " ", str(name)[:LONGEST_NAME])
    text = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text).casefold())
    text = unicodedata.normalize("NFC", "".join(sign for sign in text if unicodedata.category(sign) != "Mn"))
    return "_".join(_WORDS.findall(text))


def _rank(name: object, plainly: Names, maybe: Names, stems: Names) -> int:
    """How surely a name means something: 0 not at all, 4 it is its very name."""
    inner = _PATH.fullmatch(
        str(name)[:LONGEST_NAME]
    )  # of a part within another, the inner name counts: "text/q", "content.answer"
    text = plain(inner[1] if inner else name)
    words = text.split("_")
    if text in _plain_set(plainly):
        return 4
    if set(words) & _OTHERWISE:
        return 0
    if any(len(word) > 1 and word in _plain_set(plainly) for word in words) or any(stem in text for stem in stems):
        return 3
    if text in _plain_set(maybe):
        return 2
    known = sum(word in _plain_set(maybe) for word in words)
    return 2 if known > 1 else known


@cache
def _plain_set(names: Names) -> frozenset[str]:
    return frozenset(map(plain, names))


def question_rank(name: object) -> int:
    return _rank(name, QUESTION, MAYBE_QUESTION, _STEMS_OF_QUESTIONS)


def answer_rank(name: object) -> int:
    return _rank(name, ANSWER, MAYBE_ANSWER, _STEMS_OF_ANSWERS)


def is_question_name(name: object) -> bool:
    return question_rank(name) >= 2


def is_answer_name(name: object) -> bool:
    return answer_rank(name) >= 2


def is_one_of(name: object, names: Names) -> bool:
    return plain(name) in _plain_set(names)


def is_name_of_a_column(name: object) -> bool:
    """Whether a cell is most probably a name, and no data."""
    if question_rank(name) >= 3 or answer_rank(name) >= 3:
        return len(str(name)) <= 40 and not str(name).rstrip().endswith(("?", "？", ".", "。"))
    known = (SYSTEM, SENDER, TEXT, TIME, CONVERSATION, STATUS, MAYBE_QUESTION, MAYBE_ANSWER)
    return any(is_one_of(name, names) for names in known)
