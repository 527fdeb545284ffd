"""The same model in PyTorch, as one would write it there: the other side of `bench.full_size`."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

ACTIVATIONS = {"relu": torch.relu, "gelu": lambda u: F.gelu(u, approximate="tanh")}


def heads(x, H):
    """(..., T, D) to (..., H, T, D/H)."""
    return x.unflatten(-1, (H, -1)).transpose(-3, -2)


class Walk:
    """A model's walk on one sentence, or on several of one length: the `loss`, its `curve` as one number of a weight is
    turned, and with `train` the walk there and `back`, and a `move`."""

    def __init__(self, model, tokens, y, train=False):
        self.weights = {name: torch.from_numpy(array.copy()) for name, array in model.weights.items()}
        for array in self.weights.values():
            array.requires_grad_(train)
        self.blocks = [{name: self.weights[name] for name in model.weights}]
        if len(model.blocks) > 1:
            of = [f"blocks.{q}." for q in range(len(model.blocks))]
            self.blocks = [
                {name.removeprefix(start): array for name, array in self.weights.items() if name.startswith(start)}
                for start in of
            ]
        self.tokens, self.y = torch.from_numpy(tokens), torch.from_numpy(y)
        self.settings = model.settings

    def norm(self, x, weights, place):
        return F.layer_norm(x, x.shape[-1:], weights["gamma" + place], weights["beta" + place], self.settings["eps"])

    def lines(self, w):
        """One block's lines in order: what is made, and how, of what there is by name."""
        H, mute = self.settings["H"], ACTIVATIONS[self.settings["activation"]]
        return {
            "n": lambda k: self.norm(k["x0"], w, "1"),
            **{
                x: lambda k, x=x: heads(F.linear(k["n"], w[f"W_{x}"], w[f"b_{x}"]), H) for x in "QKV"
            },
            "O": lambda k: F.scaled_dot_product_attention(*self.alike(k), is_causal=True).transpose(-3, -2).flatten(-2),
            "x1": lambda k: k["x0"] + F.linear(k["O"], w["W_O"], w["b_O"]),
            "v": lambda k: self.norm(k["x1"], w, "2"),
            "u": lambda k: F.linear(k["v"], w["W1"], w["b1"]),
            "r": lambda k: mute(k["u"]),
            "m": lambda k: F.linear(k["r"], w["W2"], w["b2"]),
            "h": lambda k: k["x1"] + k["m"],
        }  # fmt: skip

    def alike(self, k):
        most = max((k[x] for x in "QKV"), key=lambda x: x.ndim).shape
        return [k[x].expand(most) for x in "QKV"]

    def start(self):
        return F.embedding(self.tokens, self.weights["E"]) + self.weights["E_pos"][: self.tokens.shape[-1]]

    def out(self):
        """The walk out as far as h."""
        x = self.start()
        for w in self.blocks:
            known = {"x0": x}
            for name, make in self.lines(w).items():
                known[name] = make(known)
            x = known["h"]
        return x

    @torch.no_grad()
    def loss(self) -> float:
        """The loss, by the whole walk."""
        return float(self.losses(self.out()))

    def back(self) -> float:
        """All gradients, after the walk out; those of the time before are let go first, as `zero_grad` does it."""
        for array in self.weights.values():
            array.grad = None
        loss = self.mean_loss()
        loss.backward()
        return loss.item()

    def mean_loss(self):
        return F.cross_entropy(self.logits(self.out()).flatten(0, -2), self.y.flatten(), ignore_index=-1)

    @torch.no_grad()
    def move(self, eta: float) -> None:
        """Every weight by -eta times its gradient, all by one call."""
        arrays = list(self.weights.values())
        torch._foreach_add_(arrays, [array.grad for array in arrays], alpha=-eta)

    def logits(self, h):
        w = self.weights
        said = self.norm(h, w, "f") if "gammaf" in w else h
        return F.linear(said, w.get("W", w["E"]), w.get("b"))

    def losses(self, h):
        """The loss at each setting: h (..., T, D)."""
        z = self.logits(h)
        one = F.cross_entropy(z.flatten(0, -2), self.y.expand(z.shape[:-1]).flatten(), reduction="none")
        return one.unflatten(0, z.shape[:-1]).mean(-1)

    @torch.no_grad()
    def curve(self, name: str, index, nudges) -> np.ndarray:
        """The losses with one number turned by each nudge: from the value that it moves on, all in one batch."""
        bare, nudges = name.split(".")[-1], torch.from_numpy(nudges).to(torch.float32)
        q = int(name.split(".")[1]) if bare != name else 0
        value = {"W1": "u", "W2": "m", "gamma2": "v", "W_V": "V", "W_Q": "Q"}.get(bare, "z")
        x = self.start()
        for place, w in enumerate(self.blocks):
            known = {"x0": x}
            for made, make in self.lines(w).items():
                known[made] = make(known)
                if place == q and made == value:
                    turned = dict(w)
                    turned[bare] = torch.zeros_like(w[bare])
                    turned[bare][index] = 1
                    for bias in ("b1", "b2", "b_V", "b_Q", "beta2"):
                        turned[bias] = torch.zeros_like(w[bias])
                    push = self.lines(turned)[made](known)
                    known[made] = known[made] + nudges.view(-1, *[1] * push.ndim) * push
            x = known["h"]
        if value == "z":
            kept = self.weights["W"][index].item()
            losses = []
            for nudge in nudges:
                self.weights["W"][index] = kept + nudge
                losses.append(self.losses(x))
            self.weights["W"][index] = kept
            return torch.stack(losses).numpy()
        return self.losses(x).numpy()
