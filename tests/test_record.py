"""The learner's record: only ever added to, whole after whatever went wrong, and nowhere but where a server says so."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from threading import Thread

import lab
import pytest
from pages import stood_in

from gradwalk import check, predict, show
from gradwalk.exercises import record
from gradwalk.widgets.practice import practice

ROOT = Path(__file__).parents[1]
A = '{"at": "2026-01-02T00:00:00.000Z", "kind": "call", "said": "rise"}'
B = '{"at": "2026-01-01T00:00:00.000Z", "kind": "call", "said": "fall"}'


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The file of a record, as a server tells its kernels."""
    path = tmp_path / record.FILE
    monkeypatch.setenv(record.PLACE, str(path))
    monkeypatch.setenv(record.NOTEBOOK, "side/3_rms.ipynb")
    return path


def test_lines_are_added_once_and_read_in_the_order_of_their_time(tmp_path):
    path = tmp_path / "record"
    record.append(path, f"{A}\n{B}\n{A}\n")
    record.append(path, B)
    assert path.read_text() == f"{record.header()}\n{A}\n{B}\n"
    assert [line["said"] for line in record.read(path)] == ["fall", "rise"]


@pytest.mark.parametrize("torn", [A[:-9], '{"at": "2026-01-05T00', "\x00\x00\x00", "\xff"])
def test_half_a_line_is_passed_over_and_nothing_is_written_onto_it(tmp_path, torn):
    path = tmp_path / "record"
    path.write_bytes(f"{record.header()}\n{A}\n{torn}".encode("latin-1"))
    record.append(path, B)
    assert path.read_bytes().endswith(f"\n{B}\n".encode())
    assert [line["said"] for line in record.read(path)] == ["fall", "rise"]


@pytest.mark.parametrize(
    "line", ["", "3", "[]", "{}", '{"at": 3, "kind": "call"}', A[:-1] + " " * 4000 + "}", "[" * 3000]
)
def test_what_is_no_line_of_a_record_is_not_written(tmp_path, line):
    path = tmp_path / "record"
    if line:
        with pytest.raises(ValueError, match=r"^text: wanted lines of a record"):
            record.append(path, f"{A}\n{line}")
    else:
        record.append(path, line)
    assert not path.exists()


def test_an_older_line_is_read_as_what_it_would_be_today(tmp_path, monkeypatch):
    path = tmp_path / "record"
    record.append(path, A)
    monkeypatch.setattr(record, "VERSION", 3)
    monkeypatch.setattr(record, "UPGRADES", {1: lambda line: line | {"two": 2}, 2: lambda line: line | {"three": 3}})
    record.append(path, f"{record.header(2)}\n{B}")  # of an older page
    record.append(path, A.replace("rise", "stay"))
    assert path.read_text().count("version") == 3
    told = {line["said"]: (line.get("two"), line.get("three")) for line in record.read(path)}
    assert told == {"rise": (2, 3), "fall": (None, 3), "stay": (None, None)}


def test_two_files_may_be_laid_end_to_end_and_a_newer_one_is_refused(tmp_path):
    path = tmp_path / "record"
    path.write_text(f"{record.header()}\n{A}\n{record.header()}\n{B}\n{A}\n")
    assert len(record.read(path)) == 2
    path.write_text(f"{record.header(2)}\n{A}\n")
    with pytest.raises(ValueError, match=r"^record: wanted .*record of version 1 at most, got one of version 2"):
        record.read(path)


def test_many_hands_write_at_once_and_no_line_is_lost(tmp_path):
    path = tmp_path / "record"

    def write(hand):
        for k in range(20):
            record.append(path, json.dumps({"at": f"{hand} {k:02}", "kind": "call"}))

    hands = [Thread(target=write, args=(hand,)) for hand in range(8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(record.read(path)) == 160


def test_an_answer_of_ones_own_is_noted_where_a_record_is_kept(kept):
    check("dL_db", "sum t: dL_dz[t,i]", seed=4)
    check("dL_db", "dL_dz[0,i]")
    passed, wrong = record.read(kept)
    assert passed.items() >= {"kind": "check", "stop": "3_rms", "task": "dL_db", "passed": True, "seed": 4}.items()
    assert (wrong["passed"], type(wrong["mistake"])) == (False, str)
    assert repr(show.record()).startswith(f"2 lines in {kept}")


@pytest.mark.parametrize("without", [record.PLACE, record.NOTEBOOK])
def test_nothing_is_written_where_no_server_says_so(kept, monkeypatch, without):
    """Not in a plain script, not in the terminal of a server."""
    monkeypatch.delenv(without)
    check("dL_db", "dL_dz[0,i]")
    assert not kept.exists()
    assert repr(show.record()) == "No record is kept here: no Jupyter server says where."


def test_an_answer_is_heard_where_the_record_cannot_be_written(kept):
    kept.mkdir()
    assert check("dL_db", "sum t: dL_dz[t,i]").passed


def test_the_page_writes_the_version_that_python_writes():
    written = re.search(r"const VERSION = (\d+);", practice("predict"))[1]
    assert int(written) == record.VERSION
    assert record.header().replace("1", "${VERSION}") in practice("predict")


# ---- in a page, and with a server

WHY = {"rise": "one more of the same kind", "fall": "the true word gains"}


def asked(k):
    return predict(f"Question {k}: which way?", WHY, "from 2.0794 to 2.0541", answer="fall")


BOOK = "Object.keys(localStorage).filter(key => key.startsWith('gradwalk-record'))"


def cell(output, k):
    return f'<span id="cell-id=c{k}"></span>{output.html}'


class TestInAPage:
    pytestmark = lab.needs_browser()

    @pytest.fixture
    def visit(self, browser):
        with stood_in(browser, cell, accept_downloads=True) as open_page:
            yield open_page

    def test_it_says_where_one_was_and_what_surprised_and_is_carried_over(self, visit, tmp_path):
        page = visit(asked(0), asked(1))
        page.get_by_role("button", name="A rise").first.click()
        page.get_by_role("button", name="B fall").nth(1).click()
        start = visit(show.record(), context=page.context, address="http://stop.test/index.html")
        told = re.sub(r"\n+", "\n", start.locator(".gw-record").inner_text())
        assert "Where was I?\n1a_which_way: Question 1: which way?" in told
        assert "Question 0: which way? I said rise, it is B, fall (1a_which_way)" in told
        assert "Question 1: which way? I said" not in told
        assert start.get_by_role("link").first.get_attribute("href") == "1a_which_way.html#cell-id=c1"
        with start.expect_download() as download:
            start.get_by_role("button", name="save it as a file").click()
        download.value.save_as(tmp_path / record.FILE)
        assert [line["said"] for line in record.read(tmp_path / record.FILE)] == ["rise", "fall"]
        with (tmp_path / record.FILE).open("a") as file:
            file.write(f"{A[:20]}\n{record.header(2)}\n{A}\n")  # torn, and of another time
        elsewhere = visit(show.record(), address="http://other.test/index.html")
        for _ in range(2):
            elsewhere.locator("input[type=file]").set_input_files(tmp_path / record.FILE)
            elsewhere.get_by_text("I said rise").wait_for()
        assert elsewhere.evaluate("gradwalkRecord.lines.length") == 2
        there = visit(asked(0), context=elsewhere.context, address="http://other.test/1a_which_way.html")
        assert there.locator("details").get_attribute("open") is not None

    def test_the_map_says_where_something_is_done(self, visit):
        page = visit(show.block_map("2a_mlp"), asked(0), address="http://stop.test/1e_intended_meaning.html")
        page.get_by_role("button", name="B fall").click()
        assert [link.get_attribute("href") for link in page.locator(".gw-map .gw-done").all()] == [
            "1e_intended_meaning.ipynb"
        ]
        assert page.get_by_role("link", name="; something is done there").count() == 1

    def test_two_tabs_never_write_over_one_another(self, visit):
        one = visit(*map(asked, range(6)))
        two = visit(*map(asked, range(6, 12)), context=one.context)
        for k in range(6):
            for page in (one, two):
                page.get_by_role("button", name="A rise").nth(k).click()
        for page in (one, two):
            lab.until(lambda page=page: page.evaluate("gradwalkRecord.lines.length") == 12)
        at_once = "Date.prototype.toISOString = () => '2026-01-01T00:00:00.000Z'"  # all in one millisecond
        one.evaluate(f"{at_once}; for (let k = 0; k < 9; k++) gradwalkRecord.note({{ kind: 'open', what: `${{k}}` }})")
        assert visit(context=one.context).evaluate(f"({BOOK}).length") == 21


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("record")
    predicted = f"predict('Which way?', {WHY!r}, 'it falls', answer='fall')"
    lab.write_notebook(
        root / "1a_which_way.ipynb", "from gradwalk import check, predict, show", predicted, "show.record()"
    )
    return root


ENABLED = "--ServerApp.jpserver_extensions={'gradwalk.course.extension': True}"


@pytest.mark.slow
class TestWithAServer:
    pytestmark = lab.needs_browser()

    def test_the_file_is_the_truth_whatever_became_of_kernel_page_and_port(self, browser, folder):
        kept, context = folder / record.FILE, browser.new_context()
        with lab.lab(folder, ENABLED) as url:
            page = context.new_page()
            lab.open_notebook(page, url, "1a_which_way.ipynb")
            page.get_by_role("button", name="A rise").click()
            lab.until(lambda: kept.exists() and "Which way?" in kept.read_text())
            lab.ask_kernel(page, "check('dL_db', 'dL_dz[0,i]')")
            assert [line["kind"] for line in record.read(kept)] == ["call", "check"]
            assert lab.ask_kernel(page, "print(show.record())").startswith("2 lines in")
            page.evaluate(  # no kernel, and the page goes on
                "window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
            )
            page.get_by_role("button", name="open the course").click()
            lab.until(lambda: len(record.read(kept)) == 3)
            refused = urllib.request.Request(f"{url}gradwalk/record")
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(refused)
            refused = urllib.request.Request(f"{url}gradwalk/record", b"nothing", {"Authorization": "token t"})
            with pytest.raises(urllib.error.HTTPError, match="400"):
                urllib.request.urlopen(refused)
        context.close()
        (folder / ".jupyter-of-this-run").rename(folder / ".before")
        with lab.lab(folder, ENABLED) as url:  # another port, another browser: the file alone is left
            context = browser.new_context()
            page = context.new_page()
            lab.open_notebook(page, url, "1a_which_way.ipynb")
            page.get_by_role("status").filter(has_text="You said A, rise").wait_for()
            assert page.locator("details").get_attribute("open") is not None
            page.get_by_text("Which way? I said rise, it is B, fall").wait_for()
            link = page.locator(".gw-record").get_by_role("link").first
            assert link.get_attribute("href").endswith("1a_which_way.ipynb")
        context.close()
        stops = {line.get("stop") for line in record.read(kept)}
        assert stops == {"1a_which_way"}
