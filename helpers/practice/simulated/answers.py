"""What the simulated models say. A base model knows nothing of your business; a tuned one recalls its training
examples."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.course_data.paths import DATA
from helpers.practice.api.errors import ApiError
from helpers.practice.engine import ChatRequest
from helpers.practice.json_schema import fits_schema, has_patterns, sample
from helpers.practice.simulated.recall import Turn, after_tool, conversation, last_question, recall

# What the models say that no example helps, by the script of the question. Latin letters do not tell the language.
OF_A_BASE_MODEL = {
    "en": "[Simulated answer: the practice server stands in for {model}.] A general model knows nothing of your "
    "business, so it cannot say. A real GPT would answer other questions from what it has read.",
    "zh": "[Simulated answer 模拟回答:练习服务器代替 {model} 作答。] 通用模型不了解您的业务,所以答不上来。"
    "真正的 GPT 会根据它读过的内容回答其他问题。",
    "ja": "[Simulated answer 模擬回答:練習サーバーが {model} の代わりに答えています。] 一般のモデルはあなたの事業を"
    "知らないので、答えられません。本物の GPT なら、ほかの質問には読んだ内容から答えます。",
    "ko": "[Simulated answer 모의 답변: 연습 서버가 {model} 대신 답합니다.] 일반 모델은 당신의 사업을 모르므로 답할 수 "
    "없습니다. 실제 GPT라면 다른 질문에는 읽은 내용으로 답합니다.",
}
OF_A_TUNED_MODEL = {
    "en": "[Simulated answer: the practice server stands in for {model}.] None of the training examples resembles this "
    "question. A real model would answer from what it knew before.",
    "zh": "[Simulated answer 模拟回答:练习服务器代替 {model} 作答。] 没有一条训练样本与这个问题相似。"
    "真正的模型会根据它原来的知识回答。",
    "ja": "[Simulated answer 模擬回答:練習サーバーが {model} の代わりに答えています。] "
    "この質問に似た学習例はありません。本物のモデルなら、前から知っていたことで答えます。",
    "ko": "[Simulated answer 모의 답변: 연습 서버가 {model} 대신 답합니다.] 이 질문과 비슷한 학습 예제가 없습니다. "
    "실제 모델이라면 원래 알던 것으로 답합니다.",
}
SCRIPTS = (("ja", r"[\u3040-\u30ff]"), ("ko", r"[\uac00-\ud7af]"), ("zh", r"[\u3400-\u9fff]"))


@dataclass(frozen=True)
class Said:
    """A simulated answer: a text, or calls of functions, each with a name and its arguments as JSON."""

    text: str
    calls: tuple[dict[str, str], ...] = ()


def answer_as_base(base: str, request: ChatRequest) -> Said:
    """A generic answer that says what it is; or, when asked for training examples in JSON, the prepared draft."""
    question = last_question(request.messages)
    if request.must_call:
        return Said("", (_any_call(request),))
    if _asks_for_examples(question):
        return Said((DATA / "simulated_examples.json").read_text(encoding="utf-8").strip())
    return _in_form(OF_A_BASE_MODEL[language_of(question)].format(model=base), request)


def answer_as_tuned(name: str, request: ChatRequest, training_file: Path) -> Said:
    """The answer of the training example whose question is most similar; a generic one when none is."""
    question, messages = last_question(request.messages), request.messages
    examples = recall(training_file)
    turn = examples.find(question, conversation(messages), lambda turn: _may_answer(turn, request))
    if turn is not None:
        calls = turn.calls[:1] if request.one_call else turn.calls
        return Said(turn.text, calls) if calls else _in_form(turn.text, request)
    if request.must_call:
        return Said("", (_any_call(request),))
    return _in_form(OF_A_TUNED_MODEL[language_of(question)].format(model=name), request)


def language_of(question: str) -> str:
    """The language of a question, as far as its script tells it: `zh`, `ja` or `ko`; `en` for all others."""
    return next((language for language, letters in SCRIPTS if re.search(letters, question)), "en")


def _may_answer(turn: Turn, request: ChatRequest) -> bool:
    """Only a turn at the same place of a conversation, and one that calls only what the request lets it call."""
    if turn.calls:
        callable_here = all(call["name"] in request.functions for call in turn.calls)
        return callable_here and turn.after_tool == after_tool(request.messages)
    return not request.must_call and bool(turn.text) and turn.after_tool == after_tool(request.messages)


def _any_call(request: ChatRequest) -> dict[str, str]:
    """A call where one is demanded and no example has any: the first function, with made-up arguments of its form."""
    name, function = next(iter(request.functions.items()))
    arguments = _made_up(function.get("parameters") or {"type": "object"}, param="tools")
    return {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}


def _in_form(text: str, request: ChatRequest) -> Said:
    """A text in the form that the request demands. What was learned in this form already stays as it is."""
    if request.output == "text":
        return Said(text)
    try:
        learned = json.loads(text)
    except (ValueError, RecursionError):
        learned = None
    if request.output == "json_schema":
        fits = fits_schema(learned, request.schema)
        wanted = learned if fits else _made_up(request.schema, param="response_format", text=text)
    else:
        wanted = learned if isinstance(learned, dict) else {"answer": text}
    return Said(text if wanted is learned else json.dumps(wanted, ensure_ascii=False))


def _made_up(schema: dict[str, Any], *, param: str, text: str = "simulated") -> Any:
    tried = () if has_patterns(schema) else (sample(schema, text), sample(schema))
    for found in tried:
        if fits_schema(found, schema):
            return found
    raise ApiError(
        400,
        "No training example answers in this form, and the simulator cannot make up a value that fits this schema: it "
        "does not look at patterns and the like. Leave them out to try it here.",
        param=param,
    )


def _asks_for_examples(question: str) -> bool:
    return bool(re.search(r"\bjson\b", question, re.I) and re.search(r"\bexamples?\b", question, re.I))
