"""The walk out, from words to the loss, and the walk back, from the loss to every weight."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradwalk import step1_output, step2_mlp, step3_layernorm, step4_residual, step5_attention, step6_embedding
from gradwalk.model import Model
from gradwalk.names import BLOCK_VALUES, Named, unknown


class Values(Named):
    """What a forward pass leaves behind, by name. With one block its values stand here too: `values.x1`."""


class Gradients(Named):
    """The slope of the loss in every weight, value and share: `grads.dL_dW`, `grads.dL_dx1_via_v`."""

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
    that follows then carries it too. ValueError for anything that does not fit.
    """
    held = dict(hold or {})

    def keep(store, name, array, prefix=""):
        """Store a value under its name, or the one that is held in its place."""
        for key in (prefix + name, name if len(model.blocks) == 1 else None):
            if key in held:
                array = _check_held(key, held.pop(key), array)
        store[name] = array
        return array

    values = _walk_out(model, tokens, y, keep)
    if held:
        name = next(iter(held))
        if name in BLOCK_VALUES:
            raise ValueError(f"hold: there are {len(model.blocks)} blocks; say which: 'blocks.0.{name}'")
        raise ValueError(f"hold: {unknown('value', name, [*BLOCK_VALUES, *({'hf', 'z'} & set(values))])}")
    values.came_from = (model, model.version, tuple(hold or ()))
    return values


def _walk_out(model, tokens, y, keep):
    """From the words to the loss; `keep(store, name, array, prefix)` stores a value and returns what goes on."""
    tokens, places, attends, lengths = _lay_out(tokens, model)
    weights, values = model.weights, Values(tokens=tokens, places=places, blocks=[])
    if y is not None:
        values.y = _check_y(y, lengths, model)
    x = step6_embedding.embed(tokens, places, weights["E"], weights["E_pos"])  # (T, D)
    for q, block in enumerate(model.blocks):
        here = Values()
        x = _forward_block(block, x, attends, model, lambda *named, q=q, at=here: keep(at, *named, f"blocks.{q}."))
        values.blocks.append(here)
    if len(model.blocks) == 1:
        values.update(values.blocks[0])
    values.h = x
    if "gammaf" in weights:
        x = keep(values, "hf", step3_layernorm.layernorm(x, weights["gammaf"], weights["betaf"]))
    values.z = keep(values, "z", step1_output.logits(x, weights.get("W", weights["E"]), weights.get("b", 0.0)))
    values.p = step1_output.softmax(values.z)
    if y is not None:
        values.L = step1_output.loss(values.z, values.y)
    return values


def _forward_block(weights, x0, attends, model, keep):
    """One block, line by line: x0 in, h out."""
    x0 = keep("x0", x0)
    n = keep("n", step3_layernorm.layernorm(x0, weights.gamma1, weights.beta1))
    Q = keep("Q", step5_attention.project(n, weights.W_Q, weights.b_Q, model.H))
    K = keep("K", step5_attention.project(n, weights.W_K, weights.b_K, model.H))
    V = keep("V", step5_attention.project(n, weights.W_V, weights.b_V, model.H))
    S = keep("S", step5_attention.scores(Q, K, attends))
    alpha = keep("alpha", step5_attention.attention_weights(S))
    O = keep("O", step5_attention.blend(alpha, V))
    a = keep("a", step5_attention.adjustment(O, weights.W_O, weights.b_O))
    x1 = keep("x1", step4_residual.add(x0, a))
    v = keep("v", step3_layernorm.layernorm(x1, weights.gamma2, weights.beta2))
    u = keep("u", step2_mlp.expand(v, weights.W1, weights.b1))
    activation, _ = step2_mlp.ACTIVATIONS[model.activation]
    r = keep("r", activation(u))
    m = keep("m", step2_mlp.contract(r, weights.W2, weights.b2))
    return keep("h", step4_residual.add(x1, m))


def backward(model: Model, values: Values) -> Gradients:
    """The walk back. The slope of the loss in every weight (`grads.dL_dW1`), value (`grads.dL_dh`) and share.

    Each gradient has the shape of what it is the gradient of. With several blocks a block's own are in
    `grads.blocks[q]`. ValueError if the model has been written to since, or if a value was held by hand, or if
    nothing was scored.
    """
    made_by, version, held = values.came_from
    if made_by is not model:
        raise ValueError("values: these came from another model; run forward with this one")
    if version != model.version:
        raise ValueError("values: the model has been turned since; run forward again")
    if held:
        raise ValueError(f"values: {held[0]} was held by hand, no weight made it; run forward without hold")
    return _walk_back(model, values, _backward_block)


def _walk_back(model, values, through_block):
    """From the loss to the words; `through_block` is the way back through one block."""
    if "y" not in values:
        raise ValueError("values: nothing was scored; give forward a y")
    weights = Named(model.weights)
    grads = Gradients(blocks=[Gradients() for _ in model.blocks])
    step1_output.backward(weights, values, grads)
    upstream = grads.dL_dh  # (T, D)
    for q in reversed(range(len(model.blocks))):
        block, seen, slopes = model.blocks[q], values.blocks[q], grads.blocks[q]
        slopes.dL_dh = upstream
        through_block(block, seen, slopes, model.activation)
        upstream = slopes.dL_dx0
    grads.dL_dx0 = upstream
    if len(model.blocks) == 1:
        grads.update(grads.blocks[0])
    step6_embedding.backward(weights, values, grads)
    return grads


def _backward_block(weights, values, grads, activation):
    """One block, last line first: dL_dh in, dL_dx0 out."""
    step4_residual.fork_h(grads)
    step2_mlp.backward(weights, values, grads, activation)
    step3_layernorm.backward(weights, values, grads)
    step4_residual.join_x1(grads)
    step5_attention.backward(weights, values, grads)
    step4_residual.join_x0(grads)


def _flat(given, argument):
    """One sentence or a list of sentences as a list of 1-D int arrays."""
    several = isinstance(given, (list, tuple)) and len(given) > 0 and not np.isscalar(given[0])
    sentences = [np.asarray(sentence) for sentence in (given if several else [given])]
    for sentence in sentences:
        if sentence.ndim != 1 or sentence.size == 0 or not np.issubdtype(sentence.dtype, np.integer):
            came = f"shape {sentence.shape} of {sentence.dtype}"
            raise ValueError(f"{argument}: wanted a row of whole numbers, at least one, got {came}")
    return sentences


def _lay_out(tokens, model):
    """Sentences end to end: tokens (T,), places (T,), attends (T, T): the same sentence, not later; the lengths."""
    sentences = _flat(tokens, "tokens")
    lengths = [len(sentence) for sentence in sentences]
    if max(lengths) > model.T_max:
        raise ValueError(f"tokens: a sentence has {max(lengths)} positions, the model has {model.T_max} places")
    tokens = np.concatenate(sentences)  # (T,)
    if tokens.min() < 0 or tokens.max() >= model.N:
        raise ValueError(f"tokens: wanted word numbers from 0 to {model.N - 1}, got {tokens.min()} to {tokens.max()}")
    places = np.concatenate([np.arange(length) for length in lengths])  # (T,)
    sentence = np.repeat(np.arange(len(lengths)), lengths)  # (T,)
    attends = (sentence[:, None] == sentence) & (places <= places[:, None])  # (T, T)
    return tokens, places, attends, lengths


def _check_y(y, lengths, model):
    sentences = _flat(y, "y")
    came = [len(sentence) for sentence in sentences]
    if came != lengths:
        raise ValueError(f"y: wanted as many entries as tokens, sentence by sentence {lengths}, got {came}")
    y = np.concatenate(sentences)  # (T,)
    if y.min() < -1 or y.max() >= model.N:
        raise ValueError(f"y: wanted -1 or word numbers up to {model.N - 1}, got {y.min()} to {y.max()}")
    if y.max() < 0:
        raise ValueError("y: no scored position: every entry is -1")
    return y


def _check_held(name, array, usual):
    array = np.asarray(array, dtype=usual.dtype)
    wanted = usual.shape[-2 if name.split(".")[-1] not in ("Q", "K", "V", "S", "alpha") else -3 :]
    if array.shape[-len(wanted) :] != wanted or array.ndim > len(wanted) + 1:
        raise ValueError(f"hold: {name} came with shape {array.shape}, wanted {wanted}, or one more axis in front")
    if np.isnan(array).any():
        raise ValueError(f"hold: {name} holds NaN")
    return array
