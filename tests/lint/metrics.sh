#!/bin/bash
# docs/metrics.md against the families in the code: name, labels and kind. Speaks TAP. What a running fleetd tells is
# held against the same page by tests/lab/scenario/24-api.sh.
set -euo pipefail
cd "${top_srcdir:-.}"
. tests/tap.sh

# Of each family in the code: name{labels} kind. A family is a constant of four lines, as clang-format leaves it.
coded() {
    awk '
        /^static const MetricFamily [a-z_]+ = \{$/ { n = 1; text = ""; next }
        n { text = text $0; if (/^};$/) { n = 0; print text } }' fleetd/*.c fleetd/*/*.c |
        sed -E 's/^ *"([a-z_]+)", *METRIC_([A-Z]+),.*\{([^{}]*)\},?\};$/\1{\3} \2/; s/[" ]*,[" ]*/,/g; s/\{"/{/; s/"\}/}/; s/\{\}//' |
        tr '[:upper:]' '[:lower:]' | sort
}

documented() {
    tr '`' ' ' <docs/metrics.md |
        sed -nE 's/^\|  ([a-z_]+(\{[a-z_,]*\})?)  \| (counter|gauge|histogram)( \*)? \|.*/\1 \3/p' | sort
}

check_families() {
    { diff <(coded) <(documented) || true; } | sed -n 's/^< /only in the code: /p; s/^> /only in the text: /p'
}

judge "docs/metrics.md has the families of the code" "$(check_families)"
tap_end
