"""Answers of models that were really trained: a base model once in memory, and small adapters on it that take turns."""

import atexit
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import torch
from peft import PeftModel
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DynamicCache,
    PreTrainedModel,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from helpers.practice.api.errors import ApiError, model_unavailable
from helpers.practice.engine import ChatRequest
from helpers.practice.training.base_model import LOADING, device, model_source, quietly, weights_dtype
from helpers.practice.training.labels import knows_tools, plain_message, render
from helpers.practice.training.structured import begin, calls_in, end_of_object

KEPT_ADAPTERS = 4  # in memory, of those that no answer needs just now; 31 MB each for the small model of the course
LONGEST_ANSWER = 512  # tokens, where the request names no limit
LEAVING = 5.0  # seconds; a program that ends in the middle of a computation waits for it, or PyTorch would abort it
NO_PLACE_FOR_TOOLS = (
    "The chat template of this model has no place for tools, so it would never see them. Tune it with examples that "
    "call functions, and ask the tuned model; or take a model that knows them, named in PRACTICE_LOCAL_MODELS."
)
HALF_CHARACTER = "\ufffd"
atexit.register(LOADING.acquire, timeout=LEAVING)


class LocalChat:
    """All local models of one practice home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._loaded: dict[str, LoadedModel] = {}

    def reply(self, base: str, adapter: Path | None, request: ChatRequest) -> "LocalReply":
        """Raises ApiError (context_length_exceeded) before anything is computed."""
        return LocalReply(self.load(base), adapter, request)

    def load(self, base: str) -> "LoadedModel":
        """The base model in memory; the first time takes a second or two."""
        with quietly():
            if base not in self._loaded:
                self._loaded[base] = LoadedModel(model_source(base, self.home))
            return self._loaded[base]

    def forget(self, base: str, adapter: Path) -> None:
        """Free the memory of an adapter, for example because its model is deleted."""
        if base in self._loaded:
            self._loaded[base].forget(adapter)


class LoadedModel:
    """A base model in memory, and the adapters asked last loaded onto it. One step of one answer at a time."""

    def __init__(self, source: str) -> None:
        given = {"local_files_only": Path(source).is_dir()}  # else it is named by its id on a model hub
        self.tokenizer = AutoTokenizer.from_pretrained(source, **given)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=weights_dtype(), **given)
        self.model: PreTrainedModel = model.eval().to(device())
        self.limit: int = model.config.max_position_embeddings
        ends = model.generation_config.eos_token_id
        self.ends = {*(ends if isinstance(ends, list) else [ends]), self.tokenizer.eos_token_id}
        self._step = threading.Lock()
        atexit.register(self._step.acquire, timeout=LEAVING)
        self._adapters: OrderedDict[Path, str] = OrderedDict()  # their names in PEFT; the one asked last stands last
        self._numbers = count()
        self._running: dict[object, Path] = {}  # the adapter of each answer that goes on

    def next_logits(self, adapter: Path | None, ids: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        """The logits of the next token, 1 x vocabulary. Answers that run at once take turns here."""
        with self._step, torch.inference_mode():
            if not self._adapters and adapter is None:
                return self._forward(ids, cache)
            if adapter is None:
                with self.model.disable_adapter():
                    return self._forward(ids, cache)
            self._use(adapter)
            return self._forward(ids, cache)

    @property
    def adapters(self) -> list[Path]:
        """The adapters in memory, the one asked last at the end."""
        return list(self._adapters)

    @contextmanager
    def held(self, adapter: Path | None) -> Iterator[None]:
        """Keep the adapter of an answer in memory until its end: others that run beside it may not take its place."""
        answer = object()
        if adapter is not None:
            self._running[answer] = adapter
        try:
            yield
        finally:
            self._running.pop(answer, None)

    def forget(self, adapter: Path) -> None:
        """An answer that goes on keeps it to its end."""
        with self._step, torch.inference_mode():
            if adapter in self._spare():
                self._unload(adapter)

    def _forward(self, ids: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        answer = self.model(input_ids=ids.to(device()), past_key_values=cache, use_cache=True, logits_to_keep=1)
        return answer.logits[:, -1].float().cpu()

    def _use(self, adapter: Path) -> None:
        """Let the model answer with this adapter. Of the others, those asked longest ago make room."""
        if adapter not in self._adapters:
            self._adapters[adapter] = self._load(adapter)
        self._adapters.move_to_end(adapter)
        if self.model.active_adapter != self._adapters[adapter]:
            self.model.set_adapter(self._adapters[adapter])
        spare = [each for each in self._spare() if each != adapter]
        for oldest in spare[: max(0, len(self._adapters) - KEPT_ADAPTERS)]:
            self._unload(oldest)

    def _spare(self) -> list[Path]:
        running = list(self._running.values())  # a copy, as answers begin and end meanwhile
        return [adapter for adapter in self._adapters if adapter not in running]

    def _load(self, adapter: Path) -> str:
        name, given = f"adapter{next(self._numbers)}", {"low_cpu_mem_usage": True}
        with quietly():
            if self._adapters:
                self.model.load_adapter(str(adapter), adapter_name=name, **given)
            else:
                self.model = PeftModel.from_pretrained(self.model, str(adapter), adapter_name=name, **given).eval()
        return name

    def _unload(self, adapter: Path) -> None:
        if self._adapters.keys() == {adapter}:
            self.model = self.model.unload()
        else:
            if self.model.active_adapter == self._adapters[adapter]:  # else PEFT would choose, and warn
                self.model.set_adapter(next(name for path, name in self._adapters.items() if path != adapter))
            self.model.delete_adapter(self._adapters[adapter])
        del self._adapters[adapter]


class LocalReply:
    """An answer in pieces, made while it is read. The counts and the reason are right when all pieces were taken."""

    def __init__(self, loaded: LoadedModel, adapter: Path | None, request: ChatRequest) -> None:
        self.loaded, self.adapter, self.request = loaded, adapter, request
        self.calls: tuple[dict[str, str], ...] = ()
        if request.functions and adapter is None and not knows_tools(loaded.tokenizer):
            raise ApiError(400, NO_PLACE_FOR_TOOLS, param="tools")
        tools = [{"type": "function", "function": function} for function in request.functions.values()]
        plain = [plain_message(message) for message in request.messages]
        text = render(loaded.tokenizer, plain, ask=True, tools=tools)
        # A tuned model writes calls as its examples did, whatever its template says.
        self._begun = begin(request, loaded.tokenizer.get_chat_template(tools=tools) if adapter is None else "")
        self._prompt = loaded.tokenizer(text + self._begun, add_special_tokens=False, return_tensors="pt").input_ids
        self.prompt_tokens = self._prompt.shape[1]
        self.completion_tokens = 0
        self.finish_reason = "length"
        if self.prompt_tokens >= loaded.limit:
            raise ApiError(
                400,
                f"This model's maximum context length is {loaded.limit} tokens. However, your messages resulted in "
                f"{self.prompt_tokens} tokens. Please reduce the length of the messages.",
                code="context_length_exceeded",
                param="messages",
            )

    def __iter__(self) -> Iterator[str]:
        with self.loaded.held(self.adapter):
            yield from self._with_calls() if self.request.functions else self._pieces()

    def _with_calls(self) -> Iterator[str]:
        """What the model says, or nothing where it calls functions instead."""
        text = "".join(self._pieces())
        self.calls = calls_in(text, self.request.functions)[: 1 if self.request.one_call else None]
        if self.request.must_call and not self.calls:
            raise model_unavailable(f"The model had to call a function, and wrote no call that can be read: {text}")
        if not self.calls:
            yield text

    @property
    def _is_json(self) -> bool:
        return self.request.output != "text" and not self.request.functions

    def _pieces(self) -> Iterator[str]:
        """Text as it becomes certain: whole characters, and nothing that may turn out to begin a stop sequence."""
        shown, ids = 0, []
        for token in self._tokens():
            ids.append(token)
            text = self._begun + self.loaded.tokenizer.decode(ids, skip_special_tokens=True)
            ends = [text.find(stop) for stop in self.request.stop if stop in text]
            if ends:
                self.finish_reason = "stop"
                yield text[shown : min(ends)]
                return
            if self._is_json and (end := end_of_object(text)) is not None:
                self.finish_reason = "stop"
                yield text[shown:end]
                return
            certain = _certain(text, self.request.stop)
            if certain > shown:
                yield text[shown:certain]
                shown = certain
        remainder = (self._begun + self.loaded.tokenizer.decode(ids, skip_special_tokens=True))[shown:]
        if remainder:
            yield remainder

    def _tokens(self) -> Iterator[int]:
        longest = min(self.request.max_tokens or LONGEST_ANSWER, self.loaded.limit - self.prompt_tokens)
        choose = Sampler(self.request)
        cache, ids = DynamicCache(), self._prompt
        for _ in range(longest):
            token = choose(self.loaded.next_logits(self.adapter, ids, cache))
            if token in self.loaded.ends:
                self.finish_reason = "stop"
                return
            self.completion_tokens += 1
            yield token
            ids = torch.tensor([[token]])


class Sampler:
    """Chooses the next token as temperature, top_p and seed say; with the same seed, the same answer."""

    def __init__(self, request: ChatRequest) -> None:
        self.greedy = request.temperature == 0
        self._generator = torch.Generator()
        self._generator.manual_seed(secrets.randbits(31) if request.seed is None else request.seed)
        self._warpers = [] if self.greedy else [TemperatureLogitsWarper(float(request.temperature))]
        if request.top_p < 1:
            self._warpers.append(TopPLogitsWarper(float(request.top_p)))

    def __call__(self, logits: torch.Tensor) -> int:
        if self.greedy:
            return int(logits.argmax())
        for warper in self._warpers:
            logits = warper(None, logits)
        return int(torch.multinomial(logits.softmax(-1), 1, generator=self._generator))


def _certain(text: str, stops: tuple[str, ...]) -> int:
    """How much of the text can be shown: not half a character, not what may begin a stop sequence."""
    if text.endswith(HALF_CHARACTER):
        return len(text.rstrip(HALF_CHARACTER))
    held = [n for stop in stops for n in range(1, min(len(stop), len(text) + 1)) if text.endswith(stop[:n])]
    return len(text) - max(held, default=0)
