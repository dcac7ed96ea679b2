"""For authors and teachers, run from a clone: notebooks, slides, assignments, a class.

What these programs print is UTF-8 on every system: learners' names, mathematical signs, arrows.
"""

import io
import sys

for _output in (sys.stdout, sys.stderr):
    if isinstance(_output, io.TextIOWrapper):  # in a notebook it is another kind
        _output.reconfigure(encoding="utf-8", errors="backslashreplace")
