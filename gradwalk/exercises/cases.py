"""The cases: numbers on which every known mistake shows, drawn from a seed that stands in the result."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import count, islice

import numpy as np

from gradwalk import inputs, step1_output, walk
from gradwalk.exercises import mistakes
from gradwalk.exercises.tasks import Task, all_tasks
from gradwalk.model import Model
from gradwalk.names import EXTENTS, look_up
from gradwalk.step3_layernorm import EPS

APART = 1e-3  # of a row's largest entry: so far at least a mistake lies from what is right, and from every other
STEADY = 8e-7  # so far at most what is right lies from itself in float32, in which an answer may go some of its way
COUNT, PLAIN = 3, 2  # cases an answer is tried on
TRIES = 200
SMALL = {"T": 4, "D": 3, "F": 2, "H": 1, "N": 5, "M": 3, "T_max": 3}  # two sentences of two words

Case = dict[str, object]  # sizes, settings, words, weights, values and messages by name


@lru_cache(maxsize=512)
def cases(task: Task, seed: int) -> tuple[Case, ...]:
    """`COUNT` cases of a task: on each of them every mistake of its bank differs, and so does what is right."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(TRIES):
        case = draw(int(rng.integers(1 << 30)))
        if told_apart(task, case) and steady(task, case):
            found.append(case)
        if len(found) == COUNT:
            return tuple(found)
    raise RuntimeError(f"{task.name}: no numbers found on which all its mistakes differ")


def told_apart(task: Task, case: Case) -> bool:
    """Whether all mistakes of a task differ on this case, from each other and from what is right."""
    right = task.right(*task.of(case))
    wrong = [array for _, array in mistakes.made(task, case)]
    return all(
        differ(one, other, scale=right) for k, one in enumerate([right, *wrong]) for other in [right, *wrong][:k]
    )


def steady(task: Task, case: Case) -> bool:
    """Whether what is right keeps its digits in float32. Where nearly all of a row cancels, it does not."""
    given = task.of(case)
    short = [one.astype("float32") if isinstance(one, np.ndarray) and one.dtype == float else one for one in given]
    right = task.right(*given)
    return not differ(task.right(*short), right, scale=right, least=STEADY)


def differ(one: np.ndarray, other: np.ndarray, scale: np.ndarray, least: float = APART) -> bool:
    """Whether two answers differ in their shape, or somewhere by more than `least`, relative to `scale`'s own row."""
    return one.shape != other.shape or bool((gaps(one, other, scale) > least).any())


def gaps(one: np.ndarray, other: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Entry by entry how far two answers lie apart, relative to the largest entry of that row of `scale`.

    Two equal infinities, or two NaN, are 0 apart; a NaN and a number infinitely.
    """
    size = row_sizes(scale) if one.shape == scale.shape else row_sizes(scale).max()
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0, np.abs(one - other)) / size
    return np.where(np.isnan(apart), np.inf, apart)


def row_sizes(scale: np.ndarray) -> np.ndarray:
    """By what each row is measured: its largest entry. A row is what the last index runs along.

    One that is nearly zero is measured by 1e-3 of the largest of all; all zero by 1.
    """
    finite = np.where(np.isfinite(scale), np.abs(scale), 0)
    rows = np.maximum(finite.max(axis=-1, keepdims=True), 1e-3 * finite.max())
    return rows if finite.any() else np.ones_like(rows)


def plain(task: Task, seed: int) -> tuple[Case, ...]:
    """`PLAIN` cases with nothing planted: one who makes two mistakes at once makes but one of them there."""
    drawn = (draw(seed + k, planted=False) for k in count())
    return tuple(islice((case for case in drawn if steady(task, case)), PLAIN))


@lru_cache(maxsize=1024)
def draw(seed: int, planted: bool = True, small: bool = False) -> Case:
    """One case: all sizes different, several sentences with words that stand twice. `small`: one for pen and paper.

    Weights and values come from a walk. What arrives is random, so that no row sums to zero; dL_dz has the signs that
    it has there, dL_dS the zeros. Planted: units at exactly 0, a row with next to no spread, one far from 0, positions
    not scored. All numbers are such as float32 has too: a page is sent half as much.
    """
    rng = np.random.default_rng(seed)
    sizes, lengths = (dict(SMALL), [2, 2]) if small else _sizes(rng)
    tokens, y = rng.integers(sizes["N"], size=(2, sizes["T"]))
    first = np.cumsum([0, *lengths[:-1]])
    if not small:
        tokens[first + 1] = tokens[first]  # a word stands twice in each sentence, and once more in the next
        tokens[first[1]] = tokens[first[0]]
    sizes["M"] = sizes["M"] if planted or small else sizes["T"]
    y[rng.permutation(sizes["T"])[sizes["M"] :]] = -1
    words = [f"word{i}" for i in range(sizes["N"])]
    form = {"D": sizes["D"], "F": sizes["F"], "H": sizes["H"], "T_max": sizes["T_max"], "final_norm": True}
    model = Model.random(int(rng.integers(1 << 30)), words, activation="gelu", **form)  # so that r has both signs
    borders = np.cumsum(lengths)[:-1]
    read = np.split(tokens, borders), np.split(y, borders)
    given = {**sizes, "activation": "relu", "eps": EPS, **model.weights, **walk.forward(model, *read)}
    given["attends"] = inputs.lay_out(read[0], model)[2]
    for name in _drawn():
        given[name] = rng.standard_normal([_size(sizes, letter) for letter in look_up(name).indices])
    given["dL_dz"] = np.abs(given["dL_dz"]) * np.sign(step1_output.dL_dz(given["p"], given["y"]))  # (T, N)
    given["dL_dS"] *= given["attends"]  # (H, T, T): a score that is masked moves nothing
    for name in ("x0", "x1", "h"):
        given[name] = _rows_planted(given[name], rng) if planted else rng.standard_normal(given[name].shape)
    given["u"] = 1.5 * rng.standard_normal(given["u"].shape)  # (T, F)
    given["u"].flat[rng.permutation(given["u"].size)[: 3 * planted]] = 0
    given |= {name: _shares(given[name]) for name in ("alpha", "p")}
    return {name: _short(value) for name, value in given.items()}


def _short(value):
    return value.astype("float32").astype(float) if isinstance(value, np.ndarray) and value.dtype == float else value


def _shares(rows):
    """Shares that float32 has too, and that sum to 1 exactly: a right answer may count on that."""
    made = np.round(rows * 2**24) / 2**24
    largest = made.argmax(axis=-1, keepdims=True)
    rest = made.sum(axis=-1, keepdims=True) - np.take_along_axis(made, largest, axis=-1)
    np.put_along_axis(made, largest, 1 - rest, axis=-1)
    return made


@cache
def _drawn():
    """What is drawn at random: each message that some task is given; and the norms' stretch, wider than a model's."""
    taken = {name for task in all_tasks().values() for name in task.takes}
    return sorted(name for name in taken if name.startswith(("dL_d", "gamma")))


def _size(sizes, letter):
    return sizes["D"] // sizes["H"] if EXTENTS[letter] == "D/H" else sizes[EXTENTS[letter]]


def _sizes(rng):
    """Sizes by letter, no two equal, D/H among them; and the lengths of three sentences, at least 2 each."""
    while True:
        H, width = (int(size) for size in rng.integers(2, 6, size=2))
        F, N, T_max = (int(size) for size in rng.integers([3, 4, 6], [11, 12, 13]))
        lengths = [int(length) for length in rng.integers(2, 5, size=3)]
        T = sum(lengths)
        M = int(rng.integers(2, T))
        if H * width <= 12 and T_max > max(lengths) and len({H, width, H * width, F, N, T, M, T_max}) == 8:
            return {"T": T, "D": H * width, "F": F, "H": H, "N": N, "M": M, "T_max": T_max}, lengths


def _rows_planted(x, rng):
    """Rows as a norm meets them: one nearly level, so that eps counts, one far from 0, so that the mean does."""
    x = 1.5 * rng.standard_normal(x.shape)
    level, far = rng.permutation(len(x))[:2]
    x[level] *= 2e-3
    x[far] += 4
    return x
