"""The ladder: its rungs take the weights in the walk's order, and the committed losses can be measured again."""

import re
from itertools import pairwise
from urllib.parse import unquote

import pytest

from bench import ladder as bench
from gradwalk import Model, ladder, show, text
from gradwalk.names import WEIGHTS
from gradwalk.tuning import Losses, Tuned

COMMITTED = ladder.committed()
AS_WELL = 1e-4  # on another machine a run drifts by this much at most
CHEAPEST = "W"


def test_the_last_rung_has_every_weight_and_each_one_all_below_it():
    rungs = [ladder.weights(rung) for rung in ladder.NEW]
    assert all(above[: len(below)] == below for below, above in pairwise(rungs))
    assert {*rungs[-1]} == {*Model.untrained(text.load().words).weights}
    assert len(rungs[-1]) == len({*rungs[-1]})


def test_the_rungs_are_in_the_order_of_the_walk():
    """A rung's weights are derived no earlier than those below it: "1b_whose_error" comes before "1d_output_bias"."""
    stops = [[WEIGHTS[name].derived for name in new] for new in ladder.NEW.values()]
    assert all(max(below) <= min(above) for below, above in pairwise(stops))


def test_the_committed_rungs_are_those_there_are_and_each_is_lower_than_the_one_below():
    assert [*COMMITTED["rungs"]] == ["nothing", *ladder.NEW]
    losses = [*COMMITTED["rungs"].values()]
    assert losses == sorted(losses, reverse=True)


def test_the_cheapest_rung_can_be_climbed_again():
    tuned = ladder.climb(CHEAPEST)
    assert tuned.before.report == pytest.approx(COMMITTED["rungs"]["nothing"], abs=AS_WELL)
    assert tuned.after.report == pytest.approx(COMMITTED["rungs"][CHEAPEST], abs=AS_WELL)


def test_what_was_counted_can_be_counted_again():
    counted = ladder.count()
    assert counted == pytest.approx(COMMITTED["counting"], abs=1e-6)
    train, stop_by, _ = text.split(text.load().sentences)
    beside = [text.baselines(train, stop_by, text.load().words, counted["mix"] + by).bigram for by in (-0.05, 0, 0.04)]
    assert min(beside) == beside[1]


def test_a_rung_that_is_none():
    with pytest.raises(ValueError, match="rung: there is no rung 'MLP'"):
        ladder.weights("MLP")
    with pytest.raises(ValueError, match="rung: there is no rung 'MLP'"):
        ladder.climb("MLP")


def test_the_bench_writes_over_nothing(tmp_path):
    there = tmp_path / "ladder.json"
    there.write_text("mine")
    with pytest.raises(ValueError, match="out: "):
        bench.main(there)
    assert there.read_text() == "mine"


# The staircase


@pytest.mark.parametrize(
    ("here", "last"),
    [
        ("0_forward", "nothing"),
        ("1a_which_way", "nothing"),
        ("1c_how_far", "W"),
        ("1d_output_bias", "W and b"),
        ("2b_gelu", "+ MLP"),
        ("5c_scores", "+ LN2"),
        ("5e_three_streams", "+ attention and LN1"),
        ("7a_tuning", "+ embeddings"),
    ],
)
def test_a_stop_sees_the_rungs_that_are_walked(here, last):
    page = show.ladder(here)
    assert [*page.losses][-1] == last
    assert page.losses == {name: COMMITTED["rungs"][name] for name in page.losses}
    assert f"{last}  " in repr(page)
    assert repr(page).count("\n") == len(page.losses) + 4  # a head, two that were counted, the note


def test_what_was_climbed_here_stands_in_its_last_row():
    climbed = Tuned(Losses(5.5, 5.5, 5.5), Losses(3.3, 3.3, 3.25), [], 1)
    page = show.ladder("2a_mlp", climbed)
    assert page.losses == {**show.ladder("2a_mlp").losses, "nothing": 5.5, "+ MLP": 3.25}
    assert re.search(r"^\+ MLP +3\.2500$", repr(page), re.MULTILINE)
    assert "3.2500" in unquote(page.html)


def test_each_tread_is_as_long_as_its_loss():
    stairs = re.search(r"d='(M118 8(?:H[\d.]+v26)+)", unquote(show.ladder("6a_embedding").html))[1]
    ends = [float(x) for x in re.findall(r"H([\d.]+)", stairs)]
    assert ends == pytest.approx([118 + 26 * loss for loss in COMMITTED["rungs"].values()], abs=0.05)


def test_what_the_staircase_refuses():
    with pytest.raises(ValueError, match="here: "):
        show.ladder("nowhere")
    with pytest.raises(ValueError, match="climbed: "):
        show.ladder("2a_mlp", 3.2)
    climbed = Tuned(Losses(5.5, 5.5, 5.5), Losses(3.3, 3.3, 3.25), [], 1)
    with pytest.raises(ValueError, match="climbed: "):
        show.ladder("1a_which_way", climbed)
