"""How a Jupyter server hands a notebook to the page, and takes it back.

Handed out: with this Python named in full as language. The files name the language alone, so that they are the same
whatever Python ran them. JupyterLab writes the rest in when the kernel connects, and takes that for a change: what was
only looked at would ask to be saved. Filled in beforehand, with what the kernel will say, it is no change.

Taken back: with every widget that its outputs show. A page that has not restored them (it was saved too soon, or the
kernel did not answer when it was asked) saves none, and what a hand has set would be gone from the file for good.
"""

from __future__ import annotations

import inspect
import json
import re
from contextlib import suppress
from functools import wraps

ALONE = {"name": "python"}  # what tests/store_notebooks.py leaves of the language
_VIEW = "application/vnd.jupyter.widget-view+json"
_STATE = "application/vnd.jupyter.widget-state+json"
_REFERS = re.compile(r'"(?:IPY_MODEL_|model_id": ")([\w-]+)"')


def name_the_language(manager) -> None:
    """Let a server's contents manager fill in the language of each notebook that names it alone, for this kernel."""
    get = manager.get
    if hasattr(get, "__wrapped__"):  # it does so already
        return
    if inspect.iscoroutinefunction(get):

        @wraps(get)
        async def filled(*given, **named):
            return _filled(await get(*given, **named))

    else:

        @wraps(get)
        def filled(*given, **named):
            return _filled(get(*given, **named))

    manager.get = filled


def _filled(model):
    from ipykernel.ipkernel import IPythonKernel

    if model["type"] == "notebook" and model["content"]:
        metadata = model["content"]["metadata"]
        ours = metadata.get("kernelspec", {}).get("name") == "python3" and metadata.get("language_info") == ALONE
        if ours:
            metadata["language_info"] = dict(IPythonKernel.language_info)
    return model


def keep_the_widgets(manager) -> None:
    """Let it save with a notebook that uses gradwalk the widgets which are shown there, and which only its file has."""
    from tornado.web import HTTPError

    save, get = manager.save, manager.get
    if hasattr(save, "__wrapped__"):
        return
    if inspect.iscoroutinefunction(save):

        @wraps(save)
        async def kept(model, path=""):
            if lost := _lost(model):
                with suppress(HTTPError):  # there is no such file yet, or no notebook in it
                    _carry_over(model["content"], lost, (await get(path, type="notebook"))["content"])
            return await save(model, path)

    else:

        @wraps(save)
        def kept(model, path=""):
            if lost := _lost(model):
                with suppress(HTTPError):
                    _carry_over(model["content"], lost, get(path, type="notebook")["content"])
            return save(model, path)

    manager.save = kept


def _lost(model):
    """The numbers of the widgets that a notebook shows, or that those refer to, and does not have."""
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return []
    cells = [cell for cell in _list(content, "cells") if isinstance(cell, dict)]
    if not any("gradwalk" in str(cell.get("source")) for cell in cells):  # others' notebooks are their own
        return []
    shown = [_at(output, "data", _VIEW).get("model_id") for cell in cells for output in _list(cell, "outputs")]
    had, wanted = _at(content, "metadata", "widgets", _STATE, "state"), {one for one in shown if isinstance(one, str)}
    return sorted(_reached(wanted, had) - had.keys())


def _carry_over(content, lost, earlier):
    """Put into a notebook the widgets of these numbers, and all that they refer to, as its file has them."""
    place = ("metadata", "widgets", _STATE, "state")
    had, now = _at(earlier, *place), _at(content, *place)
    now = {number: had[number] for number in sorted(_reached(set(lost), had)) if number in had} | now
    if now and isinstance(content.get("metadata"), dict):
        widgets = _at(content, "metadata", "widgets")
        kept = {"version_major": 2, "version_minor": 0} | _at(widgets, _STATE) | {"state": now}
        content["metadata"]["widgets"] = widgets | {_STATE: kept}


def _reached(numbers, widgets):
    """These numbers, and all that their widgets refer to, and so on."""
    found, wanted = set(), set(numbers)
    while wanted:
        found |= wanted
        told = json.dumps([widgets[number] for number in wanted if number in widgets])
        wanted = set(_REFERS.findall(told)) - found
    return found


# A notebook may hold anything where these look. Whether it is one, its save says.


def _at(tree, *path):
    """The dict that stands there; an empty one where there is none."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def _list(tree, key):
    return tree[key] if isinstance(tree.get(key), list) else []
