#!/bin/bash
# clang-format decides layout: fails with the files that differ, or rewrites them with --fix.
set -euo pipefail
mode=(--dry-run --Werror)
[[ ${1-} != --fix ]] || mode=(-i)
git ls-files -z -- '*.c' '*.h' | xargs -0 clang-format "${mode[@]}"
