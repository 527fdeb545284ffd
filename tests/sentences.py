"""What Python makes of sentences, for the page's reading (widgets/sentence/*.js) to be held to."""

import json
import random

from boards import state_of

from gradwalk import text
from gradwalk.model import Model
from gradwalk.reading.sentences import words_of
from gradwalk.widgets.own_sentence import OwnSentence

# Capitals, abbreviations, numbers, apostrophes, hyphens, accents in both encodings, letters by their shape, what cannot
# be seen, other scripts with their own points and quotes.
HARD = [
    "The Dog slept, by the FIRE!",
    "the dog’s door; the dogs' door -- 'the' well-known \"door\"",
    "Mr. Smith and Dr. No. 5 in the U.S.A. at 3.14 p.m., e.g. on p. 7. The end",
    "1,000.5 a.b A.B x.Y. 2nd ½ Ⅳ ²",
    "don't don’t don‘t donʼt rock'n'roll ’tis dogs’",
    "café cafe\u0301 CAFE\u0301 naïve nai\u0308ve Å A\u030a",
    "ﬁre Ｔｈｅ ｄｏｇ ３ ｱ",
    "the\u00addog the\u00ad dog\u200b \ufeffthe \u202edog\u202c e\u20dd the\ufe0f",
    "İstanbul ISPARTA ΟΔΟΣ ὈΔΟΣ. STRASSE straße ǅ",
    "what is this?no.Yes…and;more!,still",
    "the_dog the/dog the:dog the·dog the⁄dog 1⁄2 3:4 a‧b",
    "צה״ל ג׳ירפה ה'כלב אבג\"ד",
    "کتاب\u200cها می\u200cرود\u200c १२ नमस्ते। राम",
    "日本語の文。「犬」が寝た ไทยแลนด์ カタ゠カナ",
    "the dog\nslept\r\nby\u2028the\u2029fire\x85now\x1cthen",
    "", " ", "...", "'", "’", "-", "dog", "🐕 dog 𝐀𝐁 𐐀",
    "dgo", "the dgo selpt by teh frie on hte wndow and sat", "x" * 30, "a" * 250,
    "xyz " * 300, "the " * 258, "the " * 257, '"don\'t" d\'x', "o" * 28 + "'", "the\u200ddgo fire\u200ddog",
]  # fmt: skip
PIECES = ["Mr", "Dr", "No", "pp", "e.g", "U.S.A", "J", "don't", "3.14", "1,000", "the", "dog", "Fire",
          "caf\u00e9", "e\u0301", "\u03a3\u03b1\u03a3", "\u0431\u043e\u0433", "7"]  # fmt: skip
JOINTS = [" ", ". ", ".", ", ", ",", "\u2026", "? ", "'", "\u2019", "-", ":", ";", "\u00b7", "_", "\u00ad", "\n", ")"]


def sentences(rng, words, every, count=150):
    """As many of the text and of its lines as they are written; the hard ones; some put together by chance."""
    yield from map(" ".join, text.load().sentences[::every])
    yield from text.COURSE.read_text(encoding="utf-8").splitlines()[::every]
    yield from HARD
    for _ in range(count):
        yield "".join(rng.choice(PIECES) + rng.choice(JOINTS) for _ in range(rng.randint(1, 7)))
    for _ in range(count):  # a letter of a known word gone, doubled or another one
        spelled = [*rng.choice(words)]
        at = rng.randrange(len(spelled))
        spelled[at : at + 1] = rng.choice([[], [spelled[at]] * 2, [rng.choice("aeiouxyz")]])
        yield " ".join([rng.choice(words), "".join(spelled), rng.choice(words)])


def read_here():
    """For three vocabularies each sentence's words, and what the model says of it: numbers, or a message."""
    rng, told = random.Random(7), []
    otherwise = ["The", "fire", "Fire", "caf\u00e9", "CAFE\u0301s", "<b>", "dog", "don\u2019t", "the dog", "THE"]
    # to look for the nearest of unknown words takes its time: the whole text goes to the model that knows its words
    for model, every in ((Model.trained(), 1), (Model.random(), 12), (Model.random(words=otherwise, T_max=5), 12)):
        cases = []
        for sentence in sentences(rng, model.words, every):
            try:
                tokens, y = model.read(sentence)
                found = {"numbers": [*tokens.tolist(), int(y[-1])]}
            except ValueError as error:
                found = {"message": str(error).removeprefix("sentence: ")}
            cases.append({"sentence": sentence, "words": words_of(sentence), **found})
        told.append({"words": model.words, "T_max": model.T_max, "cases": cases})
    return told


NAMES = ("W", "b", "W1", "W_Q", "gamma2", "E", "E_pos", "W_K")
OPTIONS = (
    {},
    {"predict": False, "eta": 0.25},
    {"rows": [2, 0, 3]},
    {"columns": [3, 1], "watch": "p"},
    {"watch": "alpha"},
    {"watch": "u", "predict": False},
    {"rows": [1, 2], "columns": [0, 2], "select": (2, 2)},
    {"columns": [*range(4)], "select": (0, 1)},  # not on every sentence's board
)


def said_here(count=30):
    """For two models and each weight: a sentence's widget, others said on it, and all that its board then shows."""
    rng = random.Random(11)
    several = Model.random(seed=3, D=8, H=2, blocks=2, activation="gelu", tied=True, final_norm=True, T_max=9)
    plain = Model.random()
    loud = Model({**plain.weights, "E": 1000 * plain.weights["E"]}, plain.words, **plain.settings)  # much is rounding
    for model in (plain, Model.trained(), several, loud):
        drawn = [" ".join(rng.choices(model.words, k=rng.randint(2, min(9, model.T_max + 1)))) for _ in range(count)]
        names = [name for name in model.weights if name.split(".")[-1] in (*NAMES, "gammaf")]
        for k, name in enumerate({several: names[::3], loud: ["W", "b"]}.get(model, names)):
            for options in OPTIONS[k % 2 :: 2]:
                if model.weights[name].ndim == 1:
                    options = {o: v if o != "select" else v[:1] for o, v in options.items() if o != "columns"}
                if model is several and options.get("watch") in ("alpha", "u"):
                    options = options | {"watch": f"blocks.1.{options['watch']}"}
                try:
                    own = OwnSentence(model, drawn[0], name, **options)
                except ValueError:  # its first sentence's board has no such dial
                    continue
                case = {"name": name, "options": repr(options), "own": json.dumps(state_of(own)), "said": []}
                longest = " ".join(rng.choices(model.words, k=min(62, model.T_max + 1)))
                for sentence in [*drawn[1 :: 2 * len(OPTIONS)], longest]:
                    word = rng.choice([None, rng.randint(1, len(sentence.split()) - 1)])
                    own.say(sentence, word)
                    now = {"sentence": sentence, "asked": word, "message": own.message, "words": own.words}
                    case["said"].append(now | {"word": own.word, "board": own.board.state()})
                yield case
