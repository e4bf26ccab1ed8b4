"""The process that unpacks the bundled model: `python -m helpers.practice.training.convert GGUF_FILE FOLDER`."""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from helpers.connection.catalogue import LOCAL_DEFAULT


def main(source: Path, target: Path) -> None:
    """Write the tokenizer and the weights of a GGUF file, in bfloat16, into a folder that Transformers reads."""
    given = {"gguf_file": source.name, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(source.parent, **given)
    # Without `dequantize` the model keeps its compressed weights, which TRL refuses to train.
    model = AutoModelForCausalLM.from_pretrained(
        source.parent, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True), **given
    )
    model.config.name_or_path = LOCAL_DEFAULT  # not this temporary folder
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
