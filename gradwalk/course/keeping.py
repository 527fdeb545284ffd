"""A Jupyter server keeps the learner's record: pages read it there and add to it, kernels are told where it is."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from gradwalk.exercises import record

TOLD = "gradwalkRecord"  # in what a page of Jupyter is told: where it asks


class Record(APIHandler):
    """GET gives the file as it is, POST adds lines to it; for whoever may read and write the server's files."""

    auth_resource = "contents"

    def initialize(self, path: Path):
        """path: the file."""
        self.path = path

    @authenticated
    @authorized
    def get(self):
        """The file; nothing where there is none yet."""
        self.finish(self.path.read_bytes() if self.path.exists() else b"", set_content_type="text/plain; charset=UTF-8")

    @authenticated
    @authorized
    def post(self):
        """Lines, each once."""
        try:
            record.append(self.path, self.request.body.decode())
        except ValueError as wrong:
            raise HTTPError(400, reason=str(wrong)) from None
        self.set_status(204)
        self.finish()


def keep_the_record(server) -> None:
    """Let a server keep the record, in its root folder. Once more changes nothing."""
    settings = server.web_app.settings
    page = settings.setdefault("page_config_data", {})
    if TOLD in page:
        return
    path = Path(server.root_dir, record.FILE).absolute()
    page[TOLD] = url_path_join(settings["base_url"], "gradwalk/record")
    server.web_app.add_handlers(".*$", [(page[TOLD], Record, {"path": path})])
    os.environ[record.PLACE] = str(path)
