#!/bin/bash
# The completions against what fleetctl says of itself: each offers every command, and for each command every flag. What
# they do with a line is in cases/complete-*.case. Speaks TAP.
# shellcheck disable=SC2317 # called by name
set -euo pipefail
source_dir=$(realpath "${top_srcdir:-.}")
PATH=$(realpath "${top_builddir:-.}")/fleetctl:$PATH
# shellcheck source=tests/tap.sh
. "$source_dir/tests/tap.sh"

commands=$(fleetctl help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p')

# What help shows; "--name=" has a value.
flags_of() {
    { fleetctl help && fleetctl help "$1"; } | grep -o '^  \(-.,\|   \) --[a-z-]*=\?' | grep -o -- '--.*'
}

# What bash offers for the line.
bash_offers() {
    (
        # shellcheck source=fleetctl/completions/fleetctl.bash
        . "$source_dir/fleetctl/completions/fleetctl.bash"
        # shellcheck disable=SC2034
        COMP_LINE=$1 COMP_POINT=${#1}
        _fleetctl fleetctl "${1##* }"
        printf '%s\n' "${COMPREPLY[@]}"
    )
}

# What zsh offers for the line, by functions in the place of zsh's own.
# shellcheck disable=SC2016
zsh_offers() {
    zsh -f -c '
        compset() { return 1 }
        _describe() {
            local array
            for array in ${argv:#-*}; do print -rl -- ${${(P)array}%%:*}; done
        }
        words=("${(@s: :)2}") CURRENT=$#words PREFIX=$words[-1]
        . "$1"' zsh "$source_dir/fleetctl/completions/_fleetctl" "$1" | sed '/^$/d'
}

# judge_same NAME EXPECTED ACTUAL
judge_same() {
    judge "$1" "$(diff <(sort -u <<<"$2") <(sort -u <<<"$3"))"
}

for shell in bash zsh; do
    command -v "$shell" >/dev/null || continue
    judge_same "$shell offers every command" "$commands" "$("${shell}_offers" "fleetctl ")"
    for command in $commands; do
        judge_same "$shell offers every flag of $command" "$(flags_of "$command")" "$("${shell}_offers" "fleetctl $command -")"
    done
done
tap_end
