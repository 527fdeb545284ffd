"""What a widget says of itself for a page with no kernel: its state as it is shown, its answers, what it shares."""

import json
import re

import ipywidgets
import pytest
import traitlets
from boards import SENTENCE, board_of

from gradwalk.model import Model
from gradwalk.widgets import published
from gradwalk.widgets.live_page import LivePage
from gradwalk.widgets.own_sentence import OwnSentence


@pytest.fixture
def publishing(monkeypatch):
    monkeypatch.setattr(published, "_publishing", False)
    published.publish()


def shown(widget):
    """A widget's HTML, as a notebook would keep it."""
    bundle = widget._repr_mimebundle_()
    return (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]


def state_in(html):
    (place,) = re.findall(
        r'<div class="gw-live" data-widget="\w+"><script type="application/json">(.*?)</script>', html
    )
    return json.loads(place)


def test_unasked_a_widget_shows_what_it_always_did():
    for widget in (board_of(), OwnSentence(Model.random(), SENTENCE), LivePage(len, word=["a", "fire"])):
        assert "gw-live" not in shown(widget)


@pytest.mark.usefixtures("publishing")
def test_a_boards_state_is_that_of_the_moment_when_it_is_shown():
    board = board_of(predict=True)
    first = shown(board)
    board.turn(board.dials[0], 0.5)
    assert state_in(first)["turned"] == [0.0] * len(board.dials)
    assert state_in(first)["predictions"] == {}
    assert state_in(shown(board))["turned"][0] == 0.5
    assert f'<div class="gw-still">{shown_still(board)}</div>' in shown(board)


def shown_still(widget):
    published._publishing = False
    try:
        return shown(widget)
    finally:
        published._publishing = True


@pytest.mark.usefixtures("publishing")
def test_a_sentence_has_its_board_inside_and_the_model_to_read_with_beside_it():
    own = OwnSentence(Model.random(), SENTENCE)
    state, (reads,) = state_in(shown(own)), re.findall(r'data-shared="\w+">(.*?)</script>', shown(own))
    assert (state["sentence"], state["words"], state["word"]) == (SENTENCE, SENTENCE.split(), 5)
    assert state["tape"] == state["board"]["tape"]
    assert state["board"]["scene"] == own.board.scene
    assert json.loads(reads)["words"] == Model.random().words


class Spoken:
    """Whatever it is of, it says it in angle brackets."""

    def __init__(self, of):
        self.of = of

    def __repr__(self):
        return f"</script> {self.of}"


@pytest.mark.usefixtures("publishing")
@pytest.mark.parametrize("control", [(0.0, 1.0), (0.0, 1.0, 0.02), (0, 920, 46), (-1.0, 1.0, 0.3)])
def test_a_slider_brings_what_python_would_say_at_each_step(control):
    page = LivePage(Spoken, x=control)
    html = shown(page)
    state = state_in(html)
    least, most, step = (state["range"][name] for name in ("min", "max", "step"))
    assert "</script> " not in html
    assert state["said"] == page.text
    assert len(state["answers"]) == 1 + int((most - least) / step + 1e-9)
    for k, answer in enumerate(state["answers"]):
        page.value = least + k * step
        assert answer == page.text


@pytest.mark.usefixtures("publishing")
def test_a_choice_brings_all_answers_and_an_error_is_one():
    page = LivePage({"a": 1, "b": 0}.__getitem__, key=["a", "b"])
    inverse = LivePage(lambda x: 1 / x, x=[1, 0])
    assert state_in(shown(page)) == {"name": "key", "said": "1", "answers": ["1", "0"], "options": ["a", "b"]}
    assert state_in(shown(inverse))["answers"] == ["1.0", "ZeroDivisionError: division by zero"]
    assert state_in(shown(inverse))["options"] == ["1", "0"]


@pytest.mark.usefixtures("publishing")
def test_a_slider_of_too_many_steps_says_what_it_needs():
    html = shown(LivePage(Spoken, x=(0.0, 1.0, 0.001)))
    assert "gw-live" not in html
    assert published.PYTHON in html


class Shared(ipywidgets.Widget):
    """A stand-in for what several boards speak of."""

    words = traitlets.List().tag(sync=True)
    other = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(sync=True, **ipywidgets.widget_serialization)


@pytest.mark.usefixtures("publishing")
def test_what_a_state_speaks_of_travels_by_its_content():
    def told(*widgets):
        return published.html("board", lambda: published.in_script([f"IPY_MODEL_{w.model_id}" for w in widgets]), "")

    one, same, other = (Shared(words=words, other=Shared()) for words in (["</a>"], ["</a>"], ["b"]))
    html = told(one, same, other)
    first, again, third = (name.removeprefix("IPY_MODEL_") for name in state_in(html))
    assert first == again != third
    beside = dict(re.findall(r'<script type="application/json" data-shared="(\w+)">(.*?)</script>', html))
    assert {name: json.loads(text) for name, text in beside.items()} == {
        first: {"words": ["</a>"]},
        third: {"words": ["b"]},
    }
    assert one.model_id not in html
