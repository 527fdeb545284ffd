"""What `import gradwalk` costs, next to `import numpy`: the median of fresh processes that take turns.

    python -m bench.import_time

Prints seconds inside the process, from before the import to after it, so that Python's own start is not counted.
"""

import subprocess
import sys
from statistics import median

IMPORTS = {
    "import numpy": "import numpy",
    "import gradwalk": "import gradwalk",
    "the core: Model, forward, backward": "from gradwalk import Model, forward, backward",
}
ROUNDS = 15


def seconds(statement):
    """How long `statement` takes in a fresh Python, in seconds."""
    clocked = f"from time import perf_counter; start = perf_counter(); {statement}; print(perf_counter() - start)"
    return float(subprocess.run([sys.executable, "-c", clocked], check=True, capture_output=True, text=True).stdout)


def medians(rounds=ROUNDS):
    """The median seconds of each of IMPORTS, over `rounds` rounds in which each has one fresh process."""
    for statement in IMPORTS.values():  # once unclocked: bytecode written, files in the disk's cache
        seconds(statement)
    runs = [{name: seconds(statement) for name, statement in IMPORTS.items()} for _ in range(rounds)]
    return {name: median(run[name] for run in runs) for name in IMPORTS}


if __name__ == "__main__":
    table = medians()
    for name, value in table.items():
        print(f"{name:36}{1e3 * value:8.1f} ms{value / table['import numpy']:8.2f} × numpy")
