"""Formulas as MathML, made when the pages are: no script and no font is needed to see them."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from xml.etree import ElementTree

from gradwalk.telling.dialects import OWN

_DISPLAYED = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_MARK = "gw-own"  # what a dialect has no name for, as the switch of names greys it


def with_mathml(html: str) -> str:
    """HTML whose displayed formulas, $$...$$, are MathML. Each takes the focus, so that keys can scroll a long one."""
    return _DISPLAYED.sub(lambda found: f'<div class="gw-formula" tabindex="0">{mathml(found[1])}</div>', html)


@cache
def mathml(latex: str) -> str:
    r"""One displayed formula of the course, as it stands in HTML. ValueError for LaTeX that is not understood."""
    from latex2mathml.converter import convert

    source = unescape(latex).strip().replace(OWN, rf"\textcolor{{{_MARK}}}")
    source = re.sub(r"\\mathrm\{(\w{2,})\}", r"\\text{\1}", source)  # a word is one word, not letters side by side
    root = ElementTree.fromstring(convert(source, display="block", xmlns=""))
    for node in list(root.iter()):
        if node.tag == "msub" and node[0].text == "∑":
            node.tag = "munder"
        if node.tag == "msqrt":  # where no font for mathematics is there, Chromium draws no root
            node.tag, node[:] = "mrow", [_sign("√"), _sign("("), *node, _sign(")")]
        if node.attrib.pop("mathcolor", None) == _MARK:
            node.set("class", _MARK)
        if node.attrib.get("mathvariant") == "monospace":  # browsers' MathML knows it no more
            node.attrib.pop("mathvariant")
            node.set("class", "gw-mono")
        node.text = node.text and node.text.replace(r"\_", "_")
        if "\\" in (node.text or ""):
            raise ValueError(f"latex: wanted what latex2mathml knows, got {node.text!r} in {source!r}")
    return ElementTree.tostring(root, encoding="unicode")


def _sign(text):
    node = ElementTree.Element("mo")
    node.text = text
    return node
