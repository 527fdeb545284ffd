"""Damaged and lying files of weights, some hundreds: each is refused by name, at once, in little memory."""

import json
import time
import tracemalloc
from math import prod

import gpt2_folder
import numpy as np
import pytest

from gradwalk import checkpoint
from gradwalk.model import Model
from gradwalk.reading import layout, stored

pytestmark = pytest.mark.slow

KINDS = ("own", "gpt2")


def good(kind, path):
    """A small good file, written to `path`; what reads it, and from where."""
    if kind == "gpt2":
        folder = gpt2_folder.write(path.parent, gpt2_folder.arrays(gpt2_folder.CONFIG), gpt2_folder.CONFIG)
        return lambda: Model.gpt2(folder)
    checkpoint.save(Model.random(words=["a", "b", "café"]), path)
    return lambda: checkpoint.load(path)


def parts(whole):
    """The header as a dictionary, and the numbers after it."""
    length = int.from_bytes(whole[:8], "little")
    return json.loads(whole[8 : 8 + length]), whole[8 + length :]


def joined(header, data, length=None):
    """A file again; `header` may be text that no dictionary could be written as."""
    told = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(told) if length is None else length).to_bytes(8, "little") + told + data


def cut(whole):
    """Cut off inside the length, inside the header, at its end, and around where each array ends."""
    header, data = parts(whole)
    start = len(whole) - len(data)
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    kept = {*range(12), start // 2, start - 1, start, start + 1, len(whole) - 1, *(start + end for end in ends)}
    kept |= {start + end - 1 for end in ends}
    yield from (whole[:n] for n in sorted(kept - {len(whole)}))
    yield from (whole + more for more in (b"\0", bytes(8), whole))


def of_another_length(whole):
    """A header that lies about its length."""
    header, data = parts(whole)
    true = len(whole) - len(data) - 8
    for length in (0, 1, 2, true - 8, true - 1, true + 1, true + 8, 2 * true, len(whole), 2**31, 2**63, 2**64 - 1):
        yield joined(header, data, length)


ENTRIES = {
    "dtype": ["F16", "F32", "BF16", "I64", "U8", "BOOL", "C64", "F8_E5M2", "NOPE", "", 7, None, ["F64"]],
    "shape": [[], [0], [1], [-1, 4], [2**40, 2**40], [4.0], ["4"], [True], [None], 4, "4", None, {"0": 4}, [0, 10**18]],
    "data_offsets": [[], [0], [8, 0], [-8, 0], [0, 2**63], [2**64, 2**65], [0.0, 8.0], ["0", "8"], None, 8, [0, 8, 16]],
}


def with_a_lying_entry(whole):
    """One array's dtype, shape or place changed, left out, or of another type."""
    header, data = parts(whole)
    names = [name for name in header if name != "__metadata__"]
    for name in (names[0], names[len(names) // 2], names[-1]):
        begin, end = header[name]["data_offsets"]
        shape = header[name]["shape"]
        moved = [[begin + 8, end + 8], [begin - 8, end - 8], [begin, end - 8], [begin, end + 8], [begin, begin]]
        longer = [[*shape, 1], [*shape, 2], [1, *shape], [n + 1 for n in shape], [0, *shape]]
        given = [("data_offsets", offsets) for offsets in moved] + [("shape", other) for other in longer]
        given += [(key, other) for key, others in ENTRIES.items() for other in others]
        for key, other in given:
            yield joined(header | {name: header[name] | {key: other}}, data)
        for key in header[name]:
            yield joined(header | {name: {k: part for k, part in header[name].items() if k != key}}, data)
        for entry in (None, 7, [], "F64", {}):
            yield joined(header | {name: entry}, data)
        yield joined({key: entry for key, entry in header.items() if key != name}, data)  # a hole
        yield joined(header | {"again": header[name]}, data)  # two in one place
        yield joined({(key + "x" if key == name else key): entry for key, entry in header.items()}, data)
        yield joined({(key * 10**5 if key == name else key): entry for key, entry in header.items()}, data)
        twice = json.dumps({name: header[name]})[1:-1]
        yield joined(f"{{{twice},".encode() + json.dumps(header).encode()[1:], data)
    yield joined(header | {f"none.{i}": {"dtype": "F64", "shape": [0], "data_offsets": [0, 0]} for i in range(9)}, data)


def with_lying_metadata(whole):
    header, data = parts(whole)
    for other in (7, "x", [], {"gradwalk": 7}, {"gradwalk": None}, {"gradwalk": {"H": 2}}, {7: {}}):
        yield joined(header | {"__metadata__": other}, data)
    for told in (b"[]", b"null", b"{", b'{"a":' * 5000, b'{"a":NaN}', b'{"E":1e999}', b"\xff{}", b"{}"):
        yield joined(told, data)


LIES = [cut, of_another_length, with_a_lying_entry, with_lying_metadata]


def outcome(read, path, whole):
    """What comes of a file: the refusal, or the model. At once and in little memory, either way."""
    path.write_bytes(whole)
    start = time.process_time()
    try:
        found = read()
    except ValueError as error:
        found = str(error)
        assert str(path) in found
        assert "\n" not in found
        assert len(found) < len(str(path)) + 600
    assert time.process_time() - start < 1
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lie", LIES)
def test_every_lie_is_refused(tmp_path, kind, lie):
    path = tmp_path / "folder" / "model.safetensors"
    path.parent.mkdir()
    read = good(kind, path)
    whole = path.read_bytes()
    header, data = parts(whole)
    assert isinstance(outcome(read, path, joined(header, data)), Model)  # written anew, it is as good as it was
    tracemalloc.start()
    count = 0
    for count, lying in enumerate(lie(whole), 1):
        found = outcome(read, path, lying)
        assert isinstance(found, str), (count, lying[:400])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count >= 12
    assert peak < 2**25


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_refused_or_changes_no_size(tmp_path, kind):
    """A bit of the header may be a letter of a word; then it is a model of the same form."""
    path = tmp_path / "folder" / "model.safetensors"
    path.parent.mkdir()
    read = good(kind, path)
    whole, rng, refused = path.read_bytes(), np.random.default_rng(9), 0
    model, length = read(), len(whole) - len(parts(whole)[1])
    for _ in range(300):
        flipped = bytearray(whole)
        for at in rng.integers(0, length, rng.integers(1, 4)):
            flipped[at] ^= 1 << int(rng.integers(8))
        found = outcome(read, path, bytes(flipped))
        if isinstance(found, str):
            refused += 1
        else:
            assert (found.D, found.F, found.N, found.H) == (model.D, model.F, model.N, model.H)
    assert refused > 250


def test_more_arrays_than_any_model_has(tmp_path):
    empty = [b'"a%d":{"dtype":"F64","shape":[0],"data_offsets":[0,0]}' % i for i in range(stored.MOST_ARRAYS + 1)]
    many = joined(b"{" + b",".join(empty) + b"}", b"")
    told = outcome(lambda: checkpoint.load(tmp_path / "many"), tmp_path / "many", many)
    assert told.endswith("many: holds 20,001 arrays; wanted at most 20,000")


NO_ROOM = r"reading its weights would take 0\.3 GB; wanted at most 0\.1 GB"


def zeros(path, shapes, dtype, metadata):
    """A file of zeros that take no place on the disk."""
    header, at = {"__metadata__": metadata}, 0
    for name, shape in shapes.items():
        size = prod(shape) * {"F64": 8, "F32": 4, "BF16": 2}[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    start = joined(header, b"")
    with path.open("wb") as file:
        file.write(start)
        file.truncate(len(start) + at)


def test_weights_that_memory_has_no_room_for(tmp_path, monkeypatch):
    """268 MB of zeros, and a machine with little left."""
    about = {"gradwalk": json.dumps({"words": ["a"], "H": 1, "activation": "relu"})}
    zeros(tmp_path / "large", {"E": [2**25]}, "F64", about)
    monkeypatch.setattr("gradwalk.arguments.free_memory", lambda: 1e8)
    with pytest.raises(ValueError, match=f"large: {NO_ROOM}"):
        checkpoint.load(tmp_path / "large")


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_a_gpt2_that_memory_has_no_room_for(tmp_path, monkeypatch, dtype):
    """bfloat16 takes half of that on the disk, and as much where it is raised."""
    config = gpt2_folder.CONFIG | {"vocab_size": 2**20, "n_embd": 66}
    (tmp_path / "config.json").write_text(json.dumps(config))
    letters = {"N": 2**20, "T_max": 8, "D": 66, "F": 264}
    zeros(tmp_path / "model.safetensors", layout.shapes("gpt2", letters, 2), dtype, {"format": "pt"})
    monkeypatch.setattr("gradwalk.arguments.free_memory", lambda: 1e8)
    with pytest.raises(ValueError, match=rf"model\.safetensors: {NO_ROOM}"):
        Model.gpt2(tmp_path)
