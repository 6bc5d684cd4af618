"""Asks TA-Lib. In, on stdin: bars as little-endian doubles, four each (open, high, low, close). Out, on stdout: one line of JSON with the
versions and the names of the functions, then one little-endian int32 for each function and bar, function after function.

Needs the packages in requirements.txt:  python3 -m venv DIR && DIR/bin/pip install -r requirements.txt
"""

import json
import sys

import numpy
import talib


def main():
    bars = numpy.frombuffer(sys.stdin.buffer.read(), dtype="<f8").reshape(-1, 4)
    columns = [numpy.ascontiguousarray(bars[:, column], dtype=numpy.float64) for column in range(4)]
    names = sorted(talib.get_function_groups()["Pattern Recognition"])
    about = {"talib": talib.__version__, "core": talib.__ta_version__.decode(), "names": names}
    out = sys.stdout.buffer
    out.write(json.dumps(about).encode() + b"\n")
    for name in names:
        out.write(numpy.asarray(getattr(talib, name)(*columns)).astype("<i4").tobytes())


main()
