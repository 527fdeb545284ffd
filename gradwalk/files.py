"""One way to write a file: looked at first, written beside, moved into place.

Whatever happens on the way, a full disk or Ctrl-C, the file that was there is there still, byte for byte, and nothing
half written lies about. A file that is not one of our own is never written over.
"""

from __future__ import annotations

import errno
import mmap
import os
import secrets
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from gradwalk import arguments

Ours = Callable[[Path], bool]  # whether what lies at a path is one of our own files, which a new one may replace


class Mapped(mmap.mmap):
    """The bytes of a large file, to be read where they lie: no copy of them is made.

    While it is in use the file has to stay as it is. Another may take its name, as `write` and downloads do it: these
    bytes are then the old file's. One that is written over in its place has other numbers, and one that is cut short
    has none: whoever reads where they were is ended by the system, without a word. So ask `check` first. (Windows lets
    nobody replace or cut a file while it is mapped.)
    """

    def __new__(cls, path: str | Path):
        """Map the file; OSError or ValueError if it cannot be."""
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            own = super().__new__(cls, fd, 0, access=mmap.ACCESS_READ)
        except BaseException:
            os.close(fd)
            raise
        weakref.finalize(own, os.close, fd)
        own._path, own._fd, own._stamp = path, fd, _stamp(fd)
        return own

    def check(self) -> None:
        """ValueError if the file has been written over, or cut short, since it was mapped."""
        if _stamp(self._fd) != self._stamp:
            raise ValueError(f"{self._path}: has been written over since it was read; read it once more")


def _stamp(fd):
    told = os.fstat(fd)
    return told.st_size, told.st_mtime_ns


class Taken(ValueError, FileExistsError):
    """There is something at that place which stays."""


def ready(argument: str, path: str | Path, ours: Ours | None = None, size: int = 0) -> Path:
    """Where `path` leads, if a file of `size` bytes can be written there: really tried, and taken away again.

    For before any work that takes time. ValueError, naming `argument`, for a folder, a device, a link that leads
    nowhere, a folder that is missing, full or cannot be written to, and for a file that is there: without `ours` any,
    with it each for which `ours(path)` is false.
    """
    target = _looked_at(argument, path, ours)
    try:
        with _beside(target) as part:
            _fill(part, bytes(size))
        if not os.path.lexists(target):  # the name itself: not every system takes every name
            target.open("xb").close()
            target.unlink()
    except FileExistsError:
        raise _taken(argument, path) from None
    except OSError as error:
        told = f"{arguments.place(path)} ({error.strerror or error})"
        raise ValueError(f"{argument}: wanted a file that can be written, got {told}") from error
    return target


def write(path: str | Path, content: bytes | str, ours: Ours | None = None, argument: str = "path") -> None:
    """Write a file, all of it or nothing: text as UTF-8.

    ValueError as for `ready`. What goes wrong while it is written is an OSError with the file's name.
    """
    target = _looked_at(argument, path, ours)
    content = content.encode() if isinstance(content, str) else content
    try:
        with _beside(target) as part:
            _fill(part, content)
            _into_place(part, target, ours)
    except FileExistsError:
        raise _taken(argument, path) from None
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


@contextmanager
def claimed(argument: str, path: str | Path, ours: Ours | None = None, size: int = 0) -> Iterator[Path]:
    """While this lasts, `path` is ready, and nobody else who claims it can have it.

    ValueError if another run has it, or as for `ready`. The operating system keeps the claim and lets go of it
    whatever becomes of this run: after a power cut or a kill the name is free.
    """
    from filelock import FileLock, Timeout

    target = _looked_at(argument, path, ours)
    name = sha256(target.name.casefold().encode(errors="surrogatepass")).hexdigest()[:16]
    place = target.with_name(f".gradwalk-{name}.lock")
    lock = FileLock(place, timeout=0)
    try:
        try:
            lock.acquire()
        except (Timeout, PermissionError):
            if not place.exists():  # it is the folder that cannot be written to
                ready(argument, path, ours)
            told = f"another run is writing {arguments.place(path)}"
            raise Taken(f"{argument}: {told}; wanted another name, or some patience") from None
        except (OSError, NotImplementedError):
            pass  # a file system that keeps no claims; if it is the folder that is wrong, `ready` says so
        yield ready(argument, path, ours, size)
    finally:
        if lock.is_locked:
            with suppress(OSError):  # removed while it is held, or another could hold what is no longer there
                place.unlink()
            lock.release()  # on Windows this removes it


def _looked_at(argument, path, ours):
    """Where `path` leads, links followed, if nothing is there or what is there may be replaced. Changes nothing."""
    path, given = arguments.path(argument, path), path
    target, told = Path(os.path.realpath(path)), arguments.place(given)
    try:
        in_folder, is_folder, is_there = path.absolute().parent.is_dir(), path.is_dir(), path.exists()
    except OSError as error:  # too long a name, or a folder that one may not look into
        raise ValueError(f"{argument}: wanted the name of a file, got {told} ({error.strerror})") from error
    if is_folder or not in_folder or str(given).endswith(("/", os.sep)):
        raise ValueError(f"{argument}: wanted a file in a folder that exists, got {told}")
    if not os.path.lexists(path):
        return target  # a free name
    if not is_there or not target.exists():
        raise ValueError(f"{argument}: wanted the name of a file, got {told}, a link that leads nowhere")
    if not target.is_file():
        raise ValueError(f"{argument}: wanted the name of a file, got {told}, which is none")
    if ours is None or not ours(target):
        raise _taken(argument, given)
    if not target.stat().st_mode & 0o222 or not os.access(target, os.W_OK):
        raise ValueError(f"{argument}: wanted a file that can be written, got {told}, which is write-protected")
    return target


def _taken(argument, path):
    told = f"there is a {arguments.place(path)} that is not gradwalk's to replace"
    return Taken(f"{argument}: {told}, and it stays; wanted another name")


@contextmanager
def _beside(target):
    """A name beside the target for the file in the making; whatever happens, nothing is left there."""
    part = target.with_name(f".gradwalk-{secrets.token_hex(8)}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _fill(part, content):
    """Down to the disk: what is moved into place afterwards is all there, even if the power fails."""
    with part.open("xb") as file:  # open, not tempfile: the permissions are those of any new file
        file.write(content)
        file.flush()
        try:
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # some network drives have no fsync
                raise


def _into_place(part, target, ours):
    """The finished file gets its name, in one step: where none is, or over one of ours, with the old one's mode."""
    try:
        _take(part, target)
    except FileExistsError:
        if ours is None or not ours(target):  # asked again: somebody may have come in the meantime
            raise
        with suppress(OSError):  # some drives keep no modes
            part.chmod(target.stat().st_mode & 0o7777)
        part.replace(target)
    with suppress(OSError):  # the folder's own entry, where a system has that; the file is whole either way
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _take(part, target):
    """The finished file gets a name that is free, or a FileExistsError: a mere rename would replace what is there."""
    if os.name == "nt":
        part.rename(target)  # there it does not
        return
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: take the name, then move
        target.open("xb").close()
        try:
            part.replace(target)
        except BaseException:
            target.unlink()
            raise
