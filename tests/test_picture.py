"""A picture in a notebook: compared by its words, whatever machine drew it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import lab
import nbformat
import pytest
from matplotlib.figure import Figure

from gradwalk import show

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def output(figure, words):
    data, metadata = show.picture(figure, words)._repr_mimebundle_()
    return nbformat.v4.new_output("execute_result", data, execution_count=1, metadata=metadata)


def test_nbval_compares_the_words_of_a_picture_and_not_its_points(tmp_path):
    cell = (
        "from matplotlib.figure import Figure\nfrom gradwalk import show\nshow.picture(Figure((1, 1)), 'nothing yet')"
    )
    for name, words in (("same_words", "nothing yet"), ("other_words", "something")):
        path = tmp_path / f"{name}.ipynb"
        lab.write_notebook(path, cell)
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[0].execution_count, notebook.cells[0].outputs = 1, [output(Figure((2, 1)), words)]
        nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(
        [*command, "."], cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert re.findall(r"^FAILED (\S+)::", run.stdout, re.MULTILINE) == ["other_words.ipynb"], run.stdout
    assert "mismatch" in run.stdout


def test_what_only_looks_like_a_figure_is_refused():
    for strange in (Figure, 3, type("F", (), {"savefig": print})()):
        with pytest.raises(ValueError, match=r"^figure: wanted a Matplotlib figure"):
            show.picture(strange, "a line")
