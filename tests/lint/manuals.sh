#!/bin/bash
# The manual pages against the tables in the code: what there is to set stands there, and nothing else does, with
# the right defaults. Speaks TAP.
set -euo pipefail
cd "${top_srcdir:-.}"
. tests/tap.sh

CONFIGURATION=fleetd/configuration.c
REQUIREMENTS=fleetd/model/requirements-table.c

# Of each row of the configuration's table: name, setter, default (empty if there is none).
configuration_rows() {
    sed -n 's/^    {"\([a-z_]*\)", \(set_[a-z]*\), FIELD([a-z_]*), \(NULL\|"\([^"]*\)"\).*/\1 \2 \4/p' "$CONFIGURATION"
}

configuration_names() {
    configuration_rows | cut -d ' ' -f 1 | sort
}

# The names in the tags of a page's paragraphs, below one heading.
tags() {
    awk -v heading=".SH $2" '
        /^\.SH / { is_inside = $0 == heading }
        is_inside && is_tag { gsub(/^\.[A-Z]+ |[",]/, ""); for (i = 1; i <= NF; i++) print $i }
        { is_tag = /^\.TP/ }' "$1" | sort
}

# The paragraph of one option of fleet.conf.5, in one line.
paragraph() {
    awk -v name="$1" '
        /^\.(TP|SH|SS)/ { is_inside = 0; is_tag = /^\.TP/; next }
        is_tag { is_inside = (" " $0 " ") ~ ("[ \"]" name "[ \"]"); is_tag = 0; next }
        is_inside' docs/fleet.conf.5 | tr '\n' ' '
}

check_same() {
    { diff <(echo "$1") <(echo "$2") || true; } | sed -n 's/^< /only in the code: /p; s/^> /only in the text: /p'
}

check_configuration() {
    check_same "$(configuration_names)" "$(tags docs/fleet.conf.5 OPTIONS)"
}

check_defaults() {
    local name setter standard
    while read -r name setter standard; do
        [[ -z $standard || $(paragraph "$name") == *"Default: $standard "* ]] ||
            echo "$name ($setter): the text does not say 'Default: $standard'"
    done < <(configuration_rows)
}

# What has no effect any more is not in the example.
check_example() {
    check_same "$(configuration_rows | sed '/ set_obsolete/d; s/ .*//' | sort)" \
        "$(sed -n 's/^#\([a-z_]*\) =.*/\1/p' docs/fleet.conf.example | sort)"
}

check_example_defaults() {
    local name setter standard
    while read -r name setter standard; do
        [[ -z $standard || $setter == set_obsolete ]] || grep -qxF "#$name = $standard" docs/fleet.conf.example ||
            echo "$name: the example does not say '#$name = $standard'"
    done < <(configuration_rows)
}

# Rows begin with {"Name", on a line of their own.
check_requirements() {
    check_same "$(sed -n 's/^ *{"\([A-Z][A-Za-z]*\)",$/\1/p' "$REQUIREMENTS" | sort)" \
        "$(tags docs/fleet-unit.5 OPTIONS | sed -n 's/^\([A-Z][A-Za-z]*\)=.*/\1/p')"
}

check_old_names() {
    check_same "$(sed -n '/rows\[_OPTION_MAX\]/,/^};/p' "$REQUIREMENTS" | grep -o '"X-[A-Za-z]*"' | tr -d '"' | sort)" \
        "$(grep -o 'X-\(Condition\|Conflicts\)[A-Za-z]*' docs/fleet-unit.5 | sort)"
}

check_groff() {
    local page
    for page in docs/*.[1-8]; do
        groff -man -ww -z -Tutf8 "$page" 2>&1
    done
}

judge "fleet.conf.5 has the options of $CONFIGURATION" "$(check_configuration)"
judge "fleet.conf.5 has their defaults" "$(check_defaults)"
judge "fleet.conf.example has the options" "$(check_example)"
judge "fleet.conf.example has their defaults" "$(check_example_defaults)"
judge "fleet-unit.5 has the options of $REQUIREMENTS" "$(check_requirements)"
judge "fleet-unit.5 has their old names" "$(check_old_names)"
if command -v groff >/dev/null; then
    judge "groff has nothing to say against the manual pages" "$(check_groff)"
else
    skip "groff has nothing to say against the manual pages" "there is no groff"
fi
tap_end
