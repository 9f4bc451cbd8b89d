#!/bin/bash
# Runs shellcheck over every shell script of the tree: those named .sh, and those that begin as one.
set -euo pipefail
git ls-files -z | while IFS= read -r -d '' file; do
    read -r line <"$file" 2>/dev/null || continue
    [[ ! $line =~ ^(#!/bin/(ba)?sh|#\ shellcheck\ shell=) ]] || printf '%s\0' "$file"
done | xargs -0 shellcheck --external-sources
