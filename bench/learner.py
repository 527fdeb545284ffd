"""A learner of `bench.hub` without a browser: what JupyterLab says to a hub, a server and a kernel, no more."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime
from itertools import count

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

RATE = 4  # settings a second that a dragging hand sends to Python
PATIENCE = 300  # seconds for a server to start, for a cell to run, for the last answers


class Learner:
    """One of the class without a browser: a server, a kernel, and a board whose dials turn."""

    def __init__(self, url: str, token: str, name: str, stop: str):
        self.url, self.name, self.stop, self._token = url, name, stop, token
        self.sent, self.waits = 0, []  # turns sent, and the seconds until each was answered
        self._session, self._due, self._board = uuid.uuid4().hex, {}, None

    async def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """What the hub, or the learner's server, answers."""
        request = HTTPRequest(
            self.url + path, method, {"Authorization": f"token {self._token}"}, request_timeout=PATIENCE,
            body=None if method == "GET" else json.dumps(body or {}),
        )  # fmt: skip
        try:
            return json.loads((await AsyncHTTPClient().fetch(request)).body or "{}")
        except (HTTPError, OSError) as error:
            raise RuntimeError(f"{method} {path}: {error}") from error

    async def start(self) -> float:
        """Log in and wait for the server. The seconds that took; RuntimeError if it does not come up."""
        begun, user = time.monotonic(), f"hub/api/users/{self.name}"
        await self.ask("POST", user)
        await self.ask("POST", f"{user}/server")
        while not (server := (await self.ask("GET", user))["servers"].get("", {})).get("ready"):
            if not server.get("pending"):
                raise RuntimeError(f"{self.name}: the server did not start")
            await asyncio.sleep(0.5)
        return time.monotonic() - begun

    async def open(self) -> None:
        """Open the stop and run its cells up to the first board."""
        own = f"user/{self.name}/api"
        notebook = (await self.ask("GET", f"{own}/contents/{self.stop}"))["content"]
        kernel = {"name": self.stop, "path": self.stop, "type": "notebook", "kernel": {"name": "python3"}}
        number = (await self.ask("POST", f"{own}/sessions", kernel))["kernel"]["id"]
        address = f"{self.url.replace('http', 'ws', 1)}{own}/kernels/{number}/channels?session_id={self._session}"
        self._socket = await websocket_connect(
            HTTPRequest(address, headers={"Authorization": f"token {self._token}"}, connect_timeout=PATIENCE),
            subprotocols=["v1.kernel.websocket.jupyter.org"], on_message_callback=self._hear,
        )  # fmt: skip
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code" and not self._board:
                code = {"code": cell["source"], "silent": False, "store_history": True, "stop_on_error": True}
                wanted = {"busy", "idle", "ok"}
                await asyncio.wait_for(self._send("execute_request", code, wanted), PATIENCE)
        if not self._board:
            raise RuntimeError(f"{self.name}: no board in {self.stop}")

    async def turn(self, stop: asyncio.Event) -> None:
        """Turn two dials to and fro until told to stop, then wait for what is still to come."""
        comm, turned = self._board
        begun, answers = time.monotonic(), []
        for k in count():
            await asyncio.sleep(max(0, begun + k / RATE - time.monotonic()))
            if stop.is_set():
                break
            turned = [0.1 * abs(k % 10 - 5), -0.1 * abs(k % 14 - 7), *turned[2:]]
            update = {"method": "update", "state": {"turned": turned}, "buffer_paths": []}
            # Python is busy, says to all pages what it was told, and is idle again
            wanted = {"busy", "echo_update", "idle"}
            answers.append(self._send("comm_msg", {"comm_id": comm, "data": update}, wanted))
            self.sent += 1
        await asyncio.wait(answers, timeout=PATIENCE)
        self.waits += [answer.result() for answer in answers if answer.done() and not answer.cancelled()]

    def _send(self, kind: str, content: dict, wanted: set[str]) -> asyncio.Future:
        """Send it, and promise the seconds until all that is wanted has come back."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": self._session, "username": self.name}
        header |= {"version": "5.3", "date": datetime.now(UTC).isoformat()}
        answered = asyncio.get_running_loop().create_future()
        self._due[header["msg_id"]] = wanted, answered, time.monotonic()
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        frame = serialize_msg_to_ws_v1(message, "shell", lambda part: json.dumps(part).encode())
        try:
            self._socket.write_message(frame, binary=True)
        except WebSocketClosedError:
            answered.cancel()
        return answered

    def _hear(self, frame: bytes | None) -> None:
        if frame is None:  # closed: what is still due never comes
            for _, answered, _ in self._due.values():
                answered.cancel()
            return
        header, parent, _, content = map(json.loads, deserialize_msg_from_ws_v1(frame)[1][:4])
        kind, state = header["msg_type"], content.get("data", {}).get("state", {})
        if kind == "comm_open" and "turned" in state:
            self._board = content["comm_id"], state["turned"]
        if parent.get("msg_id") not in self._due:
            return
        wanted, answered, begun = self._due[parent["msg_id"]]
        told = {"status": "execution_state", "execute_reply": "status"}.get(kind)
        came = content[told] if told else content.get("data", {}).get("method") if kind == "comm_msg" else None
        wanted.discard(came)
        if came == "error":
            answered.set_exception(RuntimeError(f"{self.name}: {content['ename']}: {content['evalue']}"))
        elif not wanted:
            del self._due[parent["msg_id"]]
            answered.set_result(time.monotonic() - begun)
