#!/bin/bash
# The programs as they were linked: what compiler and linker are to protect is in the files. Speaks TAP.
# shellcheck disable=SC2317 # checks are handed to judge_if()
set -euo pipefail
cd "${top_builddir:-.}"
. "${top_srcdir:-.}/tests/tap.sh"

PROGRAMS=(fleetd/fleetd fleetd/guard/fleet-guard fleetctl/fleetctl)

# has PROGRAM READELF-ARG REGEX WORDS: prints WORDS, if no line matches. Without a pipe to grep -q, which would
# leave readelf with nowhere to write to.
has() {
    grep -q -E -- "$3" <<<"$(LC_ALL=C readelf --wide "$2" "$1")" || echo "$1 $4"
}

has_not() {
    ! grep -E -- "$3" <<<"$(LC_ALL=C readelf --wide "$2" "$1")" || echo "$1 $4"
}

configured() {
    grep -q -E "^HARDENING_(C|LD)FLAGS = .*$1" Makefile
}

# judge_if FLAG NAME CHECK ARG...: compilers do not know all flags on all processors.
judge_if() {
    if configured "$1"; then
        judge "$2" "$("${@:3}")"
    else
        skip "$2" "configured without $1"
    fi
}

# What the compiler adds to functions: marks for indirect jumps to land on, and jumps that prove it.
has_landing_marks() {
    local marks
    marks=$(LC_ALL=C objdump --disassemble=main --no-show-raw-insn "$1" | grep -c -E '\b(endbr64|endbr32)\b') || true
    ((marks > 0)) || echo "$1 has no mark at main()"
}

grep -q '^HARDENED = yes' Makefile || {
    echo "1..0 # SKIP configured without hardening"
    exit
}
for program in "${PROGRAMS[@]}"; do
    name=${program##*/}
    judge_if '-pie' "$name lies at another address each time" has "$program" --file-header '^ *Type: +DYN' 'is no PIE'
    judge_if '-z,relro' "$name has its tables of functions read-only" has "$program" --segments 'GNU_RELRO' 'has no RELRO'
    judge_if '-z,now' "$name has all of them before it runs" has "$program" --dynamic 'FLAGS_1.*NOW' 'binds late'
    judge_if '-z,noexecstack' "$name has a stack that cannot be run" \
        has "$program" --segments 'GNU_STACK.* RW +0x' 'has an executable stack'
    judge "$name has no text that is written to" "$(has_not "$program" --dynamic 'TEXTREL' 'has')"
    judge "$name looks for libraries where the system does" "$(has_not "$program" --dynamic 'R(UN)?PATH' 'has')"
    judge_if '-fstack-protector-strong' "$name watches its stack" \
        has "$program" --dyn-syms '__stack_chk_fail' 'does not use the stack protector'
    judge_if '-D_FORTIFY_SOURCE' "$name checks its buffers" has "$program" --dyn-syms '__[a-z]+_chk\b' 'uses no checked function'
    judge_if '-fcf-protection' "$name marks where jumps may land" has_landing_marks "$program"
done
tap_end
