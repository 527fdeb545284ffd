"""The small GPT-2 that the course ships: what it has learned, on passages held back, and that others read it alike."""

import numpy as np
import pytest

from bench import small_gpt2
from gradwalk import Model, forward, loss_on, text
from gradwalk.reading.labels import as_bytes

FOLDER = text.COURSE.parent / "small_gpt2"
TOLD = small_gpt2.passages()
TRAIN, STOP, REPORT = text.split(TOLD)


@pytest.fixture(scope="module")
def model():
    return Model.small_gpt2()


def test_its_loss_on_passages_held_back_is_as_stated(model):
    stated = float(small_gpt2.__doc__.partition("loss is ")[2].split()[0])
    assert abs(loss_on(model, REPORT) - stated) < 0.005
    assert loss_on(model, TRAIN) < loss_on(model, STOP) < np.log(model.N) - 4


def test_it_has_gpt2s_form_and_its_files_are_small(model):
    assert (model.N, len(model.blocks), model.dtype) == (small_gpt2.N, 4, np.float32)
    assert {name: getattr(model, name) for name in ("D", "F", "H", "T_max")}.items() <= small_gpt2.SIZES.items()
    assert not {"W", "b"} & set(model.weights)
    assert {"gammaf", "betaf", "blocks.3.b_O"} <= set(model.weights)
    assert sorted(path.name for path in FOLDER.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000


def test_its_words_are_the_byte_pairs_of_the_text_that_it_learned(model):
    merges = small_gpt2.merges_of(TOLD, 20)
    assert ["".join(pair) for pair in merges] == model.words[256:276]
    assert b"".join(as_bytes(model.words[i]) for i in model.number(TOLD[0])) == TOLD[0].encode()
    assert model.words[-1] == small_gpt2.END


def test_it_goes_on_with_a_sentence(model):
    """With the word that its course's text has there, and after a full stop with another sentence."""
    for beginning, word in [
        ("the dog slept by the", " fire"),
        ("in winter the children played in the", " snow"),
        ("the baker gave them fresh", " bread"),
    ]:
        z = forward(model, model.number(beginning)).z[-1]
        assert model.tokenizer.decode([int(z.argmax())]) == word
    assert model.write("the dog slept by the", words=24).count(".") >= 2


@pytest.mark.referee
def test_transformers_reads_the_same_model(model):
    """Its own reader and its own tokenizer, on passages of 25 pieces and more."""
    torch = pytest.importorskip("torch", reason="the second referee")
    transformers = pytest.importorskip("transformers", reason="GPT-2 as published (the extra `referee`)")
    tokenizers = pytest.importorskip("tokenizers", reason="transformers brings it")
    theirs = transformers.GPT2LMHeadModel.from_pretrained(FOLDER, dtype=torch.float32).eval()
    cuts = tokenizers.Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    for passage in REPORT[:5]:
        tokens = model.number(passage)
        assert cuts.encode(passage).ids == tokens.tolist()
        with torch.no_grad():
            z = theirs(torch.tensor(tokens)[None]).logits[0].numpy()
        np.testing.assert_allclose(forward(model, tokens).z, z, rtol=0, atol=5e-5)


def test_the_command_makes_what_gpt2_reads(tmp_path, monkeypatch):
    """The same, with hardly any training: the files are complete, and read again as they were made."""
    monkeypatch.setattr(small_gpt2, "passages", lambda: TOLD[:40])
    monkeypatch.setattr(small_gpt2, "N", 300)
    monkeypatch.setattr(small_gpt2, "SIZES", {"D": 8, "F": 16, "H": 2, "blocks": 2, "T_max": 128})
    monkeypatch.setattr(small_gpt2, "DESCENT", {"eta": 0.01, "epochs": 1})
    small_gpt2.main(tmp_path / "made")
    made = Model.gpt2(tmp_path / "made")
    assert (made.N, made.D, len(made.blocks)) == (300, 8, 2)
    with pytest.raises(FileExistsError):
        small_gpt2.main(tmp_path / "made")
