"""A formula as one types it: `sum t: dL_dz[t,i] * h[t,j]`, out of its LaTeX. exercises/formula.py reads it again."""

from __future__ import annotations

from collections.abc import Mapping

from gradwalk.telling.latex import Part, read

_SIGNS = {r"\ge": ">="}
_WHOLE = ("quantity", "slope", "jacobian", "number", "index", "function", "condition", "bracket")  # needs no brackets


def typed(latex: str, called: Mapping[str, str]) -> str:
    """An equation in index form. called: what a quantity or an index is to be called, where that is another name."""
    return _typed(read(latex), called)


def last_side(latex: str, called: Mapping[str, str]) -> str:
    """What stands after the last equals sign of an equation, in index form."""
    return _typed(read(latex).parts[-1].parts[-1], called)


def _typed(part: Part, called) -> str:
    inner = [_typed(one, called) for one in part.parts]
    match part.kind:
        case "equations":
            return ", ".join(inner)
        case "equation":
            return f"{part.name} {inner[0]}".strip() if len(inner) == 1 else " = ".join(inner)
        case "quantity" | "slope" | "jacobian":
            name, letters = called.get(part.name, part.name), ",".join(_index(one, called) for one in part.letters)
            return f"{name}[{letters}]" if letters else name
        case "number":
            return part.name.removeprefix("\\")
        case "index":
            return _index(*part.letters, called)
        case "total":
            scored = "[y[t] >= 0] * " if part.name == "scored" else ""
            return f"sum {', '.join(part.letters)}: {scored}{inner[0]}"
        case "minus":
            return f"−{inner[0]}"
        case "sum":
            return " + ".join(inner).replace(" + −", " − ")
        case "product":
            return " * ".join(inner)
        case "fraction":
            return "/".join(_held(one, text) for one, text in zip(part.parts, inner, strict=True))
        case "power":
            return "^".join(_held(one, text) for one, text in zip(part.parts, inner, strict=True))
        case "function":
            text = inner[0] if part.parts[0].kind == "bracket" else f"({inner[0]})"
            return part.name.removeprefix("\\") + text
        case "condition":
            return f"[{inner[0]} {_SIGNS.get(part.name, part.name)} {inner[1]}]"
        case "bracket":
            return f"({inner[0]})"
        case "derivative":
            return f"d/d({inner[0]}) ({inner[1]})"
    return inner[0]  # dressed: the shape below it is left out


def _held(part, text):
    return text if part.kind in _WHOLE else f"({text})"


def _index(letter, called):
    return f"y[{letter[2:]}]" if letter.startswith("y_") else called.get(letter, letter)
