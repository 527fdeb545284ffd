"""A tuned model goes on writing: each word by a forward pass over what stands there."""

import json

import gpt2_folder
import numpy as np
import pytest
from gpt2_folder import CONFIG

from gradwalk import Model, forward
from gradwalk.model import _next

BEGINNING = "the dog"


def by_hand(model, numbers, words):
    """Greedy, by hand: run what stands there, take the likeliest next word, and again."""
    numbers = list(numbers)
    for _ in range(words):
        numbers.append(int(np.argmax(forward(model, numbers[-model.T_max :]).p[-1])))
    return numbers


def test_it_goes_on_with_the_likeliest_word_each_time():
    model = Model.trained()
    numbers = by_hand(model, model.number(BEGINNING), 8)
    assert model.write(BEGINNING) == " ".join(model.words[i] for i in numbers)
    assert model.write("The DOG!", words=1).split() == ["the", "dog", model.words[numbers[2]]]
    assert model.write(BEGINNING, words=np.int64(3)) == " ".join(model.words[i] for i in numbers[:5])


@pytest.mark.parametrize(
    "form", [{"blocks": 2, "activation": "gelu"}, {"tied": True, "bias": False, "dtype": np.float32}]
)
def test_every_form_writes_and_nothing_in_the_model_changes(form):
    model = Model.random(seed=3, **form)
    before = {name: array.tobytes() for name, array in model.weights.items()}
    numbers = by_hand(model, model.number("cat"), 5)
    assert model.write("cat", words=5) == " ".join(model.words[i] for i in numbers)
    assert ({name: array.tobytes() for name, array in model.weights.items()}, model.version) == (before, 0)


def test_beyond_the_last_place_it_walks_over_the_last_words():
    model = Model.random(seed=5, T_max=3)
    numbers = by_hand(model, model.number(BEGINNING), 9)
    assert model.write(BEGINNING, words=9).split() == [model.words[i] for i in numbers]
    assert len(model.write("the dog sat by the river", words=2).split()) == 8


def test_what_is_drawn_is_drawn_by_the_seed():
    model = Model.random(seed=1)
    drawn = [model.write(BEGINNING, words=20, temperature=1, seed=seed) for seed in (7, 7, 8)]
    assert drawn[0] == drawn[1] != drawn[2]
    for dtype in (np.float64, np.float32):  # as cold as can be, it is the likeliest word
        model = Model.random(seed=1, dtype=dtype)
        assert model.write(BEGINNING, words=20, temperature=1e-300) == model.write(BEGINNING, words=20)


@pytest.mark.slow
def test_words_are_drawn_as_often_as_their_shares_say():
    """20,000 draws at two temperatures, against the softmax of z / temperature by hand."""

    class Evenly:
        def __init__(self):
            self.drawn = iter((np.arange(20_000) + 0.5) / 20_000)

        def random(self):
            return next(self.drawn)

    z = np.log([0.1, 0.2, 0.3, 0.4])
    for temperature, shares in ((1.0, [0.1, 0.2, 0.3, 0.4]), (0.5, np.array([1, 4, 9, 16]) / 30)):
        chance = Evenly()
        counts = np.bincount([_next(z, temperature, chance) for _ in range(20_000)], minlength=4)
        np.testing.assert_allclose(counts / 20_000, shares, atol=1e-4)


def test_the_ends_of_the_draw_are_words():
    class Says:
        def __init__(self, number):
            self.random = lambda: number

    z = np.array([-800.0, 0.0, 1.0, -900.0])  # of the first and the last nothing is left
    assert _next(z, 1.0, Says(0.0)) == 1
    for scale in np.linspace(0.1, 3, 50):
        assert _next(scale * z, 1.0, Says(np.nextafter(1, 0))) == 2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"sentence": "the zebra"}, "sentence: the model does not know 'zebra' .the nearest: "),
        ({"sentence": " ... "}, "sentence: wanted at least one word, got ' ... '"),
        ({"words": 0}, "words: wanted a whole number of at least 1, got 0"),
        ({"words": 2.0}, "words: wanted a whole number of at least 1, got 2.0"),
        ({"words": True}, "words: wanted a whole number of at least 1, got True"),
        ({"temperature": -1}, "temperature: wanted a finite number of at least 0, got -1"),
        ({"temperature": float("inf")}, "temperature: wanted a finite number of at least 0, got inf"),
        ({"temperature": "hot"}, "temperature: wanted a finite number of at least 0, got 'hot'"),
        ({"seed": -1}, "seed: wanted a whole number of at least 0, got -1"),
    ],
)
def test_what_cannot_be_written_is_told(wrong, told):
    with pytest.raises(ValueError, match=f"^{told}"):
        Model.random().write(**{"sentence": "the dog"} | wrong)


def test_gpt2_writes_by_its_own_tokenizer(tmp_path):
    folder = gpt2_folder.write(tmp_path / "gpt2", gpt2_folder.arrays(CONFIG), CONFIG)
    vocabulary = {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4, "<|endoftext|>": 5} | {
        chr(i + 97): i for i in range(6, 11)
    }
    told = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": ["a b", "Ġ ab"]},
    }
    (folder / "tokenizer.json").write_text(json.dumps(told), encoding="utf-8")
    model = Model.gpt2(folder)
    numbers = by_hand(model, [3, 4], 12)
    assert len(numbers) > model.T_max
    letters = "".join(model.words[i] for i in numbers).replace("Ġ", " ")
    assert model.write("ab ab", words=12) == letters
    assert letters.startswith("ab ab")


def test_gpt2_without_a_tokenizer_writes_numbers(tmp_path):
    model = Model.gpt2(gpt2_folder.write(tmp_path / "gpt2", gpt2_folder.arrays(CONFIG), CONFIG))
    assert model.write("3 10", words=4) == " ".join(map(str, by_hand(model, [3, 10], 4)))
