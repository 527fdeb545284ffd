"""What a GPT-2 takes, counted beforehand: held against models that are read and walked."""

import json
import re
import tracemalloc

import gpt2_folder
import numpy as np
import pytest
from gpt2_folder import CONFIG

from gradwalk import checkpoint, cli
from gradwalk.model import Model
from gradwalk.reading import plan as planning
from gradwalk.walk import backward, forward

pytestmark = pytest.mark.slow

PUBLISHED = {  # n_layer, n_embd, n_head: dials, counted from the files as published
    (12, 768, 12): 124_439_808,
    (24, 1024, 16): 354_823_168,
    (36, 1280, 20): 774_030_080,
    (48, 1600, 25): 1_557_611_200,
}
MIDDLING = {"n_layer": 3, "n_embd": 96, "n_head": 4, "vocab_size": 3000, "n_positions": 128}


def config(folder, **change):
    """A folder with config.json alone."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | change))
    return folder


@pytest.mark.parametrize("size", PUBLISHED)
def test_every_published_size_is_planned_for_by_its_config_alone(tmp_path, monkeypatch, size):
    monkeypatch.setattr(planning, "_seconds", lambda *given: 1.5)
    layers, D, H = size
    folder = config(tmp_path, n_layer=layers, n_embd=D, n_head=H, vocab_size=50_257, n_positions=1024)
    found = checkpoint.plan(folder, T=64)
    assert (found.dials, found.weights, found.blocks) == (PUBLISHED[size], 4 * PUBLISHED[size], layers)
    assert found.sizes == {"T": 64, "N": 50_257, "T_max": 1024, "D": D, "F": 4 * D, "H": H}
    assert found.weights < found.kept < 2.5 * found.weights  # a slope for every dial, and some


@pytest.mark.parametrize("change", [{}, {"n_layer": 1}, {"n_inner": 50, "n_layer": 2}])
@pytest.mark.parametrize(("T", "dtype"), [(2, np.float32), (16, np.float64), (100, np.float32)])
def test_the_memory_is_what_a_walk_keeps(tmp_path, change, T, dtype):
    told = CONFIG | MIDDLING | change
    folder = gpt2_folder.write(tmp_path / "gpt2", gpt2_folder.arrays(told, dtype=dtype), told)
    found, model = checkpoint.plan(folder, T), Model.gpt2(folder)
    assert found.dials == sum(array.size for array in model.weights.values())
    assert found.weights == sum(array.nbytes for array in model.weights.values())
    assert found.dtype == model.dtype == dtype
    tokens, y = np.random.default_rng(0).integers(3000, size=(2, T))
    backward(model, forward(model, tokens, y))  # what is remembered from a first walk does not count
    tracemalloc.start()
    kept = values, _ = forward(model, tokens, y), None
    kept = values, backward(model, values)
    current, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == 2
    assert 0.75 * current < found.kept < 1.25 * current


@pytest.mark.parametrize("layers", [1, 4])
def test_the_time_is_measured_on_a_share_of_the_walk(tmp_path, monkeypatch, layers):
    folder, walked = config(tmp_path, **MIDDLING | {"n_layer": layers}), []
    assert 0 < checkpoint.plan(folder, 16).seconds < 60
    monkeypatch.setattr(planning, "backward", lambda model, values: walked.append((model, values)))
    clock = iter([0, 2, 10, 13, 20, 29])  # three walks: of 2, 3 and 9 seconds
    monkeypatch.setattr(planning.time, "perf_counter", lambda: next(clock))
    assert checkpoint.plan(folder, 16).seconds == 3 * layers
    (model, values), *_ = walked
    assert (model.D, model.F, model.H, model.N, len(model.blocks)) == (96, 384, 4, 3000 // layers, 1)
    assert model.weights.keys() >= {"gammaf", "betaf"}
    assert model.weights.keys().isdisjoint({"W", "b"})
    assert len(values.tokens) == 16
    assert (values.y >= 0).all()


def test_it_says_so_in_a_few_lines(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(planning, "_seconds", lambda *given: 0.94)
    monkeypatch.setattr("gradwalk.arguments.free_memory", lambda: 8 * 10**9)
    folder = config(tmp_path, n_layer=12, n_embd=768, n_head=12, vocab_size=50_257, n_positions=1024)
    assert cli.main(["gpt2", str(folder), "--positions", "64"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "12 blocks, T = 64, N = 50,257, T_max = 1,024, D = 768, F = 3,072, H = 12: 124,439,808 dials"
    assert lines[1] == "498 MB of weights in float32"
    assert re.fullmatch(r"[\d,]+ MB more for a walk of 64 positions: all values, all slopes", lines[2])
    assert lines[3:] == [
        "0.9 seconds or so for that walk, as fast as this machine is just now",
        "8,000 MB are free here",
    ]


def test_a_model_of_few_places_is_planned_for_as_many(tmp_path):
    assert checkpoint.plan(config(tmp_path)).sizes["T"] == 8
    assert checkpoint.plan(config(tmp_path, n_positions=65)).sizes["T"] == 64


@pytest.mark.parametrize("T", [0, 129, 2.5, True])
def test_a_walk_that_the_model_has_no_places_for(tmp_path, T):
    with pytest.raises(ValueError, match="T: wanted a whole number from 1 to 128"):
        checkpoint.plan(config(tmp_path, **MIDDLING), T)


def test_what_is_no_gpt2_is_refused_as_it_is_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json: there is no such file"):
        checkpoint.plan(tmp_path)
    with pytest.raises(ValueError, match="wanted model_type 'gpt2'"):
        checkpoint.plan(config(tmp_path, model_type="llama"))
    (config(tmp_path) / "model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match=r"model\.safetensors: is empty"):
        checkpoint.plan(tmp_path)
