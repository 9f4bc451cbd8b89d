#!/bin/bash
# Do the benchmarks judge what they measured as they should? Needs no programs.
exec python3 -B "${top_srcdir:-.}/tests/bench/lib/selftest.py"
