"""Take a model that was really trained out of the practice server: a plain PEFT folder in your workspace."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from openai import OpenAI

from helpers.connection.identity import is_practice
from helpers.connection.proxies import is_loopback
from helpers.display.tables import Shown, escape, short_path
from helpers.notes import workspace

# What a training run leaves beside the adapter, and nobody needs to use the model.
LEFT_BEHIND = shutil.ignore_patterns("*.pt", "*.pth", "*.bin", "trainer_state.json", "README.md")

FIVE_LINES = """from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(r"{folder}")
model = AutoModelForCausalLM.from_pretrained(r"{base_model}")
model = PeftModel.from_pretrained(model, r"{folder}")"""


@dataclass(frozen=True, repr=False)
class TakenAway(Shown):
    """`folder` holds the adapter, `base_model` is what it is laid over. Both are None for a model without files."""

    model: str
    folder: Path | None
    base_model: str | None

    @property
    def code(self) -> str:
        """The lines that load it with Transformers and PEFT."""
        return FIVE_LINES.format(folder=self.folder, base_model=self.base_model)

    @property
    def serve_command(self) -> str:
        """The command that serves it behind OpenAI's API with vLLM, over the weights that it was trained on."""
        config = json.loads((self.folder / "adapter_config.json").read_text(encoding="utf-8"))
        name = self.model.split(":")[-2] or "tuned"  # the suffix
        return (
            f'vllm serve "{self.base_model}" --enable-lora --max-lora-rank {config["r"]} '
            f'--lora-modules "{name}={self.folder}"'
        )

    def __str__(self) -> str:
        if self.folder is None:
            return f"{self.model} is simulated: it has no files, so there is nothing to take away."
        size = sum(path.stat().st_size for path in self.folder.iterdir()) / 1_000_000
        return f"{self.model} lies in {short_path(self.folder)} ({size:.0f} MB). To load it:\n\n{self.code}"

    def _repr_html_(self) -> str:
        sentence, _, code = str(self).partition("\n\n")
        return f"<p>{escape(sentence)}</p>" + (f"<pre>{escape(code)}</pre>" if code else "")


def take_away(client: OpenAI, model: str) -> TakenAway:
    """Copy a tuned model of this computer's practice server into the workspace, as a PEFT adapter folder.

    Taken again, the copy stays as it is. Raises ValueError on another host: no model can be taken away from there.
    """
    if not is_loopback(client.base_url.host) or not is_practice(client):
        raise ValueError(
            f"{client.base_url.host}: a model can be taken away only from the practice server on this computer"
        )
    root = str(client.base_url).removesuffix("/").removesuffix("/v1")
    found = client.get(f"{root}/practice/models/{quote(model, safe='')}/folders", cast_to=object)
    if found["adapter"] is None:
        return TakenAway(model, None, None)
    target = workspace() / "models" / model.replace(":", "-")
    if not target.exists():
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(found["adapter"], part, ignore=LEFT_BEHIND)
        part.rename(target)
    return TakenAway(model, target, found["base_model"])
