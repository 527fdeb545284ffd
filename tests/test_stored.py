"""Arrays as files store them: where they lie, what is made of them, and what becomes of a file that is in use."""

import os
import subprocess
import sys
import tracemalloc

import gpt2_folder
import numpy as np
import pytest
from gpt2_folder import CONFIG
from safetensors.numpy import load_file

from gradwalk.dial import Dial
from gradwalk.model import Model
from gradwalk.reading import stored
from gradwalk.walk import backward, forward
from gradwalk.weights import finite, mapped, of_weight

pytestmark = pytest.mark.slow

TOKENS, Y = np.array([3, 10, 3, 0, 7]), np.array([10, -1, 0, 7, 7])
LARGER = CONFIG | {"n_embd": 384, "vocab_size": 2000}
posix = pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody replace or cut a mapped file")


@pytest.fixture
def folder(tmp_path):
    return gpt2_folder.write(tmp_path / "gpt2", gpt2_folder.arrays(CONFIG, dtype=np.float32), CONFIG)


@pytest.fixture
def as_if_large(monkeypatch):
    monkeypatch.setattr(stored, "MAPPED_FROM", 0)


def later(path):
    """As if the file had been written a second later: so fast as a test is no clock of a file system."""
    time = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(time, time))


# ---- no copy


@pytest.mark.usefixtures("as_if_large")
@pytest.mark.parametrize("head", [{}, {"lm_head.weight": "wte.weight"}])
def test_of_a_large_file_no_copy_is_made(tmp_path, head):
    weights = gpt2_folder.arrays(LARGER, dtype=np.float32)
    weights |= {name: weights[of].copy() for name, of in head.items()}
    folder = gpt2_folder.write(tmp_path / "gpt2", weights, LARGER)
    size = (folder / "model.safetensors").stat().st_size
    Model.gpt2(folder)  # what is imported and remembered does not count
    tracemalloc.start()
    model = Model.gpt2(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.1 * size
    for name, array in model.weights.items():
        assert mapped(array), name
        assert not array.flags.writeable, name
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True


def test_a_small_file_is_read_once_and_may_do_what_it_likes(folder):
    model = Model.gpt2(folder)
    before = forward(model, TOKENS).z
    (folder / "model.safetensors").write_bytes(b"")
    assert not any(mapped(array) for array in model.weights.values())
    assert np.array_equal(forward(model, TOKENS).z, before)


def test_a_mapped_model_walks_as_any_other(folder, monkeypatch):
    plain = Model.gpt2(folder).copy()
    monkeypatch.setattr(stored, "MAPPED_FROM", 0)
    model = Model.gpt2(folder)
    own = Model({name: array.copy() for name, array in plain.weights.items()}, plain.words, **plain.settings)
    there, wanted = forward(model, TOKENS, Y), forward(own, TOKENS, Y)
    np.testing.assert_allclose(there.z, wanted.z, rtol=0, atol=1e-5)
    back, right = backward(model, there), backward(own, wanted)
    for name in model.weights:
        np.testing.assert_allclose(of_weight(back, name), of_weight(right, name), rtol=0, atol=1e-5)


@pytest.mark.usefixtures("as_if_large")
def test_what_is_written_is_copied_first_and_nothing_else(folder):
    path = folder / "model.safetensors"
    model, bytes_before = Model.gpt2(folder), path.read_bytes()
    other = model.copy()
    model.turn("blocks.1.W_K", (1, 2), 0.5)
    was = load_file(path)["h.1.attn.c_attn.weight"][2, 6 + 1]
    assert model.weights["blocks.1.W_K"][1, 2] == np.float32(was + 0.5)
    assert other.weights["blocks.1.W_K"][1, 2] == was
    assert [name for name, array in model.weights.items() if not mapped(array)] == ["blocks.1.W_K"]
    assert all(map(mapped, other.weights.values()))
    model.move(backward(model, forward(model, TOKENS, Y)), 0.1)
    assert not any(map(mapped, model.weights.values()))
    assert path.read_bytes() == bytes_before


# ---- a file that changes while it is in use


@pytest.mark.usefixtures("as_if_large")
def test_a_file_that_was_written_over_is_no_model_any_more(folder):
    path = folder / "model.safetensors"
    model = Model.gpt2(folder)
    same, dial, values = model.copy(), Dial(model, TOKENS, Y, "blocks.0.W1", (0, 0)), forward(model, TOKENS, Y)
    with path.open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(np.float32(7).tobytes())
    later(path)
    told = r"model\.safetensors: has been written over since it was read; read it once more"
    for call in (
        lambda: model.weights,
        lambda: forward(same, TOKENS),
        lambda: backward(model, values),
        lambda: dial.curve([0.1]),
        lambda: model.turn("E", (0, 0), 1.0),
        lambda: model.copy(np.float64),
    ):
        with pytest.raises(ValueError, match=told):
            call()
    assert forward(Model.gpt2(folder), TOKENS).z.shape == (5, 11)


CUT = """
import sys
from gradwalk.model import Model
from gradwalk.reading import stored
from gradwalk.walk import forward
stored.MAPPED_FROM = 0
model = Model.gpt2(sys.argv[1])
forward(model, [3, 10])
open(sys.argv[1] + "/model.safetensors", "wb").close()
try:
    forward(model, [3, 10])
except ValueError as error:
    print(error)
"""


@posix
def test_a_file_that_was_cut_ends_no_program(folder):
    run = subprocess.run([sys.executable, "-c", CUT, folder], capture_output=True, text=True, timeout=60)
    assert "has been written over since it was read" in run.stdout, run


@posix
@pytest.mark.usefixtures("as_if_large")
def test_another_file_may_take_its_name(folder):
    model, path = Model.gpt2(folder), folder / "model.safetensors"
    before = forward(model, TOKENS).z
    (folder / "new").write_bytes(b"something else")
    (folder / "new").replace(path)
    assert np.array_equal(forward(model, TOKENS).z, before)
    path.unlink()
    assert np.array_equal(forward(model, TOKENS).z, before)


@posix
@pytest.mark.usefixtures("as_if_large")
def test_with_no_number_left_in_it_the_file_is_let_go(folder):
    model = Model.gpt2(folder)
    file = mapped(model.weights["E"])
    model.move(backward(model, forward(model, TOKENS, Y)), 0.1)
    (folder / "model.safetensors").write_bytes(b"")
    assert forward(model, TOKENS).z.shape == (5, 11)
    descriptor = file._fd
    del file
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(descriptor)


# ---- as they lie there


@pytest.mark.usefixtures("as_if_large")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spaces", range(1, 8))
def test_numbers_that_begin_between_two_words(tmp_path, dtype, spaces):
    weights = gpt2_folder.arrays(CONFIG, dtype=dtype)
    folder = gpt2_folder.write(tmp_path / "gpt2", weights, CONFIG)
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    path.write_bytes((header - 8 + spaces).to_bytes(8, "little") + whole[8:header] + b" " * spaces + whole[header:])
    model = Model.gpt2(folder)
    assert all(array.flags.aligned for array in model.weights.values())
    assert np.array_equal(model.weights["E"], weights["wte.weight"])
    assert np.array_equal(model.weights["blocks.1.W2"], weights["h.1.mlp.c_proj.weight"].T)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_number_that_is_not_finite_is_found(number, dtype):
    array = np.random.default_rng(0).standard_normal((7, 300)).astype(dtype)
    for given in (array, array.T, array[:, 3:100].T, array[:0]):
        assert finite(given)
    array[5, 77] = number
    for given in (array, array.T, array[:, 3:100].T):
        assert not finite(given)
