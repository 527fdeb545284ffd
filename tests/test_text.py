"""The course's text, a learner's own file in any script and shape, the split and the two baselines."""

import hashlib
import json
import textwrap
import time
import unicodedata
from collections import Counter
from math import log

import numpy as np
import pytest

from gradwalk import Model, forward, loss_on, text
from gradwalk.reading.sentences import crowded, sentences_of

pytestmark = pytest.mark.slow

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


def test_the_course_text_is_read_as_it_was_when_the_model_was_trained():
    told = json.dumps([COURSE.sentences, COURSE.words, text.split(COURSE.sentences)])
    assert (len(COURSE.sentences), len(COURSE.words)) == (2296, 299)
    assert hashlib.sha256(told.encode()).hexdigest().startswith("1314482b9284875582285e37f6854379")


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
        ("The dog  slept, by the FIRE!", "the dog slept by the fire"),
        ("don't 'quote' rock 'n' roll’s 1980's", "don't quote rock n roll's 1980's"),
        ("don‘t donʼt don´t l’homme d'aujourd’hui", "don't don't don't l'homme d'aujourd'hui"),
        ("well-known, 3 cafe\u0301s", "well known 3 cafés"),
        ("snake_case _the whole_ of it", "snake case the whole of it"),
        ("3.14 and 1,000 and 1'000 and 12.5% of $2.50", "3.14 and 1,000 and 1'000 and 12.5 of 2.50"),
        ("v1.2.3 at 10:30, 5th of 2024-01-05; 1/2", "v1.2.3 at 10 30 5th of 2024 01 05 1 2"),
        ("e.g. i.e. the U.S.A. and www.example.com", "e.g i.e the u.s.a and www.example.com"),
        ("He sat.She ran, a,b (c)d anna:hi 1;2", "he sat she ran a b c d anna hi 1 2"),
        ("co\u00adope\u00adrate \u200elefts\u200f \ufeffmark", "cooperate lefts mark"),
        ("dog\U0001f44d\U0001f3fd cat\u2764\ufe0f 1\ufe0f\u20e3 \U0001f469\u200d\U0001f680", "dog cat 1"),
        ("Ｔｈｅ　ｄｏｇ　ｉｓ　３．５　ｏｌｄ； ﬁre, oﬃce, ｱｲｽ", "the dog is 3.5 old fire office アイス"),
        ("m² ½ x₁", "m² ½ x₁"),
        ("कुत्ता आग के पास, हिन्दी में", "कुत्ता आग के पास हिन्दी में"),
        ("நாய் நெருப்பின் அருகில்", "நாய் நெருப்பின் அருகில்"),
        ("বিড়ালটি জানালায়", unicodedata.normalize("NFC", "বিড়ালটি জানালায়")),
        ("അവന്\u200d വീട്ടില്\u200d പോയി", "അവന്\u200d വീട്ടില്\u200d പോയി"),
        ("แมว นั่ง ที่ น้ำ", "แมว นั่ง ที่ น้ำ"),
        ("แมว\u200bนั่ง\u200bที่\u200bน้ำ", "แมว นั่ง ที่ น้ำ"),
        ("ឆ្កែ ដេក ក្បែរ ភ្លើង", "ឆ្កែ ដេក ក្បែរ ភ្លើង"),
        ("我 喜欢 猫", "我 喜欢 猫"),
        ('הַכֶּלֶב יָשֵׁן, צה״ל צה"ל ג׳ירפה', unicodedata.normalize("NFC", 'הַכֶּלֶב יָשֵׁן צה"ל צה"ל ג\'ירפה')),
        ("نَامَ الكَلْبُ، ٣٫١٤ و١٬٠٠٠", unicodedata.normalize("NFC", "نَامَ الكَلْبُ ٣٫١٤ و١٬٠٠٠")),
        ("من می\u200cخواهم کتاب\u200cها\u200c", "من می\u200cخواهم کتاب\u200cها"),
        ("Con chó ngủ bên đống lửa", "con chó ngủ bên đống lửa"),
        ("Ο ΔΡΟΜΟΣ, ο δρόμος", "ο δρομος ο δρόμος"),
        ("Ёлка Й", "ёлка й"),
        ("П'ять п’ять пʼять", "п'ять п'ять п'ять"),
        ("ᲙᲐᲢᲐ კატა", "კატა კატა"),
        ("ውሻው፡በእሳቱ አጠገብ", "ውሻው በእሳቱ አጠገብ"),
        ("Ինչպե՞ս ես, լա՜վ", "ինչպես ես լավ"),
        ("İstanbul I\u0307zmir", "istanbul izmir"),
        ("STRASSE Straße STRAẞE", "strasse straße straße"),
        ("J\u030c", "\u01f0"),  # only the small letter has a composed form
        ("col·lecció", "col·lecció"),
        ("개가 불 옆에서", "개가 불 옆에서"),
        (" ... _ – \U0001f600 \u0301", ""),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_of(sentence, words, form):
    assert text.words_of(unicodedata.normalize(form, sentence)) == words.split()


@pytest.mark.parametrize(
    ("content", "sentences"),
    [
        ("वह गया। वह आया॥ क्या हुआ?", ["वह गया", "वह आया", "क्या हुआ"]),
        ("我 来。 你 去！ 他 呢？ 她 好｡", ["我 来", "你 去", "他 呢", "她 好"]),
        ("نام الكلب. هل نام؟ نعم نام؛ شكرا لك", ["نام الكلب", "هل نام", "نعم نام", "شكرا لك"]),
        ("کتا سویا۔ بلی جاگی", ["کتا سویا", "بلی جاگی"]),
        ("ውሻው ተኛ። ድመቷ መጣች፧ አዎ መጣች", ["ውሻው ተኛ", "ድመቷ መጣች", "አዎ መጣች"]),
        ("ခွေး အိပ် သည်။ ကြောင် ထိုင် သည်", ["ခွေး အိပ် သည်", "ကြောင် ထိုင် သည်"]),
        ("ឆ្កែ ដេក។ ឆ្មា អង្គុយ៕", ["ឆ្កែ ដេក", "ឆ្មា អង្គុយ"]),
        ("Շունը քնեց։ Ինչպե՞ս ես։", ["շունը քնեց", "ինչպես ես"]),
        ("Πού πας\u037e Πάω σπίτι.", ["πού πας", "πάω σπίτι"]),
        ("ཁྱི་ཉལ། ཞི་མི།", ["ཁྱི ཉལ", "ཞི མི"]),
        ("I think… it was… he did‽ No way", ["i think", "it was", "he did", "no way"]),
        ("Pi is 3.14 here. It cost 1,000 or .5 of it.", ["pi is 3.14 here", "it cost 1,000 or 5 of it"]),
        ("It has 2 dogs. 3 dogs ran.Then 4 ran.", ["it has 2 dogs", "3 dogs ran", "then 4 ran"]),
        ("He lives at No. 5, see p. 7. He said no. He left", ["he lives at no 5 see p 7", "he said no", "he left"]),
        ("Mr. and Mrs. Smith met Dr. Who. They left", ["mr and mrs smith met dr who", "they left"]),
        ("J. R. R. Tolkien, J.K. Rowling wrote. They did", ["j r r tolkien j.k rowling wrote", "they did"]),
        ("In the U.S. army, e.g. here, etc., all sat. All ran", ["in the u.s army e.g here etc all sat", "all ran"]),
        ("See example.com or my.txt now. Do it", ["see example.com or my.txt now", "do it"]),
        ("a b. b c. c a.", ["a b", "b c", "c a"]),
        ("A B. B C. C A.", ["a b", "b c", "c a"]),
        ("“He sat down.” (She sat.) 'They ran!' she said", ["he sat down", "she sat", "they ran", "she said"]),
        ("one line\u2029another line", ["one line", "another line"]),
    ],
)
def test_sentence_ends_of_many_scripts_and_points_that_end_none(content, sentences):
    found = [" ".join(words) for words in sentences_of(content) if words]
    assert found == [unicodedata.normalize("NFC", sentence) for sentence in sentences]


BOOK = """\
The old fisherman had lived by the sea for as long as anyone could remember, and his boat was older than he was. \
Mr. Brown, who kept the shop at No. 5, said that it would not float for another year. It did. \
“What do you want with a new one?” the fisherman asked; “I know every plank of this.”

In the evening the fog came up from the river, so thick that one could not see the lamp before the door. \
The dog lay down by the fire and would not get up again. “He knows,” said the fisherman’s wife, and she put 3.5 \
pounds of fish into the pan, with a little salt and a great deal of butter. Nobody spoke while they ate.

Nobody saw the boy leave the house. He went along the wall, past the church, and down to the boats."""


def paragraphs(content):
    return [words for words in sentences_of(content) if words]


@pytest.mark.parametrize("width", [40, 60, 72, 100])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\x85", "\u2028"])
@pytest.mark.parametrize("change", [str, str.lower])
def test_a_wrapped_book_is_read_as_its_paragraphs(width, newline, change):
    whole = [change(paragraph) for paragraph in BOOK.split("\n\n")]
    wrapped = "\n\n".join(textwrap.fill(paragraph, width) for paragraph in whole)
    assert "\n" in wrapped.replace("\n\n", "")
    assert paragraphs(wrapped.replace("\n", newline)) == paragraphs("\n".join(whole))
    assert len(paragraphs(wrapped)) == 12


def test_a_book_has_headings_verse_and_lists_too(tmp_path):
    book = "\n\n".join(textwrap.fill(paragraph, 70) for paragraph in BOOK.split("\n\n"))
    verse = "    Down by the sea\n    the lamps burn low\n    and no one comes home"
    items = "- a lamp for the boat, which has none, and a rope of twenty feet or so\n- a loaf of bread\n- a knife"
    own = text.load(write(tmp_path, f"CHAPTER I\nThe Fog\n\n{book}\n\n{verse}\n\n{book}\n\n{items}\n"))
    told = [" ".join(sentence) for sentence in own.sentences]
    assert told[:2] == ["chapter i", "the fog"]
    assert told[-6:] == [
        "down by the sea",
        "the lamps burn low",
        "and no one comes home",
        "a lamp for the boat which has none and a rope of twenty feet or so",
        "a loaf of bread",
        "a knife",
    ]
    assert own.sentences[2:-6] == [words for words in paragraphs(BOOK) if len(words) > 1]


def test_a_wrapped_book_may_have_a_line_that_is_too_long():
    address = "http://example.com/" + "fog/" * 40
    whole = [paragraph.replace("It did.", f"It did {address} too.") for paragraph in BOOK.split("\n\n")]
    wrapped = [textwrap.fill(paragraph, 60, break_long_words=False, break_on_hyphens=False) for paragraph in whole]
    assert max(map(len, wrapped[0].splitlines())) > 150
    assert paragraphs("\n\n".join(wrapped)) == paragraphs("\n".join(whole))


@pytest.mark.parametrize("width", range(50, 90, 4))
@pytest.mark.parametrize("mark", ["\n\n", "\n  \t\n", "\u2029", "\r\n\r\n\r\n"])
def test_the_end_of_a_paragraph_ends_a_sentence_without_a_stop(width, mark):
    whole = [paragraph.rstrip(".") for paragraph in BOOK.split("\n\n")]
    wrapped = mark.join(textwrap.fill(paragraph, width) for paragraph in whole)
    assert paragraphs(wrapped) == paragraphs("\n".join(whole))


HINDI = "कुत्ता आग के पास सोता है। बिल्ली खिड़की पर बैठी है। हम नदी के किनारे चलते हैं और गाते हैं। क्या तुम घर जा रहे हो? "


def test_wrapped_text_without_capitals():
    wrapped = textwrap.fill(HINDI * 4, 50)
    assert paragraphs(wrapped) == paragraphs(HINDI * 4)


@pytest.mark.parametrize(
    "lines",
    [
        # blank verse: lines of like length, sentences that end inside them, each with a capital
        "Thou shalt not go. The night is far too dark\nFor such as thee. The sea is rough, and black\n"
        "Are all the sails. I saw them from the wall\nThis very hour. Then sit thee by the fire\n"
        "And hold thy peace; the dog will watch the door\nTill morning comes, and with it all the men\n",
        # verse without capitals that ends with every second line
        "कुत्ता आग के पास सोता है और गाता है\nबिल्ली खिड़की पर बैठी है। वह सोती है।\n" * 12,
        # verse without capitals
        "the fog comes\non little cat feet\n\nit sits. looking\nover harbor and city\non silent paws. it\nmoves on\n",
        # one sentence a line, all of one length, as a learner makes them by a loop
        "".join(f"number {i} ran here\n" for i in range(10, 90)),
        # the same with a stop here and there
        "".join(f"number {i} ran {'on. it' if i % 7 == 0 else 'to it'} fell\n" for i in range(10, 99)),
        # and longer, with no stop at all, with few, with two
        "".join(f"number {i} ran by the river to the sea\n" for i in range(10, 99)),
        "".join(f"number {i} ran {'on. it ' if i % 22 == 0 else ''}by the river to the sea\n" for i in range(10, 99)),
        "".join(f"number {i} ran {'on. it ' if i < 12 else 'and it '}was by the sea\n" for i in range(10, 20)),
        # of other lengths, with more stops than lines
        "".join(f"i. {'very ' * (i % 5)}well, no. {i}\n" for i in range(10, 90)),
        # a talk
        "anna: hi there\nben: hey. how are you? long time no see, i thought you had left\nanna: fine, you?\n"
        "ben: good good. i was at the lake with the kids. it was cold\nanna: lol\nanna: did they swim\n",
        # subtitles, a table, a list
        "we have to go\nbefore dark\n\ni know. but the dog\nis still out\n",
        "id,name,says\n1,anna,i am here and it is 3.50\n2,ben,no\n3,cleo,it costs 3.50\n",
        "- bread with butter. the good one\n- milk from the shop. not the old\n- eggs of the hens, ten. or six\n" * 9,
    ],
    ids=lambda lines: lines.split("\n")[0][:30],
)
def test_lines_that_are_not_wrapped_end_a_sentence_each(lines):
    alone = [words for line in lines.splitlines() for words in sentences_of(line) if words]
    assert paragraphs(lines) == alone


SPACED = {
    "Thai": "หมา นอน อยู่ ข้าง กองไฟ\nแมว นั่ง อยู่ ที่ หน้าต่าง\nวันนี้ ฝน ตก มาก\nเขา กิน ข้าว แล้ว",
    "Khmer": "ឆ្កែ ដេក ក្បែរ ភ្លើង។ ឆ្មា អង្គុយ ក្បែរ បង្អួច។",
    "Lao": "ໝາ ນອນ ຢູ່ ຂ້າງ ໄຟ. ແມວ ນັ່ງ ຢູ່ ປ່ອງຢ້ຽມ.",
    "Burmese": "ခွေး သည် မီး ဘေး တွင် အိပ် သည်။ ကြောင် သည် ပြတင်းပေါက် တွင် ထိုင် သည်။",
    "Chinese": "狗 睡 在 火 边。 猫 坐 在 窗户 前面。 你 好 吗？ 他 睡 了。",
    "Japanese": "犬が 火の そばで 寝た。 猫は 窓に 座って いる。 コンピューターは 高い。",
}


@pytest.mark.parametrize("script", SPACED)
def test_a_script_without_spaces_is_named_and_told_what_to_do(tmp_path, script):
    spaced = SPACED[script]
    assert crowded(spaced) == ""
    assert crowded(spaced.replace(" ", "\u200b")) == ""  # a space without width, as Khmer's typists set it
    phrases = spaced.replace("\n", "NEW").replace(" ", "").replace("NEW", " ")
    for unspaced in (phrases, phrases.replace(" ", "\n"), phrases + " the dog sat"):
        with pytest.raises(ValueError, match=r"has hardly any spaces \(.*with a space between two words") as error:
            text.load(write(tmp_path, f"{unspaced}\n" * 20))
        assert "own.txt" in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        HINDI,
        "நாய் நெருப்பின் அருகில் தூங்கியது. வீட்டுக்குப் போகிறேன்.",
        "അവൻ വീട്ടിൽ പോയി. നായ തീയുടെ അടുത്ത് ഉറങ്ങി. സംസാരിച്ചുകൊണ്ടിരിക്കുകയായിരുന്നു.",
        "הַכֶּלֶב יָשֵׁן לְיַד הָאֵשׁ.",
        "من می\u200cخواهم به خانه بروم.",
        "개가 불 옆에서 잤다. 고양이는 창가에 앉았다.",
        "Qimmeq ikumatip saniani sinippoq. Tusaatissaqaanngikkaluarpugut.",
        "Donaudampfschifffahrtsgesellschaft und Rindfleisch.",
        "The word 你好 means hello. He said 我喜欢猫 to me yesterday, and I did not know what to say.",
        "ཁྱི་མེའི་འགྲམ་དུ་ཉལ། ཞི་མི་སྒེའུ་ཁུང་ལ་བསྡད།",
    ],
)
def test_a_script_with_spaces_has_enough(content):
    assert crowded(content) == ""


def test_any_text_without_spaces_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"hardly any spaces \(820 letters in 20 words\)"):
        text.load(write(tmp_path, "thedogsleptbythefireandthecatsatbythedoor\n" * 20))


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


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_says_how_to_read(tmp_path, encoding):
    content = "".join(f"дом {i} стоит\n" for i in range(12))
    mark = "\ufeff" if encoding.endswith("e") else ""
    own = text.load(write(tmp_path, (mark + content).encode(encoding)))
    assert own.sentences == [["дом", str(i), "стоит"] for i in range(12)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\t", "is empty"),
        ("one line\n" * 20, "has 1 such sentences"),
        ("\n".join("abcdefghijklmn"), "has 0 such sentences"),
        (b"\xff\xfe\x00nonsense", r"is not UTF-16 \(byte "),
        ("un été\nà la mer\n".encode("latin-1"), r"is not UTF-8 \(byte 3, 0xe9, on line 1\); save it as plain"),
        ("un ete\nà la mer\n".encode("cp1252"), r"is not UTF-8 \(byte 7, 0xe0, on line 2\); save it"),
        (b"\x89PNG\r\n", "is not UTF-8"),
        ("a b\n" * 12 + "\0", "holds a zero byte"),
        ("the dog\n".encode("utf-16-le") * 12, "holds a zero byte.*not in UTF-8; save it as plain text in UTF-8"),
        (b"%PDF-1.4\n" + b"the dog sat\n" * 20, "no plain text; save it as plain text in UTF-8"),
        (b"{\\rtf1\\ansi the dog sat\n" * 20, "no plain text"),
        (b"PK\x03\x04docx", "no plain text"),
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
    with pytest.raises((ValueError, FileNotFoundError), match=r"text: .*wanted a UTF-8 text file"):
        text.load(tmp_path / ("long" * 200))
    for path in ("", "a\0b", 5, b"own.txt", ["own.txt"], COURSE):
        with pytest.raises(ValueError, match=r"^path: wanted the path of a text file, got "):
            text.load(path)


@pytest.mark.parametrize("piece", ["No. ", "A. ", "a'", "हिन्दी में। ", "我 ", ".", "\n", "\u00ad"])
def test_odd_files_are_read_in_no_time(piece):
    """Of the process's own time, since the machine may have other work: a pattern that looks back too far is seen."""
    content = piece * (200_000 // len(piece.encode()))
    started = time.process_time()
    crowded(content)
    list(sentences_of(content))
    assert time.process_time() - started < 3


def test_a_megabyte_is_read_in_about_a_second(tmp_path):
    wrapped = "\n\n".join(textwrap.fill(paragraph, 72) for paragraph in BOOK.split("\n\n"))
    path = write(tmp_path, f"{wrapped}\n\n" * (1_100_000 // len(wrapped)))
    started = time.process_time()
    assert len(text.load(path).sentences) == 12
    assert time.process_time() - started < 3  # 0.7 s on a quiet core


def test_an_unknown_word_is_named_with_its_nearest():
    model = Model.random(words=COURSE.words)
    with pytest.raises(ValueError, match=r"does not know 'dgo' \(the nearest: dog, .*'fyre' \(the nearest: fire, "):
        model.read("the dgo slept by the fyre")
    assert text.nearest("dgo", COURSE.words)[0] == "dog"
    assert len(text.nearest("xyzzy", COURSE.words)) == 3  # there is always a word to offer


def test_a_page_of_unknown_words_is_told_in_one_line():
    with pytest.raises(ValueError, match=r"'w4' \(the nearest: [^)]*\); and 495 more$") as error:
        Model.random(words=COURSE.words).read(" ".join(f"w{i}" for i in range(500)))
    assert "'w5'" not in str(error.value)


def test_a_list_of_words_is_looked_up_as_it_stands():
    model = Model.random(words=["the", "Well-known", "new york", "dog", "3.14"])
    words = ["the", "new york", "Well-known"]
    for given in (words, tuple(words), np.array(words), iter(words)):
        tokens, y = model.read(given, scored="all")
        assert (list(tokens), list(y)) == ([0, 2], [2, 1])
    assert list(model.number(iter(["3.14"]))) == [4] == list(model.number("3.14!"))
    with pytest.raises(ValueError, match="does not know 'The'"):
        model.read(["The", "dog"])
    tokens, y = [0, 2], [2, 1]
    assert loss_on(model, [words]) == pytest.approx(forward(model, tokens, y).L, rel=1e-12)


@pytest.mark.parametrize("sentence", [None, 5, b"the dog", ["the", 5], [["the"]], {"the": 1}, {"the"}, np.array(5)])
def test_a_sentence_of_another_kind_is_refused(sentence):
    model = Model.random()
    for read in (model.read, model.number):
        with pytest.raises(ValueError, match=r"^sentence: wanted text in one string or a list of words, got "):
            read(sentence)
    if not isinstance(sentence, list):
        with pytest.raises(ValueError, match=r"^sentence: wanted text in one string, got "):
            text.words_of(sentence)


@pytest.mark.parametrize("sentence", ["", " ... ", []])
def test_a_sentence_without_a_word_is_refused(sentence):
    with pytest.raises(ValueError, match=r"^sentence: wanted at least one word, got "):
        Model.random().number(sentence)
    with pytest.raises(ValueError, match=r"^sentence: wanted 2 to 257 words, got 0"):
        Model.random().read(sentence)


@pytest.mark.parametrize("scored", ["first", None, 1, ["last"], np.array(["last", "all"])])
def test_what_is_scored_is_last_or_all(scored):
    with pytest.raises(ValueError, match=r"^scored: wanted 'last' or 'all', got "):
        Model.random().read("the dog", scored=scored)


def test_a_tokenizer_gets_the_text_untouched():
    heard = []

    class Tokenizer:
        def encode(self, given):
            heard.append(given)
            return type("Encoding", (), {"ids": list(range(len(given.split())))})

    model = Model.random()
    model = Model(model.weights, model.words, model.H, tokenizer=Tokenizer())
    given = "  The DOG’s\u00ad cafe\u0301... Ｆｕｌｌ\n"
    assert list(model.number(given)) == [0, 1, 2, 3]
    model.read(given)
    model.number(["The", "DOG’s"])
    assert heard == [given, given, "The DOG’s"]
    for empty in ("", " \n"):
        with pytest.raises(ValueError, match=r"^sentence: wanted at least one word, got "):
            model.number(empty)


def test_nearest_refuses_what_is_no_word():
    for arguments, name in [
        ((None, ["dog"]), "word"),
        ((b"dog", ["dog"]), "word"),
        (("dog", "dog"), "words"),
        (("dog", []), "words"),
        (("dog", [1, 2]), "words"),
        (("dog", None), "words"),
        (("dog", ["dog"], -1), "n"),
        (("dog", ["dog"], 1.5), "n"),
        (("dog", ["dog"], True), "n"),
    ]:
        with pytest.raises(ValueError, match=f"^{name}: wanted .*, got "):
            text.nearest(*arguments)
    assert text.nearest("dgo", iter(["got", "dog"]), np.int64(1)) == ["dog"]


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
    for sentences in ("the dog sat by the fire", b"the dog sat by", None, 20, [], [1] * 20, [None] * 20, [b"a b"] * 20):
        with pytest.raises(ValueError, match=r"^sentences: wanted a list of sentences.*, got "):
            text.split(sentences)
    for seed in (-1, 1.5, "a", None, True):
        with pytest.raises(ValueError, match=r"^seed: wanted a whole number of at least 0, got "):
            text.split([["a", "b"]] * 10, seed=seed)
    numbers = [[str(i)] for i in range(20)]
    assert text.split(iter(numbers), seed=np.int64(1)) == text.split(numbers, seed=1)


def test_the_baselines_by_hand():
    train = [["a", "b", "a"], ["a", "b"], ["c", "b"]]  # pairs: a b, b a, a b, c b
    # frequencies, plus one each: a 2/8, b 4/8, c 1/8, d 1/8; "d" was never followed, "a" always by "b"
    found = text.baselines(train, [["a", "b"], ["a", "c"], ["d", "a"]], ["a", "b", "c", "d"])
    assert found.frequencies == pytest.approx(-(log(4 / 8) + log(1 / 8) + log(2 / 8)) / 3, rel=1e-14)
    assert found.bigram == pytest.approx(-(log(0.7 + 0.3 * 4 / 8) + log(0.3 / 8) + log(2 / 8)) / 3, rel=1e-14)
    mixed = text.baselines(train, [["a", "b"], ["a", "c"]], ["a", "b", "c", "d"], mix=0.9)
    assert mixed.bigram == pytest.approx(-(log(0.9 + 0.1 * 4 / 8) + log(0.1 / 8)) / 2, rel=1e-14)
    assert text.baselines(train, train, ["a", "b", "c"], mix=0).bigram == pytest.approx(
        text.baselines(train, train, ["a", "b", "c"]).frequencies
    )


def test_the_baselines_share_out_exactly_one():
    train, words = COURSE.sentences[:50], COURSE.words
    for before in ("the", "fire", "zebra"):  # often followed; last in a sentence; never seen
        found = [text.baselines(train, [[before, word]], words) for word in words]
        assert sum(2.718281828459045**-one.frequencies for one in found) == pytest.approx(1)
        assert sum(2.718281828459045**-one.bigram for one in found) == pytest.approx(1)


def test_nothing_scored_is_no_number():
    with pytest.raises(ValueError, match="no scored word"):
        text.baselines([["a", "b"]], [["a"]], ["a", "b"])


def test_the_baselines_read_text_as_tuning_does():
    lists = [["the", "dog", "sat"], ["the", "cat", "sat"]]
    found = text.baselines(["The dog sat.", "the cat sat"], ["the cat sat"], ("the", "dog", "cat", "sat"))
    assert found == text.baselines(iter(lists), lists[1:], ["the", "dog", "cat", "sat"])


def test_the_baselines_refuse_what_they_cannot_count():
    good = [["a", "b"]]
    for arguments, name in [
        (([], good, ["a", "b"]), "train"),
        (("a b", good, ["a", "b"]), "train"),
        (([1], good, ["a", "b"]), "train"),
        ((good, [], ["a", "b"]), "sentences"),
        ((good, "a b", ["a", "b"]), "sentences"),
        ((good, [[1, 2]], ["a", "b"]), "sentences"),
        ((good, None, ["a", "b"]), "sentences"),
        ((good, good, "ab"), "words"),
        ((good, good, []), "words"),
        ((good, good, [1]), "words"),
        # a word outside the vocabulary would get a share of a sum that is then above one
        ((good, [["a", "zebra"]], ["a", "b"]), "sentences"),
        (([["a", "zebra"]], good, ["a", "b"]), "train"),
        ((good, good, ["a", "b"], 1), "mix"),  # a pair that never came would get no share at all
        ((good, good, ["a", "b"], -0.1), "mix"),
        ((good, good, ["a", "b"], "0.7"), "mix"),
    ]:
        with pytest.raises(ValueError, match=f"^{name}: wanted .*, got "):
            text.baselines(*arguments)
