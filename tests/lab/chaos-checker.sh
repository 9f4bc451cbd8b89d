#!/bin/bash
# Does the checker of tests/lab/chaos find what it should? Needs no lab.
exec python3 "${top_srcdir:-.}/tests/lab/chaos" --self-test
