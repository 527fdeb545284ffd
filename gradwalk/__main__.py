"""`python -m gradwalk` is the command `gradwalk`."""

import sys

from gradwalk.cli import main

sys.exit(main())
