"""Full size beside PyTorch, in one table: how many times faster the same numbers are had.

    python -m bench.full_size                      # every row
    python -m bench.full_size dials --only gamma2  # one group, of it the rows with this in their name
    python -m bench.full_size --memory             # the whole walk's memory at its highest
    python -m bench.full_size --check              # and fails if a promise is not kept

Both sides of a row take turns, in one process and at equal threads, so that whatever else the machine does meets both.
A row has the median of the rounds' ratios. Where the middle half of them is spread wider than `SPREAD`, the row is
refused: the machine was not quiet enough to say anything. PyTorch is wanted, as the tests' second referee wants it:
`pip install -e ".[referee]"`.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import NamedTuple

import numpy as np

ROUNDS = 9
SPREAD = 1.5  # the third quartile of the rounds' ratios over the first: wider says nothing
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Side(NamedTuple):
    """What is clocked, and what its seconds count: 11 where it is one of eleven equal runs, 1/20 where it is twenty."""

    said: str
    act: Callable
    times: float = 1


class Row(NamedTuple):
    """gradwalk's side, one beside it, and what is promised: how many times faster, or how many milliseconds at most."""

    said: str
    own: Side
    other: Side
    faster: float | None = None
    within: float | None = None


class Clocked(NamedTuple):
    """A row's medians, in seconds and as a ratio, the quartiles of the ratio, and whether it says anything."""

    own: float
    other: float
    ratio: float
    low: float
    high: float

    @property
    def quiet(self) -> bool:
        return self.high <= SPREAD * self.low


def clock(row: Row, rounds: int = ROUNDS) -> Clocked:
    """Both sides of a row, which take turns; each goes once unclocked before."""
    seconds = {row.own: [], row.other: []}
    for side in seconds:
        side.act()
    for k in range(rounds):
        for side in list(seconds)[:: 1 if k % 2 else -1]:  # neither always follows the other
            start = perf_counter()
            side.act()
            seconds[side].append(side.times * (perf_counter() - start))
    own, other = seconds.values()
    ratios = [b / a for a, b in zip(own, other, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return Clocked(median(own), median(other), median(ratios), low, high)


def told(row: Row, clocked: Clocked) -> str:
    """The row as a line of the table."""
    numbers = f"{1e3 * clocked.own:>10.2f}{1e3 * clocked.other:>11.1f}{clocked.ratio:>11,.2f}"
    promised = f"{row.faster:,.3g} ×" if row.faster else f"{row.within:g} ms" if row.within else ""
    said = "" if not promised else "kept" if kept(row, clocked) else "NOT KEPT"
    if not clocked.quiet:
        said = (
            f"refused: half the rounds lie between {clocked.low:,.2f} and {clocked.high:,.2f}, the machine is not quiet"
        )
    return f"{row.said:<34}{row.other.said:<26}{numbers}{promised:>12}  {said}".rstrip()


def kept(row: Row, clocked: Clocked) -> bool:
    """Whether what is promised of a row was seen."""
    fast = row.faster is None or clocked.ratio >= row.faster
    return fast and (row.within is None or 1e3 * clocked.own <= row.within)


def peak(code: str) -> float:
    """Megabytes of memory that a process of its own has had at its highest after these lines; Linux tells."""
    code += "\nfrom pathlib import Path; print(Path('/proc/self/status').read_text())"  # rusage has the parent's, too
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    return int(next(line.split()[1] for line in out.splitlines() if line.startswith("VmHWM"))) / 1024


def machine() -> str:
    """The machine, numpy's BLAS and its kernel, the threads: what a figure holds for."""
    try:
        from threadpoolctl import threadpool_info

        libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
        blas = [f"{lib['internal_api']} {lib['version']} kernel {lib.get('architecture')}" for lib in libraries]
    except ImportError:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        blas = [f"{found['name']} {found['version']}, {found.get('openblas configuration', 'no configuration told')}"]
    processor, cores = platform.processor() or platform.machine(), os.cpu_count()
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        told = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
        processor = told.get("model name\t", processor).strip()
    return f"{processor}, {cores} cores, threads: {os.environ[THREADS[0]]}; numpy {np.__version__}; {'; '.join(blas)}"


# ---- dials: the curve of one number, at 121 settings

NUDGES = 121
RUNS = 11  # of the 121 forward passes that are clocked, in the place of all
CURVES = 20  # of an output dial, which are clocked in the place of one


def several(times: int, act: Callable, *given) -> None:
    for _ in range(times):
        act(*given)


def dials(wanted: Callable[[str], bool]) -> Iterator[Row]:
    """The 121 losses of a dial: by `Dial.curve`, against as many runs, and against all in one batch."""
    import torch

    from bench import torch_walk
    from gradwalk import Dial, Model, forward
    from gradwalk.widgets.dial_board import DialBoard
    from gradwalk.widgets.scene import reach_of

    torch.set_num_threads(int(os.environ[THREADS[0]]))
    words = [f"word{i}" for i in range(50_257)]
    tokens, y = np.random.default_rng(0).integers(50_257, size=(2, 16))

    def rows(promised, **form):
        if not (promised := [row for row in promised if wanted(row[0])]):
            return
        sizes = {"D": 1024, "F": 4096, "H": 16, "T_max": 16, "activation": "gelu", "dtype": np.float32}
        model = Model.random(words=words, **sizes | form)
        values, peer = forward(model, tokens, y), torch_walk.Walk(model, tokens, y)
        run = Side("121 runs", partial(several, RUNS, forward, model, tokens, y), NUDGES / RUNS)
        peer_run = Side("PyTorch, 121 runs", partial(several, RUNS, peer.loss), NUDGES / RUNS)
        for said, name, faster, batched in promised:
            index = tuple(5 for _ in model.weights[name].shape)
            dial = Dial(model, tokens, y, name, index, values)
            given = name, index, np.linspace(-1, 1, NUDGES) * reach_of(model.weights[name])
            seen, theirs = dial.curve(given[-1]), peer.curve(*given)
            assert np.abs(seen - theirs).max() < 1e-5 * theirs.max(), name
            often = CURVES if name == "W" else 1  # a single one is too short for the clock
            own = Side("Dial.curve", partial(several, often, dial.curve, given[-1]), 1 / often)
            yield Row(said, own, run, faster)
            yield Row(said, own, peer_run)
            if batched:
                yield Row(said, own, Side("PyTorch, in one batch", partial(peer.curve, *given)), 1)
            if name == "W":
                made = partial(DialBoard, model, tokens, y, name, [*range(6)], [*range(4)], values=values)
                once = Side("one run", partial(forward, model, tokens, y))
                yield Row("24 output dials on a board", Side("DialBoard", made), once, within=20)

    yield from rows([("an output dial", "W", 10_000, False)])
    yield from rows([("W2", "W2", 30, True), ("W1", "W1", 30, True)])
    yield from rows([(name, name, 3, True) for name in ("gamma2", "W_V", "W_Q")])
    yield from rows([(f"{name}, block 2 of 0 to 2", f"blocks.2.{name}", 30, False) for name in ("W2", "W1")], blocks=3)
    yield from rows([(f"{name}, block 0 of 0 to 2", f"blocks.0.{name}", 3, False) for name in ("W2", "W1")], blocks=3)
    as_gpt2 = {"tied": True, "final_norm": True, "bias": False}
    yield from rows([(f"{name}, a norm after it", name, 3, False) for name in ("W2", "W1")], **as_gpt2)


# ---- the whole walk, forward and back


def walks(wanted: Callable[[str], bool]) -> Iterator[Row]:
    """All gradients of one sentence, against PyTorch and against the bare matrix products, written where they lay."""
    import torch

    from bench import torch_walk
    from gradwalk import Model, backward, forward

    torch.set_num_threads(int(os.environ[THREADS[0]]))
    words = [f"word{i}" for i in range(50_257)]
    one = {"D": 1024, "F": 4096, "H": 16, "T_max": 256}
    small = {"D": 768, "F": 3072, "H": 12, "T_max": 64, "blocks": 12, "tied": True, "final_norm": True, "bias": False}
    promised = [  # seconds as a share of PyTorch's, as a multiple of the products'
        ("T = 64", 64, one, 0.70, 1.20),
        ("T = 256", 256, one, 0.90, 1.40),
        ("12 blocks, T = 64", 64, small, None, None),
    ]
    for said, T, sizes, eager, floor in promised:
        if not wanted(f"the walk, {said}"):
            continue
        model = Model.random(words=words, activation="gelu", dtype=np.float32, **sizes)
        tokens, y = np.random.default_rng(0).integers(50_257, size=(2, T))
        peer, last = torch_walk.Walk(model, tokens, y, train=True), None

        def there_and_back(model=model, tokens=tokens, y=y):
            nonlocal last
            last = backward(model, forward(model, tokens, y), into=last)

        there_and_back(), peer.back()
        largest = {name: np.abs(peer.weights[name].grad.numpy()).max() for name in ("E", "E_pos")}
        for name, most in largest.items():
            assert np.abs(last[f"dL_d{name}"] - peer.weights[name].grad.numpy()).max() < 2e-5 * most, name
        own = Side("backward", there_and_back)
        yield Row(f"the walk, {said}", own, Side("PyTorch", peer.back), eager and 1 / eager)
        try:
            peer.mean_loss = torch.compile(peer.mean_loss)
            peer.back()
            yield Row(f"the walk, {said}", own, Side("torch.compile", peer.back))
        except Exception as error:  # no compiler, or one that cannot: the table says so
            print(f"the walk, {said}: torch.compile does not compile here: {type(error).__name__}")
        products = products_of(model, T)
        yield Row(f"the walk, {said}", own, Side("its matrix products", products), floor and 1 / floor)


ALONE = """
import numpy as np
from gradwalk import Model, backward, forward
draw = np.random.default_rng(0).standard_normal
block = Model.random(words=["a", "b"], D=1024, F=4096, H=16, T_max=256, activation="gelu", dtype=np.float32)
tables = {{"E": draw((50_257, 1024), np.float32), "W": draw((50_257, 1024), np.float32)}}
tables["b"] = np.zeros(50_257, np.float32)
model = Model({{**block.weights, **tables}}, [f"word{{i}}" for i in range(50_257)], 16, "gelu")
del tables
tokens, y = np.random.default_rng(0).integers(50_257, size=(2, {T}))
last = None
"""
OURS = ALONE + "for _ in range(3): last = backward(model, forward(model, tokens, y), into=last)"
PYTORCH = (
    ALONE
    + """
from bench import torch_walk
peer = torch_walk.Walk(model, tokens, y, train=True)
del model, block
for _ in range(3): peer.back()
"""
)


def memory() -> None:
    """The whole walk's memory at its highest, each side in a process of its own."""
    for T in (64, 256):
        print(f"the walk, T = {T}: {peak(OURS.format(T=T)):,.0f} MB, PyTorch {peak(PYTORCH.format(T=T)):,.0f} MB")


def products_of(model, T: int) -> Callable[[], None]:
    """The bare products of a walk there and back: of each weight matrix three, written into arrays kept from before."""
    said = "W" if "W" in model.weights else "E"
    names = [name for name, array in model.weights.items() if array.ndim == 2 and name not in ("E", "E_pos")]
    given = []
    for w in (model.weights[name] for name in [*names, *({said} - {*names})]):
        x, out = (np.random.default_rng(0).standard_normal((T, n), w.dtype) for n in w.shape[::-1])
        given.append((w, x, out, np.zeros_like(w)))

    def products():
        for w, x, out, slope in given:
            np.matmul(x, w.T, out=out)
            np.matmul(out.T, x, out=slope)
            np.matmul(out, w, out=x)
            x[...] = 1  # or the numbers would grow from one round to the next

    return products


# ---- the course's model, tuned


def tuning(wanted: Callable[[str], bool]) -> Iterator[Row]:
    """Steps of descent on the course's model and text: one sentence a step, and sixteen."""
    import torch

    from bench import torch_walk
    from gradwalk import Model, text
    from gradwalk.by_heart import ByHeart

    course = text.load()
    sentences = course.sentences[:320]
    for size, faster in ((1, 1.5), (16, 1.0)):
        said = f"tuning, {size} a step"
        if not wanted(said):
            continue
        model = Model.untrained(course.words)
        batches = [[model.read(s, scored="all") for s in sentences[k : k + size]] for k in range(0, 320, size)]
        peer = torch_walk.Walk(model, *padded(batches[0]), train=True)
        padded_batches = [[torch.from_numpy(array) for array in padded(batch)] for batch in batches]

        walk = ByHeart(model)

        def own(model=model, batches=batches, walk=walk):
            for batch in batches:
                model.move(walk(model, batch, back=True)[1], 1e-9)

        def theirs(peer=peer, batches=padded_batches):
            for peer.tokens, peer.y in batches:
                peer.back()
                peer.move(1e-9)

        seconds = {}
        for threads in range(1, os.cpu_count() + 1):  # each side at its best: numpy's is one for arrays this small
            torch.set_num_threads(threads)
            theirs()
            start = perf_counter()
            theirs()
            seconds[threads] = perf_counter() - start
        torch.set_num_threads(min(seconds, key=seconds.get))
        yield Row(said, Side("move", own, 1 / len(batches)), Side("PyTorch", theirs, 1 / len(batches)), faster)


def padded(batch) -> tuple[np.ndarray, np.ndarray]:
    """Sentences side by side, the shorter ones filled up with places that are not scored."""
    longest = max(len(y) for _, y in batch)
    tokens, y = np.zeros((len(batch), longest), int), np.full((len(batch), longest), -1)
    for row, (its_tokens, its_y) in enumerate(batch):
        tokens[row, : len(its_y)], y[row, : len(its_y)] = its_tokens, its_y
    return tokens, y


GROUPS = {"walks": walks, "dials": dials, "tuning": tuning}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", nargs="?", choices=GROUPS, help="one group of rows; all where none is named")
    parser.add_argument("--only", default="", help="the rows that have this in their name")
    parser.add_argument("--threads", type=int, default=1, help="of numpy's BLAS and of PyTorch")
    parser.add_argument("--memory", action="store_true", help="only the whole walk's memory, of both sides")
    parser.add_argument("--check", action="store_true", help="fail if a promise is not kept, or a row is refused")
    options = parser.parse_args()
    if any(os.environ.get(name) != str(options.threads) for name in THREADS):  # BLAS reads them as it is loaded
        os.environ.update(dict.fromkeys(THREADS, str(options.threads)))
        os.execv(sys.executable, [sys.executable, "-m", "bench.full_size", *sys.argv[1:]])
    print(machine())
    if options.memory:
        memory()
        return 0
    print(f"{'':<34}{'beside it':<26}{'ms':>10}{'its ms':>11}{'× faster':>11}{'promised':>12}")
    good = True
    for group in [options.group] if options.group else GROUPS:
        for row in GROUPS[group](lambda said: options.only in said):
            clocked = clock(row)
            print(told(row, clocked), flush=True)
            good &= clocked.quiet and kept(row, clocked)
    return 1 if options.check and not good else 0


if __name__ == "__main__":
    sys.exit(main())
