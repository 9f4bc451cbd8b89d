# shellcheck shell=bash
# bash completion for fleetctl(1). Commands, flags and the words that flags take come from fleetctl's own help, names from
# the cluster, so there is nothing here to be kept up to date.

# The program is $program, the command so far $command; both may still be abbreviated or wrong: then nothing is offered.

_fleetctl_help() {
    "$program" help "$@" 2>/dev/null
}

_fleetctl_commands() {
    _fleetctl_help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# Flags as help shows them, those of every command and those of this one: --full, --endpoint=URL.
_fleetctl_flags() {
    { _fleetctl_help && [[ -n $command ]] && _fleetctl_help "$command"; } | sed -nE 's/^  (-.,|   ) (--[^ ]+).*/\2/p'
}

# The list behind a word of the command's help, like "Fields: unit, machine; by default ...".
_fleetctl_list() {
    _fleetctl_help "$command" | sed -n "s/^$1: \([^;.]*\).*/\1/p" | tr -d ' ' | tr ',' '\n'
}

# Asks the cluster that the command line names. A tunnel takes too long, and may want a password.
_fleetctl_ask() {
    local word flags=()
    for word in "${words[@]}"; do
        [[ $word != --tunnel* ]] || return 0
        [[ $word != --@(endpoint|ca-file|cert-file|key-file)=* ]] || flags+=("$word")
    done
    [[ -n ${FLEETCTL_TUNNEL-} ]] || "$program" "${flags[@]}" --request-timeout=1 "$@" --no-legend 2>/dev/null
}

_fleetctl_units() {
    _fleetctl_ask list-unit-files --fields=unit
}

# Those that can run.
_fleetctl_runnable() {
    _fleetctl_units | sed '/@\./d'
}

_fleetctl_templates() {
    _fleetctl_units | sed -n '/@\./p'
}

_fleetctl_machines() {
    _fleetctl_ask list-machines --fields=machine --full
    _fleetctl_ask list-machines --fields=ip
}

# Those that can be explained.
_fleetctl_options() {
    "$program" explain 2>/dev/null | sed -n 's/^  \([A-Za-z_]*\)  .*/\1/p'
}

# Folders end in a slash: what is in them may be meant.
_fleetctl_files() {
    local file
    compgen -f -- "$1" | while IFS= read -r file; do
        [[ -d $file ]] && echo "$file/" || echo "$file"
    done
}

# What the operands of the command are called, as in its usage: "[TEMPLATE [COUNT]]". To commands that refuse templates, by
# fleetctl(1), "Units", a unit is a RUNNABLE.
_fleetctl_usage() {
    _fleetctl_help "$command" | sed -nE '/^Usage: /{
        s/^Usage: fleetctl //
        /^(load|start|wait|stop|unload|status|journal|ssh) /s/UNIT/RUNNABLE/
        s/^[a-z-]+ ?(\[FLAG\.\.\.\])?//p
    }'
}

# What those of plan are, depends on its flags.
_fleetctl_choose() {
    case " ${words[*]} " in
    *" --drain "*) echo MACHINE ;;
    *" --stop "* | *" --destroy "*) echo UNIT ;;
    *) echo FILE ;;
    esac
}

# What the operand is called that $n_operands others stand before; nothing if there may be no further one.
_fleetctl_operand() {
    local operands
    read -ra operands < <(_fleetctl_usage | tr -d '[]')
    if [[ ${operands[0]} == FILE...'|'UNIT...'|'MACHINE... ]]; then
        _fleetctl_choose
    elif ((n_operands < ${#operands[@]})); then
        echo "${operands[n_operands]}"
    elif [[ ${operands[*]} == *... ]]; then
        echo "${operands[@]: -1}"
    fi
}

# What an argument of that name can be, one a line: UNIT..., MACHINE, FILE, auto|always|never.
_fleetctl_candidates() {
    case $1 in
    *UNIT*) _fleetctl_units ;;
    *RUNNABLE*) _fleetctl_runnable ;;
    *TEMPLATE*) _fleetctl_templates ;;
    esac
    [[ $1 != *MACHINE* ]] || _fleetctl_machines
    [[ $1 != COMMAND ]] || _fleetctl_commands
    [[ $1 != OPTION... ]] || _fleetctl_options
    [[ $1 != *@(FILE|PATH)* ]] || _fleetctl_files "$2"
    case $1 in
    NAME,...) _fleetctl_list Fields ;;
    STATE,...) _fleetctl_list States ;;
    FORMAT) _fleetctl_list Formats ;;
    *[a-z]'|'[a-z]*) tr '|' '\n' <<<"$1" ;;
    esac
}

# Offers what begins as the current word does; each line stands behind $1. readline replaces but the last piece of the
# word, as it breaks words at '=', ':' and '@' too.
_fleetctl_offer() {
    local candidate reply
    while IFS= read -r candidate; do
        reply=$1$candidate
        [[ $reply == "$current"* ]] || continue
        reply=${reply#"${current%"$piece"}"}
        [[ $reply != *[^A-Za-z0-9@%+=:,./_-]* ]] || printf -v reply %q "$reply"
        COMPREPLY+=("$reply")
    done
    [[ ${COMPREPLY[*]} != *[=/] ]] || compopt -o nospace 2>/dev/null
}

_fleetctl_offer_flags() {
    _fleetctl_offer "" < <(_fleetctl_flags | sed 's/=.*/=/')
}

# Offers values for the argument called $1; $2 stands before the value in the current word, $3 is its beginning.
_fleetctl_offer_values() {
    local before=$2
    if [[ $1 == *,... && $3 == *,* ]]; then
        before+=${3%,*},
    fi
    _fleetctl_offer "$before" < <(_fleetctl_candidates "$1" "$3")
}

# Prints the argument of a flag as help shows it; fails if it takes none.
_fleetctl_argument_of() {
    local argument
    argument=$(_fleetctl_flags | sed -n "s/^$1=//p" | head -n 1)
    [[ -n $argument ]] && echo "$argument"
}

# Sets $command, $n_operands behind it, $argument: what the current word is the value of, and $only_operands: "--" stood before.
_fleetctl_look_back() {
    local word
    for word in "${words[@]:1:${#words[@]}-2}"; do
        if [[ -n $argument ]]; then
            argument=
        elif [[ $word == -- ]]; then
            only_operands=yes
        elif [[ -z $only_operands && $word == --[a-z]* && $word != *=* ]]; then
            argument=$(_fleetctl_argument_of "$word")
        elif [[ -n $only_operands || $word != -* ]]; then
            [[ -z $command ]] || n_operands=$((n_operands + 1))
            command=${command:-$word}
        fi
    done
}

_fleetctl() {
    local program=$1 piece=$2 line=${COMP_LINE:0:COMP_POINT} words=() current command="" argument="" only_operands="" n_operands=0
    read -ra words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=("")
    current=${words[${#words[@]} - 1]}
    COMPREPLY=()
    _fleetctl_look_back
    if [[ -n $argument ]]; then
        _fleetctl_offer_values "$argument" "" "$current"
    elif [[ -z $only_operands && $current == --*=* ]]; then
        _fleetctl_offer_values "$(_fleetctl_argument_of "${current%%=*}")" "${current%%=*}=" "${current#*=}"
    elif [[ -z $only_operands && $current == -* ]]; then
        _fleetctl_offer_flags
    elif [[ -z $command ]]; then
        _fleetctl_offer "" < <(_fleetctl_commands)
    else
        _fleetctl_offer_values "$(_fleetctl_operand)" "" "$current"
    fi
}

complete -F _fleetctl fleetctl
