"""A hundred answers that hang, grow, raise, print, exit or write: each is answered in time, and nothing is changed."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from folders import snapshot

from gradwalk import check
from gradwalk.exercises import cases, process
from gradwalk.exercises.tasks import named
from gradwalk.step1_output import dL_dW

HANGS = 60  # seconds: long for a busy machine, short beside what such an answer waits; bench/answers.py has the promise


def endless():
    def loop(dL_dz, h):
        while True:
            pass

    def sleep(dL_dz, h):
        time.sleep(1000)

    def in_numpy(dL_dz, h):
        a = np.ones((900, 900))
        while True:
            a = a @ a / 900

    def recursion(dL_dz, h):
        return recursion(dL_dz, h)

    def generator(dL_dz, h):
        while True:
            yield dL_dz

    def catches_all(dL_dz, h):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                continue

    def thread(dL_dz, h):
        threading.Thread(target=time.sleep, args=(1000,)).start()
        return dL_dz.T @ h * 2

    def big_power(dL_dz, h):
        return 9 ** (9**9)

    return [loop, sleep, in_numpy, recursion, generator, catches_all, thread, big_power]


def huge():
    def made(n):
        return lambda dL_dz, h: np.ones(n)

    def doubled(dL_dz, h):
        a = [1]
        while True:
            a += a

    def text(dL_dz, h):
        return "x" * 10**9

    def nested(dL_dz, h):
        a = []
        for _ in range(10**5):
            a = [a]
        return a

    return [*(made(10**k) for k in range(3, 13)), made((10**4, 10**4)), made((1,) * 30), doubled, text, nested]


def raising():
    errors = [
        "ValueError('x' * 10**6)",
        "KeyError",
        "ZeroDivisionError()",
        "MemoryError()",
        "RecursionError",
        "OSError",
    ]
    errors += [
        "OSError",
        "StopIteration",
        "KeyboardInterrupt",
        "GeneratorExit",
        "AssertionError('no')",
        "TypeError",
        "SystemExit",
    ]
    errors += ["LookupError", "EOFError", "ImportError", "NotImplementedError", "UserWarning", "SyntaxError('x')"]
    errors += ["BaseException", "BaseExceptionGroup('several', [SystemExit()])", "BrokenPipeError", "'no error'"]
    errors += ["type('Unspeakable', (Exception,), {'__str__': None})", "Exception('\\udc80\\x00\\u202e')"]
    return [
        *(eval(f"lambda dL_dz, h: (_ for _ in ()).throw({error})") for error in errors),
        lambda dL_dz, h: dL_dz @ h,
        lambda dL_dz, h: undefined,  # noqa: F821
        lambda dL_dz, h: 1 / 0,
        lambda dL_dz, h: input("?"),
        lambda dL_dz, h: dL_dz[10**6],
    ]


def printing():
    def prints(what, times):
        def answer(dL_dz, h):
            for _ in range(times):
                print(what)
            return dL_dz.T @ h * 3

        return answer

    def for_ever(dL_dz, h):
        while True:
            print("x" * 1000)

    def to_the_descriptor(dL_dz, h):
        os.write(1, b"x" * 10**6)
        os.write(2, b"x" * 10**6)
        return dL_dz.T @ h * 3

    def forges_a_reply(dL_dz, h):
        for number in range(3, 30):
            try:
                os.write(number, b'{"shapes": [[1]], "printed": ""}\n')
            except OSError:
                continue
        return dL_dz.T @ h * 3

    def floods(dL_dz, h):
        while True:
            for number in range(3, 10):
                try:
                    os.write(number, b"x" * 10**6)
                except OSError:
                    continue

    many = [prints(what, times) for what in ("x", "x" * 10**5, "\x1b[2J\x00\u202e", "<script>") for times in (1, 1000)]
    return [*many, for_ever, to_the_descriptor, forges_a_reply, floods]


def exiting():
    def status(code):
        return lambda dL_dz, h: os._exit(code)

    def ends_the_parent(dL_dz, h):
        os.kill(os.getppid(), 15)

    def ends_itself(dL_dz, h):
        os.kill(os.getpid(), 9)

    def forks(dL_dz, h):
        while True:
            os.fork()

    def starts_another(dL_dz, h):
        import subprocess

        return subprocess.run(["sleep", "100"])

    def system(dL_dz, h):
        return os.system("sleep 100")

    def closes(dL_dz, h):
        os.closerange(0, 100)
        return dL_dz.T @ h * 2

    def crashes(dL_dz, h):
        import ctypes

        return ctypes.string_at(0)

    def aborts(dL_dz, h):
        os.abort()

    plain = [lambda dL_dz, h: exit(), lambda dL_dz, h: quit()]
    more = [ends_the_parent, ends_itself, forks, starts_another, system, closes, crashes, aborts]
    return [*map(status, range(10)), *plain, *more]


def mutating():
    def whole(dL_dz, h):
        dL_dz[:] = 0
        return dL_dz.T @ h

    def one(dL_dz, h):
        h[0, 0] += 1
        return dL_dz.T @ h

    def sorted_(dL_dz, h):
        h.sort()
        return dL_dz.T @ h

    def reshaped(dL_dz, h):
        h.shape = (-1,)
        return h

    def numpy_itself(dL_dz, h):
        np.array_equal = lambda *given, **more: True
        np.sum = None
        return dL_dz.T @ h * 2

    def the_package(dL_dz, h):
        import gradwalk.step1_output as step

        step.onehot = None
        return dL_dz.T @ h * 2

    def builtins_(dL_dz, h):
        import builtins

        builtins.len = None
        return dL_dz.T @ h * 2

    def a_file(dL_dz, h):
        Path("gradwalk_was_here").write_text("x")

    def removes(dL_dz, h):
        import shutil

        shutil.rmtree(".")

    def unlinks(dL_dz, h):
        for path in Path().iterdir():
            path.unlink()

    def renames(dL_dz, h):
        Path("kept.txt").rename("lost.txt")

    def makes(dL_dz, h):
        Path("made").mkdir()

    def environment(dL_dz, h):
        os.environ["GRADWALK"] = "x"
        return dL_dz.T @ h * 2

    def net(dL_dz, h):
        import socket

        socket.create_connection(("127.0.0.1", 9))

    def by_buffer(dL_dz, h):
        memoryview(h).cast("B")[0] = 7
        return dL_dz.T @ h

    def through_the_frame(dL_dz, h):
        import sys

        sys._getframe(1).f_locals["given"][0][:] = 0
        return dL_dz.T @ h * 2

    found = [whole, one, sorted_, reshaped, numpy_itself, the_package, builtins_, a_file, removes, unlinks, renames]
    return [*found, makes, environment, net, by_buffer, through_the_frame]


CLASSES = {"endless": endless, "huge": huge, "raising": raising, "printing": printing, "exiting": exiting}
CLASSES |= {"mutating": mutating}


def test_there_are_a_hundred():
    assert sum(len(several()) for several in CLASSES.values()) >= 100


def state():
    """What an answer could have changed here: the cases' numbers, the package, numpy, the environment."""
    drawn = cases.cases(named("dL_dW"), 0)
    numbers = [array.copy() for case in drawn for array in (case["dL_dz"], case["h"])]
    return numbers, (dL_dW, np.sum, np.array_equal, len, dict(os.environ))


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSES)
def test_each_is_answered_in_time_and_nothing_is_changed(kind, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("kept.txt").write_text("kept")
    check("dL_dW", "h[t,j]")  # draws the cases
    numbers, others = state()
    late = {}
    for answer in CLASSES[kind]():
        ready()
        start = time.perf_counter()
        result = check("dL_dW", answer)
        took = time.perf_counter() - start
        if took > HANGS:
            late[answer.__name__] = took
        assert not result.passed, answer.__name__
        assert result.said
        assert len(result.said) < 4000
        after, same = state()
        assert all(map(np.array_equal, numbers, after))
        assert same == others
    assert not late
    assert snapshot(tmp_path) == {"kept.txt": b"kept"}
    assert capfd.readouterr().out == ""
    assert threading.active_count() < 20


def ready():
    """Wait until the next process is up, as it is by the time that somebody has read a message."""
    process.warm()
    process._spare.stdout.peek(1)


def test_an_interrupted_question_leaves_no_process_behind(monkeypatch):
    check("dL_dW", "h[t,j]")  # draws the cases
    ready()
    running, start = process._spare, time.perf_counter()

    def interrupted(self, timeout=None):
        raise KeyboardInterrupt

    talk = threading.Thread.join
    calls = []

    def once(self, timeout=None):
        calls.append(timeout)
        return interrupted(self) if len(calls) == 1 else talk(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", once)
    with pytest.raises(KeyboardInterrupt):
        check("dL_dW", lambda dL_dz, h: time.sleep(1000))
    monkeypatch.undo()
    assert time.perf_counter() - start < HANGS  # it was ended, and not waited for
    assert running.poll() is not None
    assert check("dL_dW", lambda dL_dz, h: dL_dz.T @ h).passed
