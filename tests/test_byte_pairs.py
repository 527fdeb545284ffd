"""GPT-2's words are read without a package: cut as the package tokenizers cuts, or not at all."""

import json
import random
import sys

import pytest
from gpt2_folder import byte_level, with_tokenizer

from gradwalk import Model
from gradwalk.reading import byte_pairs

WORDS = ["the", " the", "dog", " dog", " ", "  ", "\n", "é", " café", "日", "'s", "'re", "12", ".", "<|endoftext|>"]
WORDS += ["\u00a0", "\t", "🎉", "x" * 9, "Don't", "\u2019s", "ǅ", "١٢", "_", "\r\n"]


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A model of a tokenizer's file as it is read where the package is not installed."""

    def read(told=None):
        folder = with_tokenizer(tmp_path / "gpt2", told)
        monkeypatch.setitem(sys.modules, "tokenizers", None)  # import tokenizers is an ImportError then
        return Model.gpt2(folder)

    return read


def test_pairs_are_joined_in_the_order_in_which_they_were_learned():
    numbers = {word: i for i, word in enumerate(["a", "b", "c", "bc", "ab", "abc"])}
    cut = byte_pairs.BytePairs(numbers, [("b", "c"), ("a", "b"), ("ab", "c"), ("a", "bc")])
    assert cut.encode("abcab").ids == [numbers["abc"], numbers["ab"]]
    late = byte_pairs.BytePairs(numbers, [("a", "b"), ("b", "c")])
    assert late.encode("abc").ids == [numbers["ab"], numbers["c"]]


def test_a_text_is_read_and_said_again_without_the_package(bare):
    model = bare()
    tokens, y = model.read("the dog the café", scored="all")
    assert [model.label(i) for i in [*tokens, y[-1]]] == ["the", "␣dog", "␣the", "␣café"]
    assert model.copy().number("a<|endoftext|>")[1] == model.words.index("<|endoftext|>")
    assert model.write("the dog", words=2).startswith("the dog")
    with pytest.raises(ValueError, match=r"“<.endoftext.>” is word 270"):
        Model(
            {**model.weights, "E": model.weights["E"][:270]}, model.words[:270], model.H, tokenizer=short(model, 270)
        ).read("a<|endoftext|>")


def short(model, N):
    """The model's own vocabulary, for a model of fewer rows."""
    return type(model.tokenizer)(model.tokenizer._told, N, model.tokenizer._file)


@pytest.mark.parametrize(
    "told",
    [
        byte_level(normalizer={"type": "Lowercase"}),
        byte_level(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}),
        byte_level(pre_tokenizer=byte_level()["pre_tokenizer"] | {"use_regex": False}),
        byte_level(model=byte_level()["model"] | {"ignore_merges": True}),
        byte_level(model=byte_level()["model"] | {"merges": ["a  b", "q q"]}),
        byte_level(added_tokens=[byte_level()["added_tokens"][0] | {"lstrip": True}]),
    ],
    ids=["letters changed", "a space before", "not in pieces", "whole pieces first", "no such word", "takes spaces"],
)
def test_what_is_otherwise_than_gpt2_wants_the_package(bare, told):
    with pytest.raises(ValueError, match=r"sentence: .*install the package tokenizers first"):
        bare(told).read("the dog")


@pytest.mark.slow
def test_it_cuts_as_the_package_does():
    """With pairs that would join across the borders of pieces, if those were drawn elsewhere."""
    tokenizers = pytest.importorskip("tokenizers", reason="the package tokenizers is the referee")
    told = byte_level() | {"normalizer": None}
    across = ["1 2", "Ġ 1", "g 1", "' s", "g '", "' r", "Ċ Ċ", "Ġ Ċ", "Ċ Ġ", ". Ġ", "Ġ .", "x x", "xx x", "_ .", "Â ł"]
    vocabulary = told["model"]["vocab"] | {pair.replace(" ", ""): 300 + k for k, pair in enumerate(across)}
    told["model"] = told["model"] | {"vocab": vocabulary, "merges": [*told["model"]["merges"], *across]}
    referee = tokenizers.Tokenizer.from_str(json.dumps(told))
    own = byte_pairs.read(told, referee.get_vocab(with_added_tokens=True))
    chance = random.Random(0)
    for _ in range(4000):
        text = "".join(chance.choice(WORDS) for _ in range(chance.randrange(10)))
        assert own.encode(text).ids == referee.encode(text).ids, text
