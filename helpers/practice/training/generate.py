"""Answers of the models that were really trained: a base model once in memory, and small adapters on it that take turns."""

import atexit
import secrets
import threading
from collections.abc import Iterator
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

from helpers.practice.api.errors import ApiError
from helpers.practice.engine import ChatRequest
from helpers.practice.training.base_model import attention, device, model_source, weights_dtype
from helpers.practice.training.labels import plain_message, render

LONGEST_ANSWER = 512  # tokens, where the request names no limit
LEAVING = 5.0  # seconds; a program that ends in the middle of a computation waits for it, and begins no other: else it would be aborted
HALF_CHARACTER = "\ufffd"
# Of all in this program, one model or adapter is loaded at a time: while it loads an adapter, PEFT changes how PyTorch makes parameters.
LOADING = threading.Lock()
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
        with LOADING:
            if base not in self._loaded:
                self._loaded[base] = LoadedModel(model_source(base, self.home))
            return self._loaded[base]


class LoadedModel:
    """A base model in memory, and the adapters loaded onto it. One step of one answer at a time."""

    def __init__(self, source: str) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(source)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=weights_dtype(), attn_implementation=attention())
        self.model: PreTrainedModel = model.eval().to(device())
        self.limit: int = model.config.max_position_embeddings
        ends = model.generation_config.eos_token_id
        self.ends = {*(ends if isinstance(ends, list) else [ends]), self.tokenizer.eos_token_id}
        self._step = threading.Lock()
        atexit.register(self._step.acquire, timeout=LEAVING)
        self._adapters: dict[Path, str] = {}

    def next_scores(self, adapter: Path | None, ids: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        """The scores of the token that follows, 1 x vocabulary. Answers that run at once take turns here."""
        with self._step, torch.inference_mode():
            if not self._adapters and adapter is None:
                return self._forward(ids, cache)
            if adapter is None:
                with self.model.disable_adapter():
                    return self._forward(ids, cache)
            with LOADING:
                name = self._load(adapter)
            if self.model.active_adapter != name:
                self.model.set_adapter(name)
            return self._forward(ids, cache)

    def _forward(self, ids: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        answer = self.model(input_ids=ids.to(device()), past_key_values=cache, use_cache=True, logits_to_keep=1)
        return answer.logits[:, -1].float().cpu()

    def _load(self, adapter: Path) -> str:
        if adapter not in self._adapters:
            name = f"adapter{len(self._adapters)}"
            if self._adapters:
                self.model.load_adapter(str(adapter), adapter_name=name, low_cpu_mem_usage=True)
            else:
                self.model = PeftModel.from_pretrained(
                    self.model, str(adapter), adapter_name=name, low_cpu_mem_usage=True
                ).eval()
            self._adapters[adapter] = name
        return self._adapters[adapter]


class LocalReply:
    """An answer in pieces, made while it is read. The counts and the reason are right when all pieces were taken."""

    def __init__(self, loaded: LoadedModel, adapter: Path | None, request: ChatRequest) -> None:
        self.loaded, self.adapter, self.request = loaded, adapter, request
        text = render(loaded.tokenizer, [plain_message(message) for message in request.messages], ask=True)
        self._prompt = loaded.tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
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
        """Text as it becomes certain: whole characters, and nothing that may turn out to begin a stop sequence."""
        shown, ids = 0, []
        for token in self._tokens():
            ids.append(token)
            text = self.loaded.tokenizer.decode(ids, skip_special_tokens=True)
            ends = [text.find(stop) for stop in self.request.stop if stop in text]
            if ends:
                self.finish_reason = "stop"
                yield text[shown : min(ends)]
                return
            certain = _certain(text, self.request.stop)
            if certain > shown:
                yield text[shown:certain]
                shown = certain
        rest = self.loaded.tokenizer.decode(ids, skip_special_tokens=True)[shown:]
        if rest:
            yield rest

    def _tokens(self) -> Iterator[int]:
        longest = min(self.request.max_tokens or LONGEST_ANSWER, self.loaded.limit - self.prompt_tokens)
        choose = Choice(self.request)
        cache, ids = DynamicCache(), self._prompt
        for _ in range(longest):
            token = choose(self.loaded.next_scores(self.adapter, ids, cache))
            if token in self.loaded.ends:
                self.finish_reason = "stop"
                return
            self.completion_tokens += 1
            yield token
            ids = torch.tensor([[token]])


class Choice:
    """Chooses the next token as temperature, top_p and seed say; with the same seed, the same answer."""

    def __init__(self, request: ChatRequest) -> None:
        self.greedy = request.temperature == 0
        self._chance = torch.Generator()
        self._chance.manual_seed(secrets.randbits(31) if request.seed is None else request.seed)
        self._warpers = [] if self.greedy else [TemperatureLogitsWarper(float(request.temperature))]
        if request.top_p < 1:
            self._warpers.append(TopPLogitsWarper(float(request.top_p)))

    def __call__(self, scores: torch.Tensor) -> int:
        if self.greedy:
            return int(scores.argmax())
        for warper in self._warpers:
            scores = warper(None, scores)
        return int(torch.multinomial(scores.softmax(-1), 1, generator=self._chance))


def _certain(text: str, stops: tuple[str, ...]) -> int:
    """How much of the text can be shown: not half a character, not what may begin a stop sequence."""
    if text.endswith(HALF_CHARACTER):
        return len(text.rstrip(HALF_CHARACTER))
    held = [n for stop in stops for n in range(1, min(len(stop), len(text) + 1)) if text.endswith(stop[:n])]
    return len(text) - max(held, default=0)
