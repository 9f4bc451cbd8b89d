#!/bin/bash
# What scenarios of the lab expect to be empty, or 0, must be asked for in a way that a command which fails does not pass:
# by prints, lists and omits (tests/lab/lib/check.sh), which see whether it has succeeded.
set -euo pipefail

# complain TEXT REGEX: about each line that has it.
complain() {
    local line
    while IFS= read -r line; do
        echo "$line"
        echo "    $1"
        status=1
    done < <(grep -nE "$2" tests/lab/scenario/*.sh tests/lab/long/*.sh tests/lab/lib/*.sh)
}

status=0
complain "a command that failed has printed nothing, too: prints '' CMD..." "equal (''|\"\") \"?\\\$\\("
complain "a command that failed has none of it, too: prints 0 CMD..., or lists 0 REGEX CMD..." 'equal 0 "?\$\('
complain "a command that failed does not mention it, either: omits TEXT CMD..." 'not mentions '
exit $status
