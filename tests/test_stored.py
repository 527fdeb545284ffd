"""Arrays as files store them: where they lie, what is made of them, and what becomes of a file that is in use."""

import json
import os
import shutil
import subprocess
import sys
import tracemalloc

import gpt2_folder
import numpy as np
import pytest
from gpt2_folder import CONFIG
from safetensors.numpy import load_file, save_file

from gradwalk.dial import Dial
from gradwalk.model import Model
from gradwalk.reading import stored
from gradwalk.walk import backward, forward
from gradwalk.weights import finite, mapped, of_weight

pytestmark = pytest.mark.slow

TOKENS, Y = np.array([3, 10, 3, 0, 7]), np.array([10, -1, 0, 7, 7])
WEIGHTS = gpt2_folder.arrays(CONFIG)
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


# ---- sixteen bits


def as_bfloat16(path, arrays):
    """A file of bfloat16, its numbers rounded to the nearest, ties to even; and the numbers that it then holds."""
    header, data, held, at = {"__metadata__": {"format": "pt"}}, b"", {}, 0
    for name, array in arrays.items():
        bits = array.astype(np.float32).view(np.uint32).astype(np.uint64)
        half = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")
        held[name] = (half.astype(np.uint32) << 16).view(np.float32)
        header[name] = {"dtype": "BF16", "shape": array.shape, "data_offsets": [at, at + half.nbytes]}
        data, at = data + half.tobytes(), at + half.nbytes
    told = json.dumps(header).encode()
    path.write_bytes(len(told).to_bytes(8, "little") + told + data)
    return held


@pytest.mark.parametrize("large", [0, 2**40])
def test_bfloat16_is_raised_to_float32(tmp_path, monkeypatch, large):
    monkeypatch.setattr(stored, "MAPPED_FROM", large)
    folder = gpt2_folder.write(tmp_path / "gpt2", WEIGHTS, CONFIG)
    held = as_bfloat16(folder / "model.safetensors", WEIGHTS)
    model = Model.gpt2(folder)
    assert model.dtype == np.float32
    assert np.array_equal(model.weights["E"], held["wte.weight"])
    assert np.array_equal(model.weights["blocks.1.W_V"], held["h.1.attn.c_attn.weight"][:, 12:].T)
    np.testing.assert_allclose(model.weights["E"], WEIGHTS["wte.weight"], rtol=2**-8)
    assert not any(mapped(array) for array in model.weights.values())
    same = model.copy()
    model.turn("E", (0, 0), 1.0)
    assert same.weights["E"][0, 0] == held["wte.weight"][0, 0]


@pytest.mark.parametrize(
    ("bits", "number"),
    [
        (0x3F80, 1.0), (0xC049, -3.140625), (0x0001, 2.0**-133), (0x7F7F, 255 * 2.0**120),
        (0x8000, -0.0), (0x7F80, np.inf), (0xFF80, -np.inf), (0x7FC0, np.nan),
    ],
)  # fmt: skip
def test_a_bfloat16_is_the_upper_half_of_a_float32(tmp_path, bits, number):
    header = b'{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    (tmp_path / "a").write_bytes(len(header).to_bytes(8, "little") + header + bits.to_bytes(2, "little"))
    read = stored.read(stored.header(tmp_path / "a"), ["a"])["a"]
    np.testing.assert_array_equal(read, np.float32([number]))
    assert np.signbit(read[0]) == np.signbit(number)


@pytest.mark.parametrize("bits", [b"\x80\x7f", b"\x80\xff", b"\xc0\x7f", b"\xff\xff"])
def test_a_bfloat16_that_is_not_finite_is_named(tmp_path, bits):
    folder = gpt2_folder.write(tmp_path / "gpt2", WEIGHTS, CONFIG)
    path = folder / "model.safetensors"
    as_bfloat16(path, WEIGHTS)  # its last array is ln_f.bias
    path.write_bytes(path.read_bytes()[:-2] + bits)
    with pytest.raises(ValueError, match=r"ln_f\.bias holds a number that is not finite"):
        Model.gpt2(folder)


# ---- several files


def in_parts(folder, weights, parts=3, prefix=""):
    """GPT-2's folder with its weights in several files, as they are published."""
    gpt2_folder.write(folder, weights, CONFIG)
    (folder / "model.safetensors").unlink()
    index = {"metadata": {"total_size": 1}, "weight_map": {}}  # the size is a lie
    for k in range(parts):
        name = f"model-{k + 1:05}-of-{parts:05}.safetensors"
        own = {prefix + key: weights[key] for key in sorted(weights)[k::parts]}
        save_file(own, folder / name, {"format": "pt"})
        index["weight_map"] |= dict.fromkeys(own, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


@pytest.mark.parametrize("large", [0, 2**40])
@pytest.mark.parametrize(("parts", "prefix"), [(1, ""), (3, "transformer."), (16, "")])
def test_several_files_are_one_model(tmp_path, monkeypatch, large, parts, prefix):
    monkeypatch.setattr(stored, "MAPPED_FROM", large)
    plain = Model.gpt2(gpt2_folder.write(tmp_path / "plain", WEIGHTS, CONFIG))
    folder = in_parts(tmp_path / "parts", WEIGHTS, parts, prefix)
    for given in (folder, folder / "model.safetensors.index.json", folder / "config.json"):
        model = Model.gpt2(given)
        assert model.weights.keys() == plain.weights.keys()
        assert all(np.array_equal(array, plain.weights[name]) for name, array in model.weights.items())
    assert len({mapped(array) for array in model.weights.values()}) == (parts if large == 0 else 1)
    (folder / "model.safetensors.index.json").rename(folder / "other.safetensors.index.json")
    assert Model.gpt2(folder / "other.safetensors.index.json").weights.keys() == plain.weights.keys()


@pytest.mark.usefixtures("as_if_large")
def test_one_of_several_files_that_was_written_over(tmp_path):
    folder = in_parts(tmp_path / "parts", WEIGHTS)
    model = Model.gpt2(folder)
    later(folder / "model-00002-of-00003.safetensors")
    with pytest.raises(ValueError, match=r"model-00002-of-00003\.safetensors: has been written over"):
        forward(model, TOKENS)


@posix
def test_links_in_a_folder_of_the_hubs_cache_are_followed(tmp_path):
    folder, blobs = in_parts(tmp_path / "snapshot", WEIGHTS), tmp_path / "blobs"
    blobs.mkdir()
    for path in folder.glob("*.safetensors"):
        shutil.move(path, blobs / path.stem)
        path.symlink_to(blobs / path.stem)
    assert np.array_equal(Model.gpt2(folder).weights["E"], WEIGHTS["wte.weight"])


def test_a_file_of_several_that_is_missing_is_named(tmp_path):
    folder = in_parts(tmp_path / "parts", WEIGHTS)
    (folder / "model-00002-of-00003.safetensors").unlink()
    told = r"model-00002-of-00003\.safetensors: there is no such file; model\.safetensors\.index\.json names it"
    with pytest.raises(FileNotFoundError, match=told):
        Model.gpt2(folder)


FIRST, SECOND = "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors"
SOME = sorted(WEIGHTS)[0]  # it is in the first


def other_place(place):
    return lambda told: told["weight_map"].update({SOME: place})


LIES = {
    **{
        f"wanted the name of a .safetensors file in the same folder, got {place!r}": other_place(place)
        for place in (
            "../a.safetensors", "./a.safetensors", "b/a.safetensors", "..\\a.safetensors", "C:a.safetensors",
            "a.safetensors\0", "a.safetensors\n", "..safetensors", ".safetensors", "~.safetensors", "", "a.bin",
        )
    },
    "wanted the name of a .safetensors file in the same folder, got '/": other_place(f"/tmp/{FIRST}"),
    "wanted weight_map, each array's file by its name, got None": lambda told: told.pop("weight_map"),
    "wanted weight_map, each array's file by its name, got {}": lambda told: told.update(weight_map={}),
    "wanted weight_map, each array's file by its name, got [": lambda told: told.update(weight_map=[FIRST]),
    "wanted weight_map, each array's file by its name, got {'": other_place(None),
    f"{SECOND}: missing {SOME}, which model.safetensors.index.json says are in it": other_place(SECOND),
    f"{FIRST}: holds {SOME}, which model.safetensors.index.json does not": lambda told: told["weight_map"].pop(SOME),
    f"{FIRST}: missing h.9.ln_1.bias, which": lambda told: told["weight_map"].update({"h.9.ln_1.bias": FIRST}),
    "names 20,028 arrays in 4 files; wanted at most 20,000 in 100": lambda told: told["weight_map"].update(
        {f"a{i}": "a.safetensors" for i in range(20_000)}
    ),
    "names 228 arrays in 203 files; wanted at most 20,000 in 100": lambda told: told["weight_map"].update(
        {f"a{i}": f"a{i}.safetensors" for i in range(200)}
    ),
}  # fmt: skip


@pytest.mark.parametrize("told", LIES)
def test_an_index_that_lies_is_refused(tmp_path, told):
    folder = in_parts(tmp_path / "parts", WEIGHTS)
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    LIES[told](index)
    path.write_text(json.dumps(index))
    with pytest.raises(ValueError, match="parts") as found:
        Model.gpt2(folder)
    assert told in str(found.value)
    assert len(str(found.value)) < len(str(folder)) + 400


def test_the_files_of_an_index_are_looked_at_like_any(tmp_path):
    for holds, told in (
        (b"", "is empty"),
        (b"\x80\x02}q\x00." + b"\xff" * 100, "is a pickle, which can run a program"),
    ):
        folder = in_parts(tmp_path / "parts", WEIGHTS)
        (folder / SECOND).write_bytes(holds)
        with pytest.raises(ValueError, match=f"{SECOND}: {told}"):
            Model.gpt2(folder)
    folder = in_parts(tmp_path / "parts", WEIGHTS)
    whole = (folder / SECOND).read_bytes()
    (folder / SECOND).write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=f"{SECOND}: is cut off"):
        Model.gpt2(folder)
    (folder / "model.safetensors.index.json").write_text("[" * 10**5)
    with pytest.raises(ValueError, match=r"index\.json: not JSON that can be read"):
        Model.gpt2(folder)


def test_one_file_goes_before_an_index(tmp_path):
    """As for the library that publishes them."""
    folder = in_parts(tmp_path / "parts", {name: array + 1 for name, array in WEIGHTS.items()})
    gpt2_folder.write(folder, WEIGHTS, CONFIG)
    assert np.array_equal(Model.gpt2(folder).weights["E"], WEIGHTS["wte.weight"])
