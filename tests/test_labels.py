"""What a reader sees of a word: readable, unambiguous, text only; on boards, in their tables and in the picture."""

import json
import time

import numpy as np
import pytest
from gpt2_folder import LETTERS, byte_level, with_tokenizer

from gradwalk.model import Model
from gradwalk.reading.labels import LONGEST, as_bytes, readable
from gradwalk.widgets.dial_board import DialBoard
from gradwalk.widgets.own_sentence import OwnSentence

pytestmark = pytest.mark.slow

SEEN = {
    "dog": "dog",
    "it's": "it's",
    "café": "café",
    "日本語": "日本語",
    "नमस्ते": "नमस्ते",
    "שלום": "שלום",
    "👩\u200d💻": "👩\u200d💻",  # joined inside a word: it shapes the sign
    "می\u200cروم": "می\u200cروم",
    "\u200dx": r"\u200dx",
    "x\u200c": r"x\u200c",
    " dog": "␣dog",
    "New York": "New␣York",
    "": r"\empty",
    " ": "␣",
    "\n": r"\n",
    "a\tb\r\n": r"a\tb\r\n",
    "\0": r"\x00",
    "\x7f": r"\x7f",
    "\xa0": r"\u00a0",
    "\xad": r"\u00ad",
    "\u202eevil": r"\u202eevil",
    "\u2028": r"\u2028",
    "\ud800": r"\ud800",
    "\U000e0001": r"\U000e0001",
    "\\": r"\\",
    r"\n": r"\\n",
    "␣": r"\u2423",
    "<img src=x onerror=alert(1)>": "<img␣src=x␣onerror=alert(1)>",
    "$x$ `b` **c** _d_ |": "$x$␣`b`␣**c**␣_d_␣|",
}


@pytest.mark.parametrize("word", SEEN)
def test_a_word_as_a_reader_sees_it(word):
    assert readable(word) == SEEN[word]
    if word.isprintable():
        assert readable(word.encode()) == SEEN[word]


def test_bytes_that_are_no_letter_stand_by_their_code():
    assert readable(b"\xe2\x80") == r"\xe2\x80"
    assert readable(b"\xa0") == r"\xa0"  # not the letter of that number
    assert readable(b" caf\xc3") == r"␣caf\xc3"
    assert readable(b"\xed\xa0\x80") == r"\xed\xa0\x80"  # half a letter, which UTF-8 does not have
    assert readable(b"\\xe2") == r"\\xe2"


def test_a_long_word_is_cut_and_numbered():
    assert readable("x" * LONGEST) == "x" * LONGEST
    assert readable("x" * (LONGEST + 1), 7) == "x" * LONGEST + "…#7"
    assert readable("\n" * 30, 7) == r"\n" * 20 + "…#7"
    assert readable("x" * (LONGEST - 1) + "\n\n", 7) == "x" * (LONGEST - 1) + "…#7"  # no half of an escape
    assert readable("é".encode() * 50, 7) == "é" * LONGEST + "…#7"
    assert readable(b"\xff" * 50, 7) == r"\xff" * 10 + "…#7"
    start = time.process_time()
    for word in ("\n" * 10**7, b"\xff" * 10**7):
        assert len(readable(word, 7)) <= LONGEST + 3
    assert time.process_time() - start < 0.1


def test_the_letters_for_bytes_are_gpt2s():
    assert [as_bytes(letter) for letter in LETTERS] == [
        *(bytes([byte]) for byte in [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]),
        *(bytes([byte]) for byte in [*range(0x21), *range(0x7F, 0xA1), 0xAD]),
    ]
    assert as_bytes("ĠcafÃ©") == " café".encode()
    assert as_bytes("日") == "日"


def test_no_two_words_look_the_same():
    rng = np.random.default_rng(0)
    words = {bytes([byte]) for byte in range(256)} | {letter.encode() for letter in "é☃\xa0\u200d␣ \\\n日" * 2}
    alphabet = [b"\\", b"n", b"x", b"e", b"2", b"\xe2", b"\xc2", b"\xa0", b" ", b"\n", "␣".encode(), b"u", b"0", b""]
    words |= {b"".join(rng.choice(alphabet, 5)) for _ in range(5000)}
    words |= {b"x" * n for n in range(30, 60)} | {b"x" * 45 + bytes([byte]) for byte in range(65, 90)}
    words |= {b"x" * 40 + "…#7".encode()}
    words = sorted(words)
    assert len({readable(word, i) for i, word in enumerate(words)}) == len(words)


# ---- who decides what a vocabulary is


def test_the_tokenizer_says_that_words_are_bytes_not_their_letters(tmp_path):
    model = Model.gpt2(with_tokenizer(tmp_path / "bytes"))
    at = model.words.index
    assert [model.label(at(w)) for w in ("the", "Ġdog", "ĠcafÃ©", "Ã", "©", "Ċ", "ĠĠ", "<|endoftext|>", "<271>")] == [
        *("the", "␣dog", "␣café", r"\xc3", r"\xa9", r"\n", "␣␣", "<|endoftext|>", "<271>")
    ]
    assert len({model.label(i) for i in range(model.N)}) == model.N
    whole = {
        "type": "Sequence",
        "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level()["decoder"]],
    }
    for told in (byte_level(pre_tokenizer=whole, decoder=None), byte_level(pre_tokenizer=None)):
        assert Model.gpt2(with_tokenizer(tmp_path / "bytes", told)).label(at("Ġdog")) == "␣dog"
    told = byte_level(pre_tokenizer=None, decoder=None)  # nobody says so: the letters stand as they are
    assert Model.gpt2(with_tokenizer(tmp_path / "letters", told)).label(at("Ġdog")) == "Ġdog"
    assert Model.random(words=["Ġdog", "ĠcafÃ©"]).label(0) == "Ġdog"


def test_a_word_that_was_added_is_no_spelling_of_bytes(tmp_path):
    added = byte_level()["added_tokens"][0] | {"content": "Ġé", "id": 270}
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2", byte_level(added_tokens=[added])))
    assert (model.words[270], model.label(270)) == ("Ġé", "Ġé")


def test_two_words_for_one_text_are_told_apart(tmp_path):
    added = byte_level()["added_tokens"][0] | {"content": "  ", "id": 270}
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2", byte_level(added_tokens=[added])))
    ours = model.words.index("ĠĠ")
    assert (model.label(270), model.label(ours)) == (r"␣␣\#270", rf"␣␣\#{ours}")
    assert len({model.label(i) for i in range(model.N)}) == model.N


@pytest.mark.parametrize("i", [-1, 11, 1.0, "dog", None, True])
def test_a_label_is_of_a_word(i):
    with pytest.raises(ValueError, match="i: wanted a whole number from 0 to 10"):
        Model.random().label(i)


# ---- what shows them


@pytest.fixture(scope="module")
def bytes_model(tmp_path_factory):
    return Model.gpt2(with_tokenizer(tmp_path_factory.mktemp("bytes") / "gpt2"))


def test_a_board_shows_readable_words_everywhere(bytes_model):
    tokens, y = bytes_model.read("the dog the café\n dog", "all")
    board = DialBoard(
        bytes_model, tokens, y, "E", rows=["Ġdog", "ĠcafÃ©", "Ċ", "Ã"], columns=[0], watch="blocks.0.alpha"
    )
    assert [row["label"] for row in board.scene["rows"]] == ["␣dog", "␣café", r"\n", r"\xc3"]
    assert board.scene["names"] == ["E[␣dog, 0]", "E[␣café, 0]", r"E[\n, 0]", r"E[\xc3, 0]"]
    assert board.scene["spoken"]["gpt2"][:2] == ["wte.weight[␣dog, 0]", "wte.weight[␣café, 0]"]
    assert board.scene["sentences"] == [
        [["the", False], ["␣dog", True], ["␣the", True], ["␣café", True], [r"\n", True], ["␣dog", True]]
    ]
    assert board.scene["watch"]["words"] == ["the", "␣dog", "␣the", "␣café", r"\n"]
    data, _ = board._repr_mimebundle_()
    assert r"“\n” looks at: head 0: the" in data["text/plain"]
    told = json.dumps(board.scene, ensure_ascii=False) + data["text/plain"] + data["text/html"]
    assert not [letter for letter in "ĠĊÃ" if letter in told]
    one = DialBoard(bytes_model, *bytes_model.read("the dog"), "E")
    assert one.scene["note"] == "one position scored: which word comes after “the”?"
    own = OwnSentence(bytes_model, "the café dog", name="E")
    assert "␣café" in own._repr_mimebundle_()[0]["text/plain"]


def test_an_output_board_says_where_in_readable_words(tmp_path):
    """An output layer of its own, with the vocabulary of bytes: "where" is only told there."""
    tied = Model.gpt2(with_tokenizer(tmp_path / "gpt2"))
    model = Model({**tied.weights, "W": tied.weights["E"]}, tied.words, tied.H, "gelu", tokenizer=tied.tokenizer)
    board = DialBoard(model, *model.read("the café dog"), "W")
    assert board.scene["positions"][0]["where"] == "“␣dog” after “␣café”"
    assert board.scene["rows"][0] == {"label": "␣dog", "mark": "the true word"}
    tokens, _ = model.read("the café dog")
    other = DialBoard(model, tokens, [-1, model.words.index("Ċ")], "W")  # a word that does not follow
    assert other.scene["sentences"] == [[["the", False], ["␣café", False], [r"\n", True]]]
    first = DialBoard(model, tokens, [model.words.index("Ċ"), -1], "W")
    assert first.scene["sentences"] == [[["the", False], [r"(\n)", True], ["␣café", False]]]


@pytest.mark.parametrize("given", ["Ġdog", "␣dog", " dog"])
def test_a_row_goes_by_either_spelling(bytes_model, given):
    board = DialBoard(bytes_model, *bytes_model.read("the dog"), "E", rows=[given, "<|endoftext|>"], columns=[0])
    assert [row["label"] for row in board.scene["rows"]] == ["␣dog", "<|endoftext|>"]
    board.turn((given, 0), 0.5)
    assert board.turned == [0.5, 0.0]


def test_a_spelling_comes_before_a_label(bytes_model):
    """ "Ã" is how the vocabulary spells the byte c3; by its label it is \\xc3, and "é" is the label of "Ã©"."""
    board = DialBoard(bytes_model, *bytes_model.read("the dog"), "E", rows=["Ã", "Ã©"], columns=[0])
    assert [row["label"] for row in board.scene["rows"]] == [r"\xc3", "é"]
    for i in [*range(0, bytes_model.N, 20), *range(256, bytes_model.N)]:
        spelled = DialBoard(bytes_model, [0, 1], [-1, 2], "E", rows=[bytes_model.words[i]], columns=[0])
        assert spelled.dials == [(i, 0)]
        if bytes_model.label(i) not in bytes_model.words:
            assert DialBoard(bytes_model, [0], [2], "E", rows=[bytes_model.label(i)], columns=[0]).dials == [(i, 0)]
    with pytest.raises(ValueError, match=r"rows: the model does not know '␣dgo' \(the nearest: ␣dog, "):
        DialBoard(bytes_model, [0], [2], "E", rows=["␣dgo"])


HOSTILE = [
    *("<img src=http://x.example/a.png onerror=alert(1)>", "$x$", "**b** `c` _d_", "a|b", "line\nline", "\r", "\0"),
    *("", " ", "\u202edrow", "\ud800", "x" * 10_000, "x" * 10_000 + "y", "\\n", "]]>", "</script>", "&amp;"),
]


def test_hostile_words_are_text_on_one_line_and_none_is_lost():
    model = Model.random(words=HOSTILE)
    board = DialBoard(model, range(16), [*range(1, 17)], "W", rows=HOSTILE, columns=[0, 1], watch="alpha")
    labels = [row["label"] for row in board.scene["rows"]]
    assert labels[:2] == ["<img␣src=http://x.example/a.png␣onerror=…#0", "$x$"]
    assert labels[11:13] == ["x" * 40 + "…#11", "x" * 40 + "…#12"]
    assert labels[13] == r"\\n"
    assert labels[4] == r"line\nline"
    assert len(set(labels)) == len(HOSTILE)
    assert len(set(board.scene["names"])) == 2 * len(HOSTILE)  # predictions go by these names
    assert all(len(label) < 50 and label.isprintable() for label in [*labels, *board.scene["watch"]["words"]])
    data, _ = board._repr_mimebundle_()
    assert "<img" not in data["text/html"]
    assert "</script>" not in data["text/html"]
    assert r"line\nline" in data["text/plain"]
    for name in board.scene["names"]:
        assert name.isprintable()
    for index in board.dials[:4]:
        board.call(index, "rise")
    assert len(board.predictions) == 4


def test_plain_words_are_shown_as_they_are():
    model = Model.trained()
    assert [model.label(i) for i in range(model.N)] == model.words
