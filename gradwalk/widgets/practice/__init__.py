"""What a page does with a prediction and with the learner's record, as scripts that stand in an output."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from gradwalk.widgets.javascript import joined


@cache
def practice(name: str) -> str:
    """The script predict.js or panel.js, with what it imports. Each output brings it: any may be shown first."""
    module = re.sub(r"\n\s+", "\n", joined(Path(__file__).parent / f"{name}.js"))
    return f"<script>(() => {{\n{module}}})();</script>"
