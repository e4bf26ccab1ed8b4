"""A small random model, which trains in seconds."""

import pytest

from tests.local_training import tiny_model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> str:
    """The folder of the model."""
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def tiny_is_offered(workspace, tiny, monkeypatch) -> None:
    """The practice server has the model under the name "tiny"."""
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", f"tiny={tiny}")
