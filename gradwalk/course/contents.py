"""How a Jupyter server hands a notebook to the page: as its file has it, with this Python named in full as language.

The files name the language alone, so that they are the same whatever Python ran them. JupyterLab writes the rest in
when the kernel connects, and takes that for a change: a notebook that was only looked at would ask to be saved. Filled
in beforehand, with what the kernel will say, it is no change. No file is written to.
"""

from __future__ import annotations

import inspect
from functools import wraps

ALONE = {"name": "python"}  # what tests/store_notebooks.py leaves of the language


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
