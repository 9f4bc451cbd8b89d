#!/bin/bash
# Bugs that are put in on purpose, one at a time, and that the simulator must find: each is a patch in mutants/, which
# says in its first lines what is wrong with it. Speaks TAP. A copy of the tree is built once, without any of them,
# and must pass the first hundred seeds; that it passes all of them `make sim` says.
#
# Usage: mutants.sh [MUTANT...]     all of them, or those named; make sim-mutants does the former
#
# In the environment: SEEDS, how many each may take (1000); JOBS, in so many processes (2); TMPDIR, where the copy goes.
set -euo pipefail

TREE=$(readlink -f "${top_srcdir:-$(dirname "${BASH_SOURCE[0]}")/../..}")
# shellcheck source=tests/tap.sh
. "$TREE/tests/tap.sh"
SEEDS=${SEEDS:-1000}
JOBS=${JOBS:-2}

main() {
    case ${1-} in
    -*) sed -n '2,/^set/{s/^# \?//p}' "${BASH_SOURCE[0]}" && exit ;;
    esac
    local first=$((SEEDS < 100 ? SEEDS : 100))
    WORK=$(mktemp -d)
    trap 'rm -rf "$WORK"' EXIT
    judge "the tree as it is passes $first seeds" "$(prepare 2>&1 && SEEDS=$first run_all 2>&1)"
    ((n_failed == 0)) || tap_end
    local patch name
    for patch in "$TREE"/tests/sim/mutants/*.patch; do
        name=$(basename "$patch" .patch)
        (($# == 0)) || [[ " $* " == *" $name "* ]] || continue
        judge "$name is found" "$(try "$patch" 2>&1)"
        ! [[ -e $WORK/said ]] || sed 's/^/# /' "$WORK/said"
        ! [[ -e $WORK/replayed ]] || judge "its smallest simulation fails again in the same way" "$(<"$WORK/replayed")"
    done
    tap_end
}

# Silent, unless it fails.
quietly() {
    "$@" >"$WORK/log" 2>&1 || { tail -n 40 "$WORK/log" && echo "'$*' failed" && return 1; }
}

prepare() {
    copy_tree && cd "$WORK/build" && quietly ../tree/configure --quiet CFLAGS=-O1 && build
}

# Without what was built in it. A distributed tree may be read-only.
copy_tree() {
    mkdir "$WORK/tree" "$WORK/build"
    tar -C "$TREE" --exclude=./.git --exclude='./build*' --exclude=./asan --exclude='./fleet-*' -cf - . |
        tar -C "$WORK/tree" -xf -
    chmod -R u+w "$WORK/tree"
    [[ -x $WORK/tree/configure ]] || (cd "$WORK/tree" && quietly autoreconf --install)
}

build() {
    quietly env -u MAKEFLAGS -u MAKELEVEL make -j"$JOBS" -C "$WORK/build" tests/sim/sim
}

# What it says when a seed fails; nothing, when none does.
run_all() {
    "$WORK/build/tests/sim/sim" --seeds "$SEEDS" --jobs "$JOBS" --stop --quiet | head -n 1
}

# Fails loudly, also when the patch does not fit the tree any more.
try() {
    local said
    rm -f "$WORK/said" "$WORK/replayed"
    quietly patch -p1 --forward --fuzz=0 -d "$WORK/tree" -i "$1" || return 0
    if build; then
        said=$(run_all)
        [[ -n $said ]] || echo "$SEEDS seeds passed, although: $(sed '/^$/q' "$1")"
        [[ -z $said ]] || echo "$said" >"$WORK/said"
        [[ -z $said || $1 != */order-applied-twice.patch ]] || replay "$said" >"$WORK/replayed"
    fi
    quietly patch -p1 --reverse -d "$WORK/tree" -i "$1"
}

# What a failure tells to type is typed: it must fail, with the same words. Prints what differs.
replay() {
    local seed=${1#seed } said again
    "$WORK/build/tests/sim/sim" --seed "${seed%%:*}" >"$WORK/failure" || true
    said=$(sed -n 's/^# FAILED: *[0-9.]* //p' "$WORK/failure")
    again=$(sed -n 's/^# again: \(.*\) --verbose/\1/p' "$WORK/failure")
    # shellcheck disable=SC2086
    [[ -n $said && $("$WORK"/build/$again --quiet) == *" $said" ]] || echo "'$again' does not say '$said'"
}

main "$@"
