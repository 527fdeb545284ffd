"""The attention picture of a board, in a real browser: alpha at exactly the setting."""

import lab
import numpy as np
import pytest
from boards import PLAIN, SENTENCE, alpha_printed, alpha_shown, board_of, drag, knob, shown, turned

from gradwalk.walk import forward

pytestmark = lab.needs_browser()


def picture_agrees(page, board):
    """The picture is forward's alpha at the page's setting: every share, and what is printed in its cell."""
    board.turned = turned(page)
    alpha = board.values.alpha
    assert np.abs(alpha_shown(page) - alpha).max() < 1e-12
    rows, columns = np.tril_indices(alpha.shape[1])
    assert np.abs(np.array(alpha_printed(page)) - alpha[:, rows, columns].ravel()).max() <= 0.005 + 1e-12
    return alpha


@pytest.mark.parametrize("name", ["E", "E_pos", "gamma1", "beta1", "W_Q", "b_Q", "W_K", "b_K", "W_V", "W"])
def test_the_picture_is_alpha_at_exactly_the_setting(open_boards, name):
    board = board_of(name, watch="alpha", scored="all")
    page = open_boards(board)
    start = picture_agrees(page, board)
    reach, dials = board.scene["reach"], len(board.dials)
    settings = [[x * reach * (d == k) for d in range(dials)] for k in (0, dials - 1) for x in (-1, -0.5, 0.25, 1)]
    settings.append(np.random.default_rng(6).uniform(-reach, reach, dials).tolist())  # all at once
    moved = 0
    for setting in settings:
        page.evaluate("turned => models[0].put('turned', turned)", setting)
        moved = max(moved, np.abs(picture_agrees(page, board) - start).max())
    assert (moved > 1e-2) == (name not in ("b_K", "W_V", "W"))


def test_the_picture_follows_mouse_and_keys_and_says_what_changed(open_boards):
    board = board_of("W_Q", watch="alpha")
    page = open_boards(board)
    start = picture_agrees(page, board)
    assert set(page.locator(".gw-change").all_text_contents()) == {""}
    drag(page, knob(page, 0), up=60)
    by_mouse = picture_agrees(page, board)
    assert np.abs(by_mouse[0] - start[0]).max() > 0.01
    assert np.abs(by_mouse[1] - start[1]).max() < 1e-15  # the dial belongs to head 0
    assert page.locator(".gw-scored").all_text_contents() == ["▸ the"] * 2
    changes = np.round(by_mouse - start, 2)[:, *np.tril_indices(5)].ravel()
    told = [float(words.replace("−", "-") or 0) for words in page.locator(".gw-change").all_text_contents()]
    assert told == pytest.approx(changes, abs=1e-9)
    knob(page, len(board.dials) - 1).focus()
    for key in ("PageUp", "ArrowUp", "End"):  # without a kernel the first dial goes back to where it started
        page.keyboard.press(key)
        by_key = picture_agrees(page, board)
        assert np.abs(by_key[0] - start[0]).max() < 1e-15
    assert np.abs(by_key[1] - start[1]).max() > 0.01


def test_a_dial_of_the_values_leaves_the_picture_still(open_boards):
    board = board_of("W_V", watch="alpha")
    page = open_boards(board)
    start, printed, (loss, _) = picture_agrees(page, board), alpha_printed(page), shown(page)
    drag(page, knob(page, 0), up=80)
    assert np.array_equal(picture_agrees(page, board), start)
    assert alpha_printed(page) == printed
    assert shown(page)[0] != loss


def test_a_cell_is_told_in_full_under_the_mouse_and_by_the_arrow_keys(open_boards):
    board = board_of("W_Q", watch="alpha")
    page = open_boards(board)
    drag(page, knob(page, 0), up=60)
    board.turned = turned(page)
    alpha, start = board.values.alpha[0], forward(PLAIN, *PLAIN.read(SENTENCE)).alpha[0]
    readout, heard = page.locator(".gw-readout"), page.locator(".gw-heard")
    assert readout.inner_text().startswith("row: the word that looks · column: the word it looks at")
    page.locator(".gw-attention").first.locator(".gw-cell").nth(11).hover()
    told = f"looks at “dog” (place 1): {alpha[4, 1]:.4f}, {start[4, 1]:.4f} at the start"
    assert readout.inner_text() == f"head 0: “the” (place 4) {told}"
    assert heard.inner_text() == ""  # a mouse needs no voice
    page.mouse.move(5, 5)
    assert readout.inner_text().startswith("row: the word that looks")
    page.get_by_role("button", name="one step").focus()
    page.locator(".gw-attention").first.focus()
    page.keyboard.press("ArrowUp")
    assert readout.inner_text().startswith(f"head 0: “by” (place 3) looks at “dog” (place 1): {alpha[3, 1]:.4f}")
    assert heard.inner_text() == readout.inner_text()
    row = ", ".join(f"{w} {x:.2f}" for w, x in zip(["the", "dog", "slept", "by", "the"], alpha[4], strict=True))
    assert page.locator(".gw-attention").first.get_attribute("aria-label") == f"head 0: “the” looks at {row}"


def test_the_picture_goes_by_its_name_and_fits_a_narrow_cell(open_boards):
    page = open_boards(board_of("W_Q", watch="alpha"), board_of("W_Q"))
    assert page.locator(".gw-watch").count() == 1  # a board that was not asked for it has none
    title = page.locator(".gw-watch .gw-title")
    assert title.inner_text() == "alpha, attention weights"
    page.evaluate("document.body.dataset.gradwalkNames = 'textbook'; painted()")
    assert title.inner_text() == "A, attention weights"
    page.set_viewport_size({"width": 380, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".gw-attention").first.bounding_box()["width"] > 200
