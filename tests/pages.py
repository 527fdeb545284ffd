"""What a page makes of an output's HTML: one that runs scripts, and one that drops them."""

import html
import re

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
