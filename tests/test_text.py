"""The course's text, a learner's own file, the split and the two baselines."""

from collections import Counter
from math import log

import pytest

from gradwalk import Model, text

COURSE = text.load()


def write(folder, content):
    path = folder / "own.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_the_course_text_is_as_large_and_as_plain_as_promised():
    lines = text.COURSE.read_text(encoding="utf-8").splitlines()
    assert len(set(lines)) == len(lines) >= 800
    assert [" ".join(sentence) for sentence in COURSE.sentences] == lines  # lower case, one space, no punctuation
    assert {len(sentence) for sentence in COURSE.sentences} <= set(range(5, 13))
    assert COURSE.words == sorted({word for line in lines for word in line.split(" ")})
    assert len(COURSE.words) <= 300


def test_each_word_is_in_at_least_eight_sentences():
    times = Counter(word for sentence in COURSE.sentences for word in set(sentence))
    assert min(times.values()) >= 8


def test_the_dog_sleeps_by_the_fire_and_has_company():
    lines = [" ".join(sentence) for sentence in COURSE.sentences]
    assert "the dog slept by the fire" in lines
    assert sum(line.endswith("slept by the fire") for line in lines) >= 10


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The dog  slept, by the FIRE!", ["the", "dog", "slept", "by", "the", "fire"]),
        ("don't 'quote' rock 'n' roll’s", ["don't", "quote", "rock", "n", "roll's"]),
        ("well-known, 3 cafe\u0301s", ["well", "known", "3", "cafés"]),
        ("snake_case", ["snake", "case"]),
        (" ... ", []),
    ],
)
def test_words_of(sentence, words):
    assert text.words_of(sentence) == words


def test_an_own_file_is_split_at_line_ends_and_stops(tmp_path):
    content = "\ufeffOne cat sat. Two cats sat! Did three? No; four ran\r\nfive ran\n\nsix ran\nalone\none cat sat\n"
    content += "\n".join(f"number {i} ran" for i in range(6))
    own = text.load(write(tmp_path, content))
    assert [" ".join(sentence) for sentence in own.sentences[:6]] == [
        "one cat sat",  # once only, though it comes twice
        "two cats sat",
        "did three",  # "no" and "alone" are one word each: nothing in them could be scored
        "four ran",
        "five ran",
        "six ran",
    ]
    assert len(own.sentences) == 12
    assert own.words == sorted(own.words)


def test_an_endless_sentence_is_cut_and_loses_no_word(tmp_path):
    words = [f"w{i}" for i in range(1000)]
    own = text.load(write(tmp_path, " ".join(words)))
    assert [word for sentence in own.sentences for word in sentence] == words
    assert max(len(sentence) for sentence in own.sentences) == text.LONGEST


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has 0 such sentences"),
        ("one line\n" * 20, "has 1 such sentences"),
        (b"\xff\xfe\x00nonsense", r"not UTF-8 \(byte 0\)"),
        (b"\x89PNG\r\n", "not UTF-8"),
        ("a b\n" * 12 + "\0", "zero byte"),
    ],
)
def test_a_file_that_is_no_text_is_named_and_told(tmp_path, content, told):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match=told) as error:
        text.load(path)
    assert str(path) in str(error.value)
    assert "wanted a UTF-8 text file of at least 10 different sentences" in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere.txt; wanted a UTF-8 text file"):
        text.load(tmp_path / "nowhere.txt")
    with pytest.raises(ValueError, match="is no file"):
        text.load(tmp_path)


def test_an_unknown_word_is_named_with_its_nearest():
    model = Model.random(words=COURSE.words)
    with pytest.raises(ValueError, match=r"does not know 'dgo' \(the nearest: dog, .*'fyre' \(the nearest: fire, "):
        model.read("the dgo slept by the fyre")
    assert text.nearest("dgo", COURSE.words)[0] == "dog"
    assert len(text.nearest("xyzzy", COURSE.words)) == 3  # there is always a word to offer


def test_the_split_keeps_every_sentence_in_one_part():
    parts = text.split(COURSE.sentences)
    everything = [tuple(sentence) for part in parts for sentence in part]
    assert sorted(everything) == sorted(map(tuple, COURSE.sentences))
    assert len(set(everything)) == len(everything)
    tenth = len(COURSE.sentences) // 10
    assert [len(part) for part in parts] == [len(COURSE.sentences) - 2 * tenth, tenth, tenth]
    assert [len(part) for part in text.split(COURSE.sentences[:10])] == [8, 1, 1]


def test_the_split_is_the_same_in_every_version_and_another_for_another_seed():
    numbers = [[str(i)] for i in range(20)]
    _, stop, report = text.split(numbers)
    assert (stop, report) == ([["19"], ["10"]], [["16"], ["17"]])
    assert text.split(numbers, seed=1) != text.split(numbers)


def test_too_few_to_split():
    with pytest.raises(ValueError, match="wanted at least 10 to split, got 9"):
        text.split([["a", "b"]] * 9)


def test_the_baselines_by_hand():
    train = [["a", "b", "a"], ["a", "b"], ["c", "b"]]  # pairs: a b, b a, a b, c b
    # frequencies, plus one each: a 2/8, b 4/8, c 1/8, d 1/8; "d" was never followed, "a" always by "b"
    found = text.baselines(train, [["a", "b"], ["a", "c"], ["d", "a"]], ["a", "b", "c", "d"])
    assert found.frequencies == pytest.approx(-(log(4 / 8) + log(1 / 8) + log(2 / 8)) / 3, rel=1e-14)
    assert found.bigram == pytest.approx(-(log(0.7 + 0.3 * 4 / 8) + log(0.3 / 8) + log(2 / 8)) / 3, rel=1e-14)


def test_the_baselines_share_out_exactly_one():
    train, words = COURSE.sentences[:50], COURSE.words
    for before in ("the", "fire", "zebra"):  # often followed; last in a sentence; never seen
        found = [text.baselines(train, [[before, word]], words) for word in words]
        assert sum(2.718281828459045**-one.frequencies for one in found) == pytest.approx(1)
        assert sum(2.718281828459045**-one.bigram for one in found) == pytest.approx(1)


def test_nothing_scored_is_no_number():
    with pytest.raises(ValueError, match="no scored word"):
        text.baselines([["a", "b"]], [["a"]], ["a", "b"])
