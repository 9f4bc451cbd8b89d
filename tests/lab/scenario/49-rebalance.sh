# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# lane: 3
# timeout: 240
# The load is evened out when a machine has joined, under a service that is asked all the time.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/web.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/web.sh"

unit web@.service '[Service]' 'ExecStart=/usr/bin/python3 /usr/local/lib/web-server.py 80%i'
web_install
sleeper everywhere.service 'Global=true'

# count_on MACHINE: how many instances of web are there.
count_on() {
    ctl list-units --no-legend --full --fields=unit,machine | awk -v id="$(lab id "$1")" \
        '$1 ~ /^web/ && index($2, id) == 1 { n++ } END { print n + 0 }'
}
count_on_is() {
    equal "$1" "$(count_on "$2")"
}
# spread_is "2 2 2"
spread_is() {
    equal "$1" "$(for m in m1 m2 m3; do count_on $m; done | sort | xargs)"
}
# join_late MACHINE: it is away while the instances start, and comes when they run.
join_late() {
    ctl destroy 'web@*' >/dev/null
    lab shutdown "$1"
    check "$1 is not there" eventually 30 machines_are 2
    ctl start web@{1..6}.service >/dev/null
    check "six instances run on the two others" eventually 20 spread_is '0 3 3'
    lab boot "$1"
    check "$1 joins" eventually 60 machines_are 3
    check "it gets the global unit" eventually 20 running_is 3 '^everywhere'
}
machines() {
    ctl list-machines --no-legend | grep -c running
}
machines_are() {
    equal "$1" "$(machines)"
}
# ended: nothing more is under way.
ended() {
    ! ctl status --output=json | grep -q '"rebalance"'
}

ctl start everywhere.service >/dev/null
join_late m3
check "nobody moves by itself" never 3 not spread_is '0 3 3'

# --- what would be done
before=$(main_pids m1 m2 m3)
check "a dry run says that something would move" status_is 2 ctl rebalance --dry-run
check "and what" equal 2 "$(ctl rebalance --dry-run --no-legend | grep -c '^web@')"
check "no more than asked for" equal 1 "$(ctl rebalance --dry-run --no-legend --max-moves 1 | grep -c '^web@')"
check "nothing was touched" equal "$before" "$(main_pids m1 m2 m3)"

# --- a limit is kept
client_start
ctl rebalance --max-moves 1 >rebalance.out 2>&1
check "one move ends well" equal 0 $?
check "and says where it went" mentions 'has moved to' cat rebalance.out
check "one has moved" equal 1 "$(count_on m3)"
check "and it is up" eventually 10 running_is 6 '^web@'
check "its status says why" mentions 'evens the load out; moved from' ctl status 'web@*'

# --- the rest
check "the rest moves" mentions 'Rebalanced: 1 unit moved' ctl rebalance
check "the load is even" spread_is '2 2 2'
check "all run" eventually 10 running_is 6 '^web@'
check "nothing is left to be done" mentions 'no move would make the load more even' ctl rebalance
check "as a dry run says" status_is 0 ctl rebalance --dry-run
client_end
check "no request was lost" lost_none

# --- the leader is lost in the middle
join_late m2
client_start
ctl rebalance --detach >/dev/null
check "the leader is lost" eventually 20 leader_killed
check "its successor goes on" eventually 60 spread_is '2 2 2'
check "all run" eventually 20 running_is 6 '^web@'
check "and it has an end" eventually 20 ended
lab fleetd start "$(<killed)"
client_end
check "no request was lost" lost_none
check "cancelling says that there is none" mentions 'No rebalance is under way' ctl rebalance --cancel
