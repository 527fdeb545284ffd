"""How `gradwalk` hands a notebook to the page: as its file has it, with this Python named in full as its language.

The files name the language alone, so that they are the same whatever Python ran them. JupyterLab writes the rest in
when the kernel connects, and takes that for a change: a notebook that was only looked at would ask to be saved. Filled
in beforehand, with what the kernel will say, it is no change. No file is written to.
"""

from ipykernel.ipkernel import IPythonKernel
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class Contents(AsyncLargeFileManager):
    """The server's usual files, but for the language of a notebook that this Python's kernel runs."""

    async def get(self, path, content=True, *args, **kwargs):
        model = await super().get(path, content, *args, **kwargs)
        if content and model["type"] == "notebook":
            metadata = model["content"]["metadata"]
            if metadata.get("kernelspec", {}).get("name") == "python3":
                metadata["language_info"] = dict(IPythonKernel.language_info)
        return model
