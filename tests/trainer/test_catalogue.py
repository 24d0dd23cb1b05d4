from __future__ import annotations

from pathlib import Path

import pytest

from trainer.catalogue import BadCatalogue, catalogue, tiny_model_folder


def test_a_small_model_of_the_hub_is_offered_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORMFACT_MODELS", raising=False)
    found = catalogue()
    assert any(item.hub and 0 < item.parameters < 1e9 for item in found.values())
    assert all(item.licence and item.title for item in found.values())


def test_a_team_s_own_list_comes_first_and_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "models.yaml"
    own.write_text(
        "- {id: ours, title: Ours, path: /models/ours}\n"
        "- {id: qwen3-0.6b, title: Our copy, path: /models/qwen}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("FORMFACT_MODELS", str(own))
    found = catalogue()
    assert next(iter(found)) == "ours"
    assert found["qwen3-0.6b"].title == "Our copy"
    assert not found["ours"].local


@pytest.mark.parametrize("text", ["- {id: Bad Id, title: x}", "nothing: here", "- [", "\xff"])
def test_a_list_that_is_none_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    own = tmp_path / "models.yaml"
    own.write_text(text, encoding="latin-1")
    with pytest.raises(BadCatalogue, match="models\\.yaml"):
        catalogue(own)


def test_the_tiny_model_is_offered_once_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "tiny" not in catalogue()
    folder = tiny_model_folder()
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    assert catalogue()["tiny"].path == str(folder)
    assert catalogue()["tiny"].local
