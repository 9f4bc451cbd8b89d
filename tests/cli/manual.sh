#!/bin/bash
# The manual page against what fleetctl says of itself: every command and flag stands in both. Speaks TAP.
set -euo pipefail
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

n=0 status=0
report() {
    n=$((n + 1))
    if [[ $1 == 0 ]]; then echo "ok $n - $2"; else echo "not ok $n - $2" && status=1; fi
}
contains() { grep -q -- "$2" <<<"$1" && echo 0 || echo 1; }

for command in $commands; do
    report "$(contains "$plain" "^\.BR\? $command\b")" "the manual describes the command $command"
done
for flag in $flags; do
    report "$(contains "$plain" "^\.B[IR]\?.* $flag\b")" "the manual describes the flag $flag"
done
mapfile -t flags_of_manual < <(grep -o -- '--[a-z][a-z-]*' <<<"$plain" | sort -u)
for flag in "${flags_of_manual[@]}"; do
    report "$(contains "$flags" "^$flag\$")" "there is a flag $flag"
done
if command -v groff >/dev/null; then
    report "$(groff -man -ww -z "$page" 2>&1 | wc -l)" "the manual is tidy"
fi
echo "1..$n"
exit $status
