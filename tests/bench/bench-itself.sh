#!/bin/bash
# Do the benchmarks judge what they measured as they should, and does docs/performance.md show it? Needs no programs.
exec python3 -B "${top_srcdir:-.}/tests/bench/lib/selftest.py"
