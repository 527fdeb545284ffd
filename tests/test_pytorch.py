"""A second referee: PyTorch's own layers and its autograd, and GPT-2 as transformers has it."""

from importlib.util import find_spec

import numpy as np
import pytest
from shapes import FORMS, case, flat, worst_error

from gradwalk.model import Model
from gradwalk.reading.gpt2 import CONFIG
from gradwalk.step2_mlp import ACTIVATIONS
from gradwalk.walk import backward, forward

pytestmark = [
    pytest.mark.referee,
    pytest.mark.skipif(not find_spec("torch"), reason="PyTorch is the second referee (the extra `referee`)"),
]
# PyTorch takes seconds to import, so that each test does it, and not each process that looks for tests.


def by_pytorch(model, tokens, y):
    """The loss, and the gradient of every weight and of every value that PyTorch's layers leave behind."""
    import torch
    import torch.nn.functional as F

    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in model.weights.items()}
    lengths, D, values = [len(sentence) for sentence in tokens], model.D, {}
    eps = model.settings["eps"]
    words, true = torch.tensor(np.concatenate(tokens)), torch.tensor(np.concatenate(y))

    def keep(name, array):
        array.retain_grad()
        values[name] = array
        return array

    x = leaves["E"][words] + leaves["E_pos"][torch.cat([torch.arange(length) for length in lengths])]
    for q, names in enumerate(model.blocks):
        prefix, at = ("" if len(model.blocks) == 1 else f"blocks.{q}."), f"blocks.{q}."
        w = {name: leaves[prefix + name] for name in names}
        x0 = keep(at + "x0", x)
        n = keep(at + "n", F.layer_norm(x0, (D,), w["gamma1"], w["beta1"], eps=eps))
        heads = []
        for name in "QKV":
            flat_heads = F.linear(n, w[f"W_{name}"], w[f"b_{name}"])
            heads.append(keep(at + name, flat_heads.view(len(words), model.H, -1).transpose(0, 1)))
        sentences = zip(*(head.split(lengths, dim=1) for head in heads), strict=True)
        blends = [F.scaled_dot_product_attention(*sentence, is_causal=True) for sentence in sentences]
        O = keep(at + "O", torch.cat(blends, dim=1).transpose(0, 1).reshape(len(words), D))
        a = keep(at + "a", F.linear(O, w["W_O"], w["b_O"]))
        x1 = keep(at + "x1", x0 + a)
        v = keep(at + "v", F.layer_norm(x1, (D,), w["gamma2"], w["beta2"], eps=eps))
        u = keep(at + "u", F.linear(v, w["W1"], w["b1"]))
        r = keep(at + "r", F.relu(u) if model.activation == "relu" else F.gelu(u, approximate="tanh"))
        m = keep(at + "m", F.linear(r, w["W2"], w["b2"]))
        x = keep(at + "h", x1 + m)
    if "gammaf" in leaves:
        x = keep("hf", F.layer_norm(x, (D,), leaves["gammaf"], leaves["betaf"], eps=eps))
    z = keep("z", F.linear(x, leaves.get("W", leaves["E"]), leaves.get("b")))
    L = F.cross_entropy(z, true, ignore_index=-1)
    L.backward()
    grads = {f"blocks.0.dL_d{name}" if name in model.blocks[0] else _named(name): leaves[name] for name in leaves}
    grads |= {_named(name): array for name, array in values.items()}
    return L.item(), {name: array.grad.numpy() for name, array in grads.items()}


def _named(name):
    """ "blocks.0.x1" to "blocks.0.dL_dx1"."""
    *block, bare = name.rsplit(".", 1)
    return ".".join([*block, f"dL_d{bare}"])


@pytest.mark.parametrize("number", range(FORMS))
def test_every_gradient_equals_pytorchs(number):
    model, tokens, y = case(number)
    L, wanted = by_pytorch(model, tokens, y)
    values = forward(model, tokens, y)
    assert abs(values.L - L) <= 1e-13 * L
    ours = flat(backward(model, values))
    shares_and_scores = {name for name in ours if "_via_" in name or name.endswith(("dL_dS", "dL_dalpha"))}
    assert wanted.keys() == ours.keys() - shares_and_scores  # PyTorch fuses the scores away, and adds the roads up
    error, name = worst_error({name: ours[name] for name in wanted}, wanted)
    assert error <= 1e-10, name


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_gpt2_from_transformers(tmp_path, layers):
    """A random GPT-2, saved as published, loaded here: the same logits, loss and gradients."""
    import torch

    transformers = pytest.importorskip("transformers", reason="GPT-2 as published (the extra `referee`)")
    sizes = {"vocab_size": 13, "n_positions": 9, "n_embd": 8, "n_layer": layers, "n_head": 2, "n_inner": 10}
    sizes["layer_norm_epsilon"] = {1: 1e-5, 2: 0.3, 3: 1e-6}[layers]
    torch.manual_seed(layers)
    gpt2 = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes)).double().eval()
    with torch.no_grad():
        for parameter in gpt2.parameters():  # biases of 0 and a gamma of 1 would hide mistakes
            parameter.normal_(std=0.5)
    gpt2.save_pretrained(tmp_path)
    model = Model.gpt2(tmp_path)
    assert model.activation == "gelu"
    tokens, y = np.array([3, 12, 3, 0, 7, 5]), np.array([12, -1, 0, 7, 5, 5])

    z = gpt2(torch.tensor(tokens)[None]).logits[0]
    L = torch.nn.functional.cross_entropy(z, torch.tensor(y), ignore_index=-1)
    L.backward()
    values = forward(model, tokens, y)
    np.testing.assert_allclose(values.z, z.detach().numpy(), rtol=0, atol=1e-12)
    assert abs(values.L - L.item()) <= 1e-13 * L.item()
    wanted = {name.removeprefix("transformer."): p.grad.numpy() for name, p in gpt2.named_parameters()}
    error, name = worst_error(backward(model, values).as_checkpoint(), wanted)
    assert error <= 1e-10, name


@pytest.mark.parametrize("name", CONFIG["activation_function"])
def test_an_activations_other_names_are_the_same_function(tmp_path, name):
    """Each name that is read is, in transformers, the function that we then take; gelu_fast to its ten digits."""
    transformers = pytest.importorskip("transformers", reason="GPT-2 as published (the extra `referee`)")
    import torch
    from transformers.activations import ACT2FN

    if name not in ACT2FN:
        pytest.skip(f"this version of transformers has no {name}")
    ours = "relu" if name == "relu" else "gelu"
    u = np.linspace(-12, 12, 2001)
    np.testing.assert_allclose(ACT2FN[name](torch.tensor(u)).numpy(), ACTIVATIONS[ours][0](u), rtol=0, atol=2e-12)
    sizes = {"vocab_size": 13, "n_positions": 9, "n_embd": 8, "n_layer": 2, "n_head": 2}
    gpt2 = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, activation_function=name)).double().eval()
    with torch.no_grad():
        for parameter in gpt2.parameters():
            parameter.normal_(std=0.5)
    gpt2.save_pretrained(tmp_path)
    z = gpt2(torch.tensor([[3, 12, 3, 0]])).logits[0].detach().numpy()
    np.testing.assert_allclose(forward(Model.gpt2(tmp_path), [3, 12, 3, 0]).z, z, rtol=0, atol=1e-10)
