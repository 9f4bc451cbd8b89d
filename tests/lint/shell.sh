#!/bin/bash
# Runs shellcheck over every shell script of the tree: those named .sh, and those that begin as one.
set -euo pipefail
git ls-files -z | xargs -0 grep -lZE '^#!/bin/(ba)?sh|^# shellcheck shell=' -- | xargs -0 shellcheck --external-sources
