"""What the course adds to a Jupyter server: notebooks with their language in full and all their widgets, the record.

`gradwalk` does so on its own server. As a server extension, which the package enables in its environment, it does so
on every other Jupyter server there.
"""

from __future__ import annotations

from gradwalk.course import contents, keeping


def extend(server) -> None:
    """Add all three; once more changes nothing."""
    contents.name_the_language(server.contents_manager)
    contents.keep_the_widgets(server.contents_manager)
    keeping.keep_the_record(server)


def _jupyter_server_extension_points():
    return [{"module": "gradwalk.course.extension"}]


def _load_jupyter_server_extension(server):
    extend(server)
