"""Models in and out of safetensors files: the course's own, and GPT-2 as published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save as to_bytes

from gradwalk import arguments, files
from gradwalk.model import Model
from gradwalk.reading import foreign, stored
from gradwalk.reading.gpt2 import gpt2, gpt2_layout
from gradwalk.reading.plan import plan
from gradwalk.weights import SETTINGS

__all__ = ["ABOUT", "gpt2", "gpt2_layout", "load", "plan", "save"]

ABOUT = "gradwalk"  # one metadata entry holds all: several would be written in an order that changes from run to run


def save(model: Model, path: str | Path) -> None:
    """Write a model's weights, words and settings to a safetensors file; the same model gives the same bytes.

    An older model that was saved there is replaced, all at once; any other file stays. ValueError for a place that is
    none, as `files.ready` has it, and for a model that has a tokenizer: the file would not hold it.
    """
    files.write(path, packed(model), ours=saved_here)


def packed(model: Model) -> bytes:
    """What `save` writes, as bytes."""
    if arguments.instance("model", model, Model).tokenizer is not None:
        raise ValueError("model: this one reads with a tokenizer, which the file would not hold; keep its own folder")
    about = {"words": model.words, **model.settings}
    weights = {name: np.ascontiguousarray(array) for name, array in model.weights.items()}
    return to_bytes(weights, {ABOUT: json.dumps(about)})


def saved_here(path: Path) -> bool:
    """Whether a file is a model that `save` wrote for a learner; the course's own, in the package, is not."""
    try:
        metadata = stored.header(Path(path)).metadata
    except (ValueError, OSError):
        return False
    return ABOUT in metadata and Path(__file__).resolve().parent not in Path(path).resolve().parents


def load(path: str | Path) -> Model:
    """The model that `save` wrote.

    FileNotFoundError if there is no such file. ValueError, naming the file and what is wrong with it, if it is not a
    safetensors file, if words, H or activation are missing, if it has settings that no model here has, or if a weight
    is missing, unknown, misshapen, not finite or no float.
    """
    path = arguments.path("path", path, "the path of a model's file")
    if foreign.there(path) == "folder":
        if foreign.is_file(path / "config.json"):
            raise ValueError(f"{path}: is a folder with config.json, as GPT-2's; gradwalk.Model.gpt2(folder) reads it")
        raise FileNotFoundError(f"{path}: there is no such file; it is a folder")
    header = stored.header(path)
    words, settings = _about(path, header.metadata)
    if empty := [name for name, own in header.arrays.items() if 0 in own.shape]:
        raise ValueError(f"{path}: {foreign.few(empty)} came without a number")
    arrays = stored.read(header, header.arrays)
    try:
        return Model(arrays, words, **settings)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _about(path, metadata):
    """The words, and the settings."""
    wanted = f"{path}: wanted metadata {ABOUT!r} with words, H and activation"
    if ABOUT not in metadata:
        raise ValueError(f"{wanted}, as the course's own models have; gradwalk.Model.gpt2(folder) reads GPT-2's")
    about = foreign.dictionary(metadata[ABOUT], wanted)
    if absent := [key for key in ("words", "H", "activation") if key not in about]:
        raise ValueError(f"{wanted}, got none of {', '.join(absent)}")
    words = about.pop("words")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{path}: the metadata's words are not a list of words")
    if strange := [key for key in about if key not in SETTINGS]:
        raise ValueError(f"{path}: the metadata has {foreign.few(strange)}, which no model here has")
    return words, about
