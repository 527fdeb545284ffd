"""A foreign model's words: the text is cut as the words were learned, whatever else the tokenizer's files hold."""

import json
import sys
import time

import gpt2_folder
import numpy as np
import pytest
from gpt2_folder import byte_level, with_tokenizer

from gradwalk.model import Model

pytestmark = pytest.mark.slow

tokenizers = pytest.importorskip("tokenizers", reason="the package tokenizers reads GPT-2's words")

TEXT = "the dog the café dog"
PIECES = ["the", "Ġdog", "Ġthe", "ĠcafÃ©", "Ġdog"]
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
    "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [270], "tokens": ["<|endoftext|>"]}},
}
TRUNCATION = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
PADDING = {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0}
PADDING |= {"pad_token": "!"}


def pieces(model, text=TEXT):
    return [model.words[i] for i in model.number(text)]


@pytest.mark.parametrize(
    "instead",
    [
        {},
        {"truncation": TRUNCATION},
        {"padding": PADDING},
        {"truncation": TRUNCATION | {"direction": "Left", "stride": 1}, "padding": PADDING | {"direction": "Left"}},
        {"padding": PADDING | {"strategy": "BatchLongest", "pad_to_multiple_of": 8}},
        {"post_processor": TEMPLATE},
        {"post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}},
        {"model": byte_level()["model"] | {"dropout": 0.9}},
        {"model": byte_level()["model"] | {"cache_capacity": 10**18}},
        {"decoder": None},
    ],
    ids=lambda instead: "+".join(instead) or "plain",
)
def test_the_whole_sentence_and_nothing_else_is_read(tmp_path, instead):
    """Settings for training (cut, pad, mark, cut by chance) are left out."""
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2", byte_level(**instead)))
    for _ in range(3):
        assert pieces(model) == PIECES
        tokens, y = model.read(TEXT, "all")
        assert [model.words[i] for i in tokens] == PIECES[:-1]
        assert [model.words[i] for i in y] == PIECES[1:]
    assert pieces(model, "the<|endoftext|> dog") == ["the", "<|endoftext|>", "Ġdog"]  # typed, so it is there


def test_a_space_before_the_text_is_kept_where_the_words_were_learned_so(tmp_path):
    told = byte_level(pre_tokenizer=byte_level()["pre_tokenizer"] | {"add_prefix_space": True})
    assert pieces(Model.gpt2(with_tokenizer(tmp_path / "gpt2", told)), "the dog") == ["Ġthe", "Ġdog"]
    told = byte_level(normalizer={"type": "Lowercase"})
    assert pieces(Model.gpt2(with_tokenizer(tmp_path / "low", told)), "THE Dog") == ["the", "Ġdog"]


def test_the_package_itself_is_the_referee(tmp_path):
    """The same numbers as the package's own reading, with its truncation, padding and marks switched off."""
    told = byte_level(truncation=TRUNCATION, padding=PADDING, post_processor=TEMPLATE)
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2", told))
    referee = tokenizers.Tokenizer.from_str(json.dumps(told))
    referee.no_truncation()
    referee.no_padding()
    for text in (TEXT, " dog", "日本語 \n\t👩‍💻", "don’t  ", "x<|endoftext|>\x00é"):
        wanted = referee.encode(text, add_special_tokens=False).ids
        assert model.number(text).tolist() == wanted
        assert model.tokenizer.decode(wanted) == text


# ---- GPT-2's two files in place of the one


@pytest.mark.parametrize("names", [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_two_files_are_the_same_tokenizer(tmp_path, names, mark):
    folder = with_tokenizer(tmp_path / "gpt2")
    one = Model.gpt2(folder)
    (folder / "tokenizer.json").unlink()
    assert Model.gpt2(folder).words[:3] == ["0", "1", "2"]
    vocabulary = {word: i for i, word in enumerate(one.words[:271])}
    (folder / names[0]).write_text(mark + json.dumps(vocabulary), encoding="utf-8")
    lines = ["#version: 0.2", *gpt2_folder.MERGES, ""]
    (folder / names[1]).write_text(mark + "\n".join(lines), encoding="utf-8")
    two = Model.gpt2(folder)
    assert two.words == one.words
    for text in (TEXT, "don't  stop\n", "the<|endoftext|>"):
        assert two.number(text).tolist() == one.number(text).tolist()
    (folder / "added_tokens.json").write_text('{"<PAD>": 271}', encoding="utf-8")
    padded = Model.gpt2(folder)
    assert (padded.words[271], pieces(padded, "dog<PAD>")) == ("<PAD>", ["d", "og", "<PAD>"])


def test_two_files_are_what_transformers_reads(tmp_path):
    transformers = pytest.importorskip("transformers", reason="GPT-2 as published (the extra `referee`)")
    folder = with_tokenizer(tmp_path / "gpt2")
    words = Model.gpt2(folder).words[:271]
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(gpt2_folder.MERGES), encoding="utf-8")
    model, referee = Model.gpt2(folder), transformers.GPT2TokenizerFast.from_pretrained(folder)
    for text in (TEXT, "don't  stop\n", "the<|endoftext|> 日本語"):
        assert model.number(text).tolist() == referee.encode(text)


@pytest.mark.parametrize(
    ("file", "holds", "told"),
    [
        ("vocab.json", "[]", "vocab.json: wanted a JSON dictionary"),
        ("vocab.json", '{"a": "b"}', "vocab.json: no tokenizer that can be read"),
        ("merges.txt", "#version: 0.2\na b c", "merges.txt: wanted two pieces a line, got 'a b c'"),
        ("merges.txt", "no such", "vocab.json: no tokenizer that can be read"),
        ("merges.txt", b"\xff\xfe", "merges.txt: not UTF-8"),
        ("merges.txt", "version https://git-lfs.github.com/spec/v1\noid", "merges.txt: is a Git LFS pointer"),
    ],
)
def test_one_of_the_two_files_does_not_fit(tmp_path, file, holds, told):
    folder = with_tokenizer(tmp_path / "gpt2")
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text('{"a": 0, "b": 1}', encoding="utf-8")
    (folder / "merges.txt").write_text("", encoding="utf-8")
    Model.gpt2(folder)
    (folder / file).write_bytes(holds if isinstance(holds, bytes) else holds.encode())
    with pytest.raises(ValueError, match=told):
        Model.gpt2(folder)


# ---- more rows than words, more words than rows


def test_more_rows_than_words(tmp_path):
    told = byte_level()
    told["model"]["vocab"]["<271>"] = 271  # a word that looks like a row's number
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2", told, vocab_size=320))
    assert model.words[270:274] == ["<|endoftext|>", "<271>", "<272>", "<273>"]
    del told["model"]["vocab"]["<271>"]
    told["model"]["vocab"]["<275>"] = 271
    model = Model.gpt2(with_tokenizer(tmp_path / "other", told, vocab_size=320))
    assert model.words[271:277] == ["<275>", "<272>", "<273>", "<274>", "<<275>>", "<276>"]
    assert len(set(model.words)) == 320


def test_more_words_than_rows(tmp_path):
    """A word without a row is no fault until a sentence needs it."""
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2", vocab_size=266))
    assert pieces(model, "the dog") == ["the", "Ġdog"]
    assert model.N == len(model.words) == 266
    with pytest.raises(
        ValueError, match=r"sentence: “␣café” is word 267 of tokenizer\.json, the model has rows for 266"
    ):
        model.number("the café")
    told = byte_level()
    told["model"]["vocab"]["far"] = 10**9
    start = time.process_time()
    assert pieces(Model.gpt2(with_tokenizer(tmp_path / "far", told)), "the dog") == ["the", "Ġdog"]
    assert time.process_time() - start < 1


def test_what_has_no_word_is_not_left_out_in_silence(tmp_path):
    told = byte_level()
    del told["model"]["vocab"]["z"]
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2", told))
    with pytest.raises(ValueError, match=r"sentence: .* lacks words for some of it; it would read 'the ebra'"):
        model.number("the zebra")
    for text in (None, 3, ["the", "dog"], b"the", "\ud800"):
        with pytest.raises(ValueError, match="sentence: "):
            model.tokenizer.encode(text)


def test_other_kinds_of_tokenizer_are_read(tmp_path):
    told = {
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "dog": 1, "the": 2}, "unk_token": "[UNK]"},
    }
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2", told))
    assert pieces(model, "the dog") == ["the", "dog"]
    assert (model.label(1), model.tokenizer.decode([2, 1])) == ("dog", "the dog")


# ---- hostile files


def deep(n):
    told = {"type": "NFC"}
    for _ in range(n):
        told = {"type": "Sequence", "normalizers": [told]}
    return told


VOCAB = byte_level()["model"]["vocab"]
HOSTILE = {
    "no charsmap": byte_level(normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
    "a broken pattern": byte_level(normalizer={"type": "Replace", "pattern": {"Regex": "(["}, "content": ""}),
    "a panic on every text": byte_level(normalizer={"type": "Replace", "pattern": {"String": ""}, "content": "aa"}),
    "doubling": byte_level(
        normalizer={
            "type": "Sequence",
            "normalizers": [{"type": "Replace", "pattern": {"String": "d"}, "content": "dd"}] * 60,
        }
    ),
    "putting before": byte_level(
        normalizer={"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "a" * 9000}] * 9}
    ),
    "many rules": byte_level(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 5000}),
    "deep rules": byte_level(normalizer=deep(60)),
    "a normaliser of another type": byte_level(normalizer=7),
    "a rule of another type": byte_level(normalizer={"type": "Sequence", "normalizers": 7}),
    "an unknown normaliser": byte_level(normalizer={"type": "Nope"}),
    "no pre-tokenizer": byte_level(pre_tokenizer=[1]),
    "no vocabulary": byte_level(model={"type": "BPE", "vocab": None, "merges": []}),
    "vocabulary of text": byte_level(model={"type": "BPE", "vocab": "abc", "merges": []}),
    "a negative number": byte_level(model={"type": "BPE", "vocab": VOCAB | {"zz": -1}, "merges": []}),
    "a number in text": byte_level(model={"type": "BPE", "vocab": VOCAB | {"zz": "7"}, "merges": []}),
    "a number with a point": byte_level(model={"type": "BPE", "vocab": VOCAB | {"zz": 7.5}, "merges": []}),
    "a number too large": byte_level(model={"type": "BPE", "vocab": VOCAB | {"zz": 10**30}, "merges": []}),
    "true for a number": byte_level(model={"type": "BPE", "vocab": VOCAB | {"zz": True}, "merges": []}),
    "one number twice": byte_level(model={"type": "BPE", "vocab": VOCAB | {"zz": 7}, "merges": []}),
    "merges of nothing": byte_level(model={"type": "BPE", "vocab": VOCAB, "merges": ["qq qq"]}),
    "merges of another type": byte_level(model={"type": "BPE", "vocab": VOCAB, "merges": {"a": 1}}),
    "pieces of another type": byte_level(model={"type": "Unigram", "unk_id": 0, "vocab": [[{}, 0.0], ["a", -1.0]]}),
    "no model": {"added_tokens": []},
    "a model of text": byte_level(model="BPE"),
    "added of another type": byte_level(added_tokens={"a": 1}),
    "an added number": byte_level(added_tokens=[7]),
    "added without a word": byte_level(added_tokens=[{"id": 3}]),
    "an added word of another type": byte_level(added_tokens=[{"id": 3, "content": 7}]),
    "too many added": byte_level(added_tokens=[{"id": 271 + i, "content": f"w{i}"} for i in range(20_000)]),
    "half a letter": byte_level(model={"type": "BPE", "vocab": VOCAB | {"\ud800": 300}, "merges": []}),
}
FINE_WITHOUT_THE_PACKAGE = {
    *(name for name in HOSTILE if name.startswith(("no charsmap", "a broken", "a panic", "merges", "deep rules"))),
    *("a normaliser of another type", "a rule of another type", "an unknown normaliser", "no pre-tokenizer"),
    *("a number too large", "half a letter"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("installed", [True, False])
def test_a_hostile_tokenizer_is_refused_at_once(tmp_path, monkeypatch, name, installed):
    folder = with_tokenizer(tmp_path / "gpt2", HOSTILE[name])
    if not installed:
        monkeypatch.setitem(sys.modules, "tokenizers", None)  # import tokenizers is an ImportError then
    start = time.process_time()
    if not installed and name in FINE_WITHOUT_THE_PACKAGE:  # nothing there to run it
        assert len(Model.gpt2(folder).words) == 272
    elif name == "deep rules":
        assert pieces(Model.gpt2(folder), "the dog") == ["the", "Ġdog"]
    else:
        with pytest.raises(ValueError, match=r"tokenizer\.json: "):
            Model.gpt2(folder)
    assert time.process_time() - start < 1


def test_a_copy_reads_and_shows_as_its_model(tmp_path):
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2"))
    assert np.array_equal(model.copy().number(TEXT), model.number(TEXT))
    assert model.copy().label(model.words.index("ĠcafÃ©")) == "␣café"


def test_without_the_package_labels_and_words_are_the_same(tmp_path, monkeypatch):
    folder = with_tokenizer(tmp_path / "gpt2")
    model = Model.gpt2(folder)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    bare = Model.gpt2(folder)
    assert bare.words == model.words
    assert [bare.label(i) for i in range(272)] == [model.label(i) for i in range(272)]
    assert np.array_equal(bare.number(TEXT), model.number(TEXT))
