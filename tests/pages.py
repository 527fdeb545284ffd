"""What a page makes of an output's HTML: one that runs scripts, and one that drops them."""

import html
import re
from contextlib import contextmanager

_STANDS_IN = re.compile(r"(?:<p class=\"gw-plain\">[^<]*</p>|<img class=\"gw-plain\"[^>]*>)?<!--gw (.*?)-->", re.DOTALL)


def unfolded(output: str) -> str:
    """With scripts: what is folded up stands there, in the place of what stood in for it."""
    return _STANDS_IN.sub(lambda found: found[1].replace("&#45;", "-"), output)


def plain(output: str) -> str:
    """Without scripts, comments, drawings, styles: as a sanitizer leaves it."""
    for gone in (r"<!--.*?-->", r"<script.*?</script>", r"</?svg[^>]*>", r' style="[^"]*"'):
        output = re.sub(gone, "", output, flags=re.DOTALL)
    return output


def words(output: str) -> str:
    """The text in HTML, cell by cell; an image is its words."""
    output = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r"\1", output)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?span>", "", output))).split())


# ---- outputs in a browser: a plain page, which any address leads to

PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>a stop</title><main>{}</main></html>'
STOP = "http://stop.test/1a_which_way.html"


@contextmanager
def stood_in(browser, written, **usual):
    """A function: a page with these outputs as `written` has them, in a context of its own or in a given one.

    written: from an output and its place to HTML; usual: what a context has unless told otherwise. Errors in a page
    fail the test.
    """
    contexts, troubles = [], []

    def open_page(*outputs, context=None, address=STOP, **options):
        if context is None:
            context = browser.new_context(**usual | options)
            contexts.append(context)
        page = context.new_page()
        body = PAGE.format("".join(map(written, outputs, range(len(outputs)))))
        page.route("**/*", lambda route: route.fulfill(body=body, content_type="text/html"))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles
