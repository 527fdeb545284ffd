"""The walk out, from words to the loss, and the walk back, from the loss to every weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from typing import NamedTuple

import numpy as np

from gradwalk import (
    arguments,
    block,
    inputs,
    limits,
    step1_output,
    step2_mlp,
    step4_residual,
    step5_attention,
    step6_embedding,
)
from gradwalk.model import Model
from gradwalk.names import BLOCK_VALUES, Named, unknown


class Origin(NamedTuple):
    """Where values come from: the model, its version then, and the names of what no line of the block made."""

    model: Model
    version: int
    held: tuple[str, ...]


class Values(Named):
    """What a forward pass leaves behind, by name. With one block its values stand here too: `values.x1`.

    They are arrays, and the `blocks`. Where they come from is no entry, but remembered beside them. A copy has the
    arrays alone, so `backward` refuses it.
    """

    __slots__ = ("came_from",)

    def __reduce__(self):  # whoever copies or pickles may change a number, and then no model made it
        return type(self), (dict(self),)


class Gradients(Named):
    """The slope of the loss in every weight, value and share: `grads.dL_dW`, `grads.dL_dx1_via_v`."""

    __slots__ = ()

    def as_checkpoint(self) -> dict[str, np.ndarray]:
        """The weights' gradients by GPT-2's checkpoint names, in that checkpoint's layout."""
        from gradwalk import checkpoint

        return checkpoint.gpt2_layout(self)


def forward(model: Model, tokens, y=None, hold: Mapping[str, np.ndarray] | None = None) -> Values:
    """The walk out. Every value by its name, down to the loss `values.L` in nats.

    tokens: (T,) word numbers, or a list of such sentences, laid end to end: places restart and nobody attends into
    another sentence. y: the same layout, the true next word of each position, -1 where nothing is scored; without y
    there is no loss. hold: values set by hand, such as {"h": array} ("blocks.0.x1" where there are several blocks);
    the walk goes on from them. A held value may carry one more axis in front, many settings side by side, and all
    that follows then carries it too.

    ValueError for anything that does not fit, and where numbers grow too large for the model's dtype.
    """
    held = dict(arguments.instance("hold", {} if hold is None else hold, Mapping))

    def keep(store, name, array, prefix=""):
        """Store a value under its name, or the one that is held in its place."""
        for key in (prefix + name, name if len(model.blocks) == 1 else None):
            if key in held and name != "p":  # nothing goes on from p
                array = inputs.held_value(key, held.pop(key), array, model)
        store[name] = array
        return array

    values = walk_out(model, tokens, y, keep, tuple(held))
    if held:
        name = next(iter(held))
        if name in BLOCK_VALUES:
            raise ValueError(
                f"hold: wanted {name} of one of the {len(model.blocks)} blocks, 'blocks.0.{name}', got {name!r}"
            )
        raise ValueError(f"hold: {unknown('value', name, [*BLOCK_VALUES, *({'hf', 'z'} & set(values))])}")
    return values


def walk_out(model: Model, tokens, y, keep: Callable, held: tuple[str, ...] = ()) -> Values:
    """The walk out of `forward`, where something else may go on in place of what a line makes.

    `keep(store, name, array, prefix="")` stores a value, `prefix` being its block's "blocks.0.", and returns what goes
    on. held: the names of what `keep` does not take as it is made; `backward` refuses values that have any.
    ValueError as in `forward`.
    """
    arguments.instance("model", model, Model)
    tokens, places, attends, lengths = inputs.lay_out(tokens, model)
    values = Values(tokens=tokens, places=places, blocks=[])
    values.came_from = Origin(model, model.version, held)
    if y is not None:
        values.y = inputs.next_words(y, lengths, model)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told in words, below
        _lines_out(model, values, attends, keep)
    limits.check_size(model, values)
    return values


def _lines_out(model, values, attends, keep):
    """Every line of the walk out, in order."""
    known = {"tokens": values.tokens, "places": values.places, "attends": attends, **model.settings, **model.weights}
    block.run(block.way_in(), known, lambda name, array: array)
    for q, weights in enumerate(model.blocks):
        here = Values()

        def kept(name, array, here=here, prefix=f"blocks.{q}."):
            return keep(here, name, array, prefix)

        known |= weights
        known["x0"] = kept("x0", known["h" if q else "x0"])  # what one block made is what the next begins with
        block.run(block.block(model.settings), known, kept)
        values.blocks.append(here)
    if len(model.blocks) == 1:
        values.update(values.blocks[0])
    values.h = known["h"]
    block.run(block.way_out(model.settings, model.weights), known, lambda name, array: keep(values, name, array))
    if "y" in values:
        values.L = step1_output.loss(values.z, values.y, values.p)


def backward(
    model: Model, values: Values, instead: Mapping[str, Callable] | None = None, into: Gradients | None = None
) -> Gradients:
    """The walk back. The slope of the loss in every weight (`grads.dL_dW1`), value (`grads.dL_dh`) and share.

    Each gradient has the shape of what it is the gradient of. With several blocks a block's own are in
    `grads.blocks[q]`. instead: functions in the place of the steps' own, by the name of what they make, with the same
    parameters: `{"dL_db": wrong}`. A bare name means that gradient in every block, "blocks.1.dL_db1" in one.

    into: gradients of an earlier walk back that nobody needs any more. They are emptied, and their largest arrays, with
    a row a word, are written over: to get as much memory anew takes longer than to fill it.

    ValueError if the model has been written to since, if a value was held by hand, if nothing was scored, if `instead`
    names what no function makes or has one that does not fit, or if `into` has arrays of another shape or dtype.
    """
    _unheld(model, values)
    return walk_back(model, values, instead, into)


def walk_back(
    model: Model, values: Values, instead: Mapping[str, Callable] | None = None, into: Gradients | None = None
) -> Gradients:
    """The same for any values of `walk_out`, held ones too: a road that these do not have is shut by `instead`."""
    origin(model, values)
    instead = arguments.instance("instead", {} if instead is None else instead, Mapping)
    chosen = _chosen(instead, made_by(model, values)) if instead else {}
    room = {} if into is None else _room(model, arguments.instance("into", into, Gradients))
    grads = Gradients(blocks=[Gradients() for _ in model.blocks])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told in words, below
        lines_back(model, values, grads, partial(_make, chosen, room))
    limits.check_slopes(model, grads, chosen)
    return grads


def output_back(model: Model, values: Values) -> Gradients:
    """The first lines of the walk back alone, as far as dL_dh: of values they need h, y, z and p (and hf)."""
    grads = Gradients()
    _output_back(Named(model.weights), values, grads, model.settings, partial(_make, {}, {}, grads, ""))
    return grads


def made_by(model: Model, values: Values) -> dict[str, Callable]:
    """The step's function that makes each gradient, in the order of the walk back: "dL_dz", "blocks.0.dL_dW1".

    What is only passed on is not made: a lower block's dL_dh, and dL_dE where its one share is the whole.
    ValueError as in `backward`.
    """
    origin(model, values)
    functions = {}

    def note(store, prefix, name, function, *given):
        functions[prefix + name], store[name] = function, None

    lines_back(model, values, Gradients(blocks=[Gradients() for _ in model.blocks]), note)
    return functions


def _make(chosen, room, store, prefix, name, function, *given):
    """Make a gradient by the step's function, or by the one chosen in its place, and store it under its name."""
    if prefix + name in chosen:
        store[name] = made = chosen[prefix + name](*given)
        wanted = function(*given).shape
        if getattr(made, "shape", None) != wanted or made.dtype.kind not in "fiu":
            raise arguments.refused("instead", f"{prefix}{name} as an array of shape {wanted}", made)
    elif name in room:
        store[name] = WRITTEN_OVER[function](*given, out=room.pop(name))
    else:
        store[name] = function(*given)


def _gather(dL_dx0, tokens, N, out):
    out[...] = 0
    np.add.at(out, tokens, dL_dx0)
    return out


# What makes a gradient with a row a word, as in the steps, but written where there is room.
WRITTEN_OVER = {
    step1_output.dL_dW: lambda dL_dz, h, out: np.matmul(dL_dz.T, h, out=out),  # (N, D)
    step6_embedding.dL_dE: np.add,  # (N, D)
    step6_embedding.dL_dE_via_x0: _gather,
}


def _room(model, into):
    """The arrays of earlier gradients that may be written over, by name; nothing is left in those."""
    own = ("dL_dW",) if "W" in model.weights else ("dL_dE_via_z", "dL_dE")
    room = {name: into[name] for name in (*own, "dL_dE_via_x0") if name in into}
    for name, array in room.items():
        if array.shape != (model.N, model.D) or array.dtype != model.dtype:
            wanted = f"gradients of this model, {name} of shape {(model.N, model.D)} in {model.dtype}"
            raise arguments.refused("into", wanted, array)
    into.clear()
    return room


def origin(model: Model, values: Values) -> Origin:
    """Where these values come from. ValueError if there is no way back from them to the weights of this model."""
    arguments.instance("model", model, Model)
    if not hasattr(arguments.instance("values", values, Values), "came_from"):
        raise ValueError("values: wanted what forward gave, got others")
    origin = values.came_from
    if origin.model is not model:
        raise ValueError("values: these came from another model; run forward with this one")
    if origin.version != model.version:
        raise ValueError("values: the model has been turned since; run forward again")
    if "y" not in values:
        raise ValueError("values: wanted scored positions, nothing was scored; give forward a y")
    return origin


def _unheld(model, values):
    if held := origin(model, values).held:
        raise ValueError(f"values: {held[0]} was held by hand, no weight made it; run forward without hold")


def walked(model: Model, tokens, y, values: Values | None = None) -> Values:
    """The values of `forward(model, tokens, y)`: a copy of those given, or walked now where none are.

    ValueError for values of another model or version, of other tokens or another y, and where one was held by hand.
    """
    if values is None:
        return forward(model, tokens, y)
    _unheld(model, values)
    tokens, places, _, lengths = inputs.lay_out(tokens, model)
    wanted = {"tokens": tokens, "places": places, "y": inputs.next_words(y, lengths, model)}
    if not all(np.array_equal(values[name], array) for name, array in wanted.items()):
        raise ValueError("values: these came from other tokens or another y; run forward with these")
    own = deepcopy(values)
    own.came_from = values.came_from
    return own


def _chosen(instead, functions):
    """The functions that stand in the place of others, by full name; one named for a block goes before a bare name."""
    chosen = {}
    for name in sorted(instead, key=lambda name: name in functions):
        places = [place for place in functions if name in (place, place.split(".")[-1])]
        if not places:
            known = dict.fromkeys([*(place.split(".")[-1] for place in functions), *functions])
            raise ValueError(f"instead: {unknown('gradient', name, known)}")
        for place in places:
            chosen[place] = arguments.stand_in("instead", instead[name], functions[place])
    return chosen


# The walk back, on one page. A line reads: make this gradient, by this step's function, of these.


def lines_back(model: Model, values: Values, grads: Gradients, make: Callable) -> None:
    """Every step of the walk back, in order; it fills `grads`, which has empty `blocks`, one for each block.

    `make(store, prefix, name, function, *given)` stores a gradient under its name, `prefix` being its block's
    "blocks.0.", or nothing.
    """
    weights = Named(model.weights)
    _output_back(weights, values, grads, model.settings, partial(make, grads, ""))
    upstream = grads.dL_dh  # (T, D)
    for q in reversed(range(len(model.blocks))):
        here = grads.blocks[q]
        here.dL_dh = upstream
        _block_back(model.blocks[q], values.blocks[q], here, model.settings, partial(make, here, f"blocks.{q}."))
        upstream = here.dL_dx0
    grads.dL_dx0 = upstream
    if len(model.blocks) == 1:
        grads.update(grads.blocks[0])
    _embedding_back(weights, values, grads, partial(make, grads, ""))


def _output_back(weights, values, grads, settings, make):
    """From the loss to the intended meaning. Tied weights say words with E, and GPT-2 norms h first: hf = LNf(h)."""
    normed, norm, eps = "gammaf" in weights, block.NORMS[settings["norm"]].back, settings["eps"]

    # L = -log p of the true word, p = softmax(z)
    make("dL_dz", step1_output.dL_dz, values.p, values.y)

    # z = h W^T + b
    said = values.hf if normed else values.h  # (T, D)
    make("dL_dW" if "W" in weights else "dL_dE_via_z", step1_output.dL_dW, grads.dL_dz, said)
    if "b" in weights:
        make("dL_db", step1_output.dL_db, grads.dL_dz)
    make("dL_dhf" if normed else "dL_dh", step1_output.dL_dh, grads.dL_dz, weights.get("W", weights.E))

    # hf = LNf(h)
    if normed:
        make("dL_dgammaf", norm.dL_dgamma, grads.dL_dhf, values.h, eps)
        if "betaf" in weights:
            make("dL_dbetaf", norm.dL_dbeta, grads.dL_dhf)
        make("dL_dh", norm.pullback, grads.dL_dhf, values.h, weights.gammaf, eps)


def _block_back(weights, values, grads, settings, make):
    """One block, last line first: dL_dh in, dL_dx0 out."""
    norm, eps = block.NORMS[settings["norm"]].back, settings["eps"]

    # h = x1 + m
    make("dL_dm", step4_residual.dL_dm, grads.dL_dh)
    make("dL_dx1_via_h", step4_residual.dL_dx1_via_h, grads.dL_dh)

    # m = r W2^T + b2
    make("dL_dW2", step2_mlp.dL_dW2, grads.dL_dm, values.r)
    make("dL_db2", step2_mlp.dL_db2, grads.dL_dm)
    make("dL_dr", step2_mlp.dL_dr, grads.dL_dm, weights.W2)

    # r = relu(u), or gelu(u)
    make("dL_du", step2_mlp.dL_du, grads.dL_dr, values.u, settings["activation"])

    # u = v W1^T + b1
    make("dL_dW1", step2_mlp.dL_dW1, grads.dL_du, values.v)
    make("dL_db1", step2_mlp.dL_db1, grads.dL_du)
    make("dL_dv", step2_mlp.dL_dv, grads.dL_du, weights.W1)

    # v = LN2(x1)
    make("dL_dgamma2", norm.dL_dgamma, grads.dL_dv, values.x1, eps)
    if "beta2" in weights:
        make("dL_dbeta2", norm.dL_dbeta, grads.dL_dv)
    make("dL_dx1_via_v", norm.pullback, grads.dL_dv, values.x1, weights.gamma2, eps)

    # x1 had two uses
    make("dL_dx1", step4_residual.dL_dx1, grads.dL_dx1_via_h, grads.dL_dx1_via_v)

    # x1 = x0 + a
    make("dL_da", step4_residual.dL_da, grads.dL_dx1)
    make("dL_dx0_via_x1", step4_residual.dL_dx0_via_x1, grads.dL_dx1)

    # a = O W_O^T + b_O
    make("dL_dW_O", step5_attention.dL_dW_O, grads.dL_da, values.O)
    make("dL_db_O", step5_attention.dL_db_O, grads.dL_da)
    make("dL_dO", step5_attention.dL_dO, grads.dL_da, weights.W_O)

    # O = alpha V, head by head
    make("dL_dV", step5_attention.dL_dV, grads.dL_dO, values.alpha)
    make("dL_dalpha", step5_attention.dL_dalpha, grads.dL_dO, values.V)

    # alpha = softmax(S), S = Q K^T / sqrt(D/H)
    make("dL_dS", step5_attention.dL_dS, grads.dL_dalpha, values.alpha)
    make("dL_dQ", step5_attention.dL_dQ, grads.dL_dS, values.K)
    make("dL_dK", step5_attention.dL_dK, grads.dL_dS, values.Q)

    # Q = n W_Q^T + b_Q, and so K and V
    make("dL_dW_Q", step5_attention.dL_dW_Q, grads.dL_dQ, values.n)
    make("dL_db_Q", step5_attention.dL_db_Q, grads.dL_dQ)
    make("dL_dW_K", step5_attention.dL_dW_K, grads.dL_dK, values.n)
    make("dL_db_K", step5_attention.dL_db_K, grads.dL_dK)
    make("dL_dW_V", step5_attention.dL_dW_V, grads.dL_dV, values.n)
    make("dL_db_V", step5_attention.dL_db_V, grads.dL_dV)
    make("dL_dn_via_Q", step5_attention.dL_dn_via_Q, grads.dL_dQ, weights.W_Q)
    make("dL_dn_via_K", step5_attention.dL_dn_via_K, grads.dL_dK, weights.W_K)
    make("dL_dn_via_V", step5_attention.dL_dn_via_V, grads.dL_dV, weights.W_V)

    # n had three uses
    make("dL_dn", step5_attention.dL_dn, grads.dL_dn_via_Q, grads.dL_dn_via_K, grads.dL_dn_via_V)

    # n = LN1(x0)
    make("dL_dgamma1", norm.dL_dgamma, grads.dL_dn, values.x0, eps)
    if "beta1" in weights:
        make("dL_dbeta1", norm.dL_dbeta, grads.dL_dn)
    make("dL_dx0_via_n", norm.pullback, grads.dL_dn, values.x0, weights.gamma1, eps)

    # x0 had two uses
    make("dL_dx0", step4_residual.dL_dx0, grads.dL_dx0_via_x1, grads.dL_dx0_via_n)


def _embedding_back(weights, values, grads, make):
    """From the original meaning to the two tables that made it. Untied, E has one road, and its share is the whole."""
    # x0 = E[tokens] + E_pos[places]
    make("dL_dE_via_x0", step6_embedding.dL_dE_via_x0, grads.dL_dx0, values.tokens, len(weights.E))
    make("dL_dE_pos", step6_embedding.dL_dE_pos, grads.dL_dx0, values.places, len(weights.E_pos))

    # a tied E had two uses
    if "W" in weights:
        grads.dL_dE = grads.dL_dE_via_x0
    else:
        make("dL_dE", step6_embedding.dL_dE, grads.dL_dE_via_x0, grads.dL_dE_via_z)
