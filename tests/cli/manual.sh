#!/bin/bash
# The manual page against what fleetctl says of itself: every command and flag stands in both. Speaks TAP.
set -euo pipefail
# shellcheck source=tests/tap.sh
. "${top_srcdir:-.}/tests/tap.sh"
page=${top_srcdir:-.}/docs/fleetctl.1
fleetctl=${top_builddir:-.}/fleetctl/fleetctl

# The lines of the page as plain words, with its escapes undone.
plain=$(sed 's/\\f.//g; s/\\-/-/g; s/\\|//g' "$page")

commands=$("$fleetctl" help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p')
flags_of_help() {
    local command
    "$fleetctl" help
    for command in $commands; do "$fleetctl" help "$command"; done
}
flags=$(flags_of_help | grep -o '^  \(-.,\|   \) --[a-z-]*' | grep -o -- '--[a-z-]*' | sort -u)

# judge_mention NAME TEXT PATTERN
judge_mention() {
    judge "$1" "$(grep -q -- "$3" <<<"$2" || echo "not found: $3")"
}

for command in $commands; do
    judge_mention "the manual describes the command $command" "$plain" "^\.BR\? $command\b"
done
for flag in $flags; do
    judge_mention "the manual describes the flag $flag" "$plain" "^\.B[IR]\?.* $flag\b"
done
mapfile -t flags_of_manual < <(grep -o -- '--[a-z][a-z-]*' <<<"$plain" | sort -u)
for flag in "${flags_of_manual[@]}"; do
    judge_mention "there is a flag $flag" "$flags" "^$flag\$"
done
if command -v groff >/dev/null; then
    judge "the manual is tidy" "$(groff -man -ww -z "$page" 2>&1)"
fi
tap_end
