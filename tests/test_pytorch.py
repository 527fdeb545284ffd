"""A second referee: PyTorch's own layers and its autograd, and GPT-2 as transformers has it."""

from importlib.util import find_spec

import numpy as np
import pytest
from shapes import FORMS, case, flat, worst_error

from gradwalk.dial import Dial
from gradwalk.model import Model
from gradwalk.reading import stored
from gradwalk.reading.gpt2 import CONFIG
from gradwalk.step2_mlp import ACTIVATIONS
from gradwalk.walk import backward, forward
from gradwalk.widgets.dial_board import DialBoard

pytestmark = [
    pytest.mark.referee,
    pytest.mark.skipif(not find_spec("torch"), reason="PyTorch is the second referee (the extra `referee`)"),
]
# PyTorch takes seconds to import, so that each test does it, and not each process that looks for tests.


def by_pytorch(model, tokens, y):
    """The loss, and the gradient of every weight and of every value that PyTorch's layers leave behind."""
    import torch

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
        n = keep(at + "n", torch.nn.functional.layer_norm(x0, (D,), w["gamma1"], w["beta1"], eps=eps))
        heads = []
        for name in "QKV":
            flat_heads = torch.nn.functional.linear(n, w[f"W_{name}"], w[f"b_{name}"])
            heads.append(keep(at + name, flat_heads.view(len(words), model.H, -1).transpose(0, 1)))
        sentences = zip(*(head.split(lengths, dim=1) for head in heads), strict=True)
        blends = [torch.nn.functional.scaled_dot_product_attention(*sentence, is_causal=True) for sentence in sentences]
        O = keep(at + "O", torch.cat(blends, dim=1).transpose(0, 1).reshape(len(words), D))
        a = keep(at + "a", torch.nn.functional.linear(O, w["W_O"], w["b_O"]))
        x1 = keep(at + "x1", x0 + a)
        v = keep(at + "v", torch.nn.functional.layer_norm(x1, (D,), w["gamma2"], w["beta2"], eps=eps))
        u = keep(at + "u", torch.nn.functional.linear(v, w["W1"], w["b1"]))
        r = keep(
            at + "r",
            torch.nn.functional.relu(u)
            if model.activation == "relu"
            else torch.nn.functional.gelu(u, approximate="tanh"),
        )
        m = keep(at + "m", torch.nn.functional.linear(r, w["W2"], w["b2"]))
        x = keep(at + "h", x1 + m)
    if "gammaf" in leaves:
        x = keep("hf", torch.nn.functional.layer_norm(x, (D,), leaves["gammaf"], leaves["betaf"], eps=eps))
    z = keep("z", torch.nn.functional.linear(x, leaves.get("W", leaves["E"]), leaves.get("b")))
    L = torch.nn.functional.cross_entropy(z, true, ignore_index=-1)
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


# ---- GPT-2, by the library that publishes it

TOKENS, Y = np.array([3, 12, 3, 0, 7, 5]), np.array([12, -1, 0, 7, 5, 5])
CLOSE = {"float64": 1e-9, "float32": 2e-5}
WIDTH = {1: 0.5, 2: 0.5, 12: 0.2}  # of the random numbers: twelve blocks of large ones saturate every softmax


def gpt2_of(layers, dtype="float64", eps=1e-5, seed=0):
    """A random GPT-2 of transformers' own: its biases are not 0 and its gammas not 1, which would hide mistakes."""
    import torch

    transformers = pytest.importorskip("transformers", reason="GPT-2 as published (the extra `referee`)")
    sizes = {"vocab_size": 13, "n_positions": 9, "n_embd": 8, "n_layer": layers, "n_head": 2, "n_inner": 10}
    gpt2 = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, layer_norm_epsilon=eps))
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in gpt2.named_parameters():
            parameter.normal_(std=WIDTH[layers]).add_(float("ln_" in name and name.endswith("weight")))
    return gpt2.to(getattr(torch, dtype)).eval()


def loss_of(gpt2):
    """From the logits, in the model's own dtype: the library's own `.loss` is float32."""
    import torch

    z = gpt2(torch.tensor(TOKENS)[None]).logits[0]
    return z, torch.nn.functional.cross_entropy(z, torch.tensor(Y), ignore_index=-1)


def save(gpt2, folder, prefix=True):
    """By the library's own hand, with the prefix "transformer." before each name or without."""
    (gpt2 if prefix else gpt2.transformer).save_pretrained(folder)
    names = stored.header(folder / "model.safetensors").arrays
    assert all(name.startswith("transformer.") == prefix for name in names), names.keys()
    return folder


def holds(gpt2, folder, close):
    """The same logits, loss and gradients here."""
    model = Model.gpt2(folder)
    assert (model.activation, str(model.dtype)) == ("gelu", str(gpt2.dtype).removeprefix("torch."))
    z, L = loss_of(gpt2)
    gpt2.zero_grad()
    L.backward()
    values = forward(model, TOKENS, Y)
    np.testing.assert_allclose(values.z, z.detach().numpy(), rtol=0, atol=close * z.abs().max().item())
    assert abs(values.L - L.item()) <= close * L.item()
    wanted = {name.removeprefix("transformer."): p.grad.numpy() for name, p in gpt2.named_parameters()}
    error, name = worst_error(backward(model, values).as_checkpoint(), wanted)
    assert error <= close, name


@pytest.mark.parametrize("prefix", [True, False])
@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize(("layers", "eps"), [(1, 1e-5), (2, 0.3), (12, 1e-6)])
def test_a_random_gpt2_of_transformers(tmp_path, layers, eps, dtype, prefix):
    gpt2 = gpt2_of(layers, dtype, eps, seed=layers)
    holds(gpt2, save(gpt2, tmp_path, prefix), CLOSE[dtype])


@pytest.mark.parametrize("dtype", CLOSE)
def test_a_gpt2_that_transformers_trained(tmp_path, dtype):
    import torch

    gpt2 = gpt2_of(2, dtype).train()
    words = torch.tensor(np.append(TOKENS, 5))[None]
    descent, losses = torch.optim.AdamW(gpt2.parameters(), lr=0.02), []
    for _ in range(30):
        descent.zero_grad()
        losses.append(gpt2(words, labels=words).loss)
        losses[-1].backward()
        descent.step()
    assert losses[-1] < 0.5 * losses[0]
    holds(gpt2.eval(), save(gpt2, tmp_path), CLOSE[dtype])


def test_a_gpt2_in_several_files(tmp_path):
    gpt2 = gpt2_of(12)
    gpt2.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-*-of-*.safetensors"))) > 2
    holds(gpt2, tmp_path, CLOSE["float64"])


def test_a_gpt2_in_bfloat16(tmp_path):
    """Its numbers are the library's own, raised; the walk is then in float32."""
    gpt2 = gpt2_of(2).bfloat16()
    folder = save(gpt2, tmp_path)
    assert {own.dtype for own in stored.header(folder / "model.safetensors").arrays.values()} == {"BF16"}
    holds(gpt2.float(), folder, CLOSE["float32"])


DIALS = {  # a dial's place here, and in the checkpoint's own array
    "E": ("wte.weight", (3, 2), (3, 2)),
    "E_pos": ("wpe.weight", (1, 5), (1, 5)),
    "blocks.0.W_Q": ("h.0.attn.c_attn.weight", (6, 1), (1, 6)),
    "blocks.5.W_V": ("h.5.attn.c_attn.weight", (6, 1), (1, 16 + 6)),
    "blocks.7.W_O": ("h.7.attn.c_proj.weight", (0, 7), (7, 0)),
    "blocks.11.W1": ("h.11.mlp.c_fc.weight", (9, 3), (3, 9)),
    "blocks.11.W2": ("h.11.mlp.c_proj.weight", (3, 9), (9, 3)),
    "blocks.4.gamma2": ("h.4.ln_2.weight", (6,), (6,)),
    "gammaf": ("ln_f.weight", (1,), (1,)),
}


@pytest.fixture(scope="module")
def twelve(tmp_path_factory):
    gpt2 = gpt2_of(12)
    return gpt2, Model.gpt2(save(gpt2, tmp_path_factory.mktemp("gpt2")))


@pytest.mark.parametrize("name", DIALS)
def test_a_dial_of_any_block_moves_the_loss_as_the_library_does(twelve, name):
    import torch

    (gpt2, model), (theirs, index, there) = twelve, DIALS[name]
    array, nudges = gpt2.get_parameter(f"transformer.{theirs}"), np.array([-3.0, -0.1, 0.0, 0.4, 2.0])
    dial, wanted = Dial(model, TOKENS, Y, name, index), []
    with torch.no_grad():
        for nudge in nudges:
            was = array[there].item()
            array[there] = was + nudge
            wanted.append(loss_of(gpt2)[1].item())
            array[there] = was
    assert np.ptp(wanted) > 1e-4
    np.testing.assert_allclose(dial.curve(nudges), wanted, rtol=0, atol=1e-10)
    gpt2.zero_grad()
    loss_of(gpt2)[1].backward()
    slope = array.grad[there].item()
    assert abs(dial.gradient - slope) <= 1e-9 * max(abs(slope), 1e-3)
    assert abs(dial.measured - slope) <= 1e-6 * max(abs(slope), 1e-3)


@pytest.mark.parametrize("name", [name for name in DIALS if "W" in name or name == "E"])
def test_a_board_of_any_block_answers_as_the_library_does(twelve, name):
    import torch

    (gpt2, model), (theirs, (row, column), there) = twelve, DIALS[name]
    array = gpt2.get_parameter(f"transformer.{theirs}")
    board = DialBoard(model, TOKENS, Y, name, rows=[row], columns=[column])
    board.turn((row, column), 0.5)
    with torch.no_grad():
        array[there] += 0.5
    gpt2.zero_grad()
    wanted = loss_of(gpt2)[1]
    wanted.backward()
    with torch.no_grad():
        array[there] -= 0.5
    assert abs(board.loss - wanted.item()) <= 1e-10
    np.testing.assert_allclose(board.slopes, [array.grad[there].item()], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", CONFIG["activation_function"])
def test_an_activations_other_names_are_the_same_function(tmp_path, name):
    """Each name that is read is, in transformers, the function that we then take; gelu_fast to its ten digits."""
    import torch

    transformers = pytest.importorskip("transformers", reason="GPT-2 as published (the extra `referee`)")
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
