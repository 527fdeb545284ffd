"""The course's own model, as committed: what it reached, on sentences that no dial was turned for."""

import pytest

from gradwalk import Model, forward, loss_on, text, tune
from gradwalk.model import COURSE_SIZES

COURSE = text.load()
TRAIN, STOP, REPORT = text.split(COURSE.sentences)


def test_it_beats_both_baselines_on_sentences_held_back():
    loss = loss_on(Model.trained(), REPORT)
    guess = text.baselines(TRAIN, REPORT, COURSE.words)
    assert loss <= guess.frequencies - 1
    assert loss < guess.bigram


def test_it_is_the_committed_text_that_it_learned_and_its_file_is_small():
    model = Model.trained()
    assert model.words == COURSE.words
    assert (model.D, model.F, model.H, model.T_max, model.dtype) == (*COURSE_SIZES.values(), "float64")
    assert (text.COURSE.parent / "trained.safetensors").stat().st_size < 1_000_000


@pytest.mark.slow
def test_it_is_where_descent_by_these_gradients_stops():
    """Seen again, the sentences that it trained on ask for little more; from the start they ask for a lot."""
    assert (
        loss_on(Model.trained(), TRAIN)
        < loss_on(Model.trained(), STOP)
        < loss_on(Model.untrained(COURSE.words), STOP) - 3
    )
    few = text.Text(COURSE.sentences[::6], COURSE.words)
    tuned = tune(Model.trained(), few, only=["W", "b"], epochs=1, eta=0.01, progress=False)
    assert abs(tuned.after.stop - tuned.before.stop) < 0.01


def test_far_away_words_decide():
    """All that differs is who or when, at the start of the sentence: the last word follows."""
    model = Model.trained()

    def share(beginning, word):
        tokens, y = model.read(f"{beginning} {word}")
        return forward(model, tokens, y).p[-1, y[-1]]

    for here, there, word in [
        ("in winter the children played in the", "in summer the children played in the", "snow"),
        ("the baker came home in the rain with a wet", "the fisherman came home in the rain with a wet", "net"),
        ("the mother gave the baker money for the", "the mother gave the fisherman money for the", "bread"),
    ]:
        shares = sorted([share(here, word), share(there, word)])
        assert shares[1] > 3 * shares[0], (word, shares)
    assert share("the dog slept by the", "fire") > 0.5
