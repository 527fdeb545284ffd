"""What several tests share."""

from pathlib import Path

import boards
import lab
import pytest


@pytest.fixture
def breaks():
    """Replace one piece of a module's source and run the module again in its place; mend it when the test is over."""
    broken = []

    def put(module, line, wrong):
        source = Path(module.__file__).read_text(encoding="utf-8")
        assert source.count(line) == 1, f"{source.count(line)} times in {module.__name__}: {line}"
        broken.append((module, dict(vars(module))))
        exec(compile(source.replace(line, wrong), module.__file__, "exec"), vars(module))

    yield put
    for module, whole in broken:
        vars(module).clear()
        vars(module).update(whole)


@pytest.fixture(scope="module")
def browser():
    with lab.browser() as launched:
        yield launched


@pytest.fixture
def open_boards(browser):
    """A function: open a page with these boards and nothing else; a page error or any other request fails the test."""
    with boards.opening(browser) as open_page:
        yield open_page
