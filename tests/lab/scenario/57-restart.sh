# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 300
# lane: 3
# Instances are restarted one after another, under a service that is asked all the time; nobody is restarted twice.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/web.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/web.sh"

# web [LINE...]: the template's file, with further lines of [X-Fleet].
web() {
    unit web@.service '[Service]' "ExecStart=/usr/bin/python3 /usr/local/lib/web-server.py 80%i" 'Restart=on-failure' \
        '[X-Fleet]' 'HealthCheck=tcp://:80%i' 'HealthInterval=1s' 'HealthStartPeriod=0' 'MaxUnavailable=1' "$@"
}
# Of each instance its machine and its process: others after a restart.
processes() {
    main_pids m1 m2 m3
}
# As many as differ between two lists of them.
changed() {
    comm -13 <(sort <<<"$1") <(sort <<<"$2") | wc -l
}
unit_phases() {
    ctl rollout status --no-legend --fields=unit,phase "$1" | grep -c "$2"
}
some_done() {
    test "$(unit_phases web@ 'done')" -ge 1
}
all_done() {
    mentions 'web@.service: done' ctl rollout status web@
}
web_install

web 'UpdateHealthyTime=1s'
(cd "$UNITS" && ctl start --wait-healthy web@{1..3}.service) >/dev/null
client_start 801 802 803
before=$(processes)

# --- one after another
check "a template is restarted" ctl restart web@
after=$(processes)
check "each of its processes is another one" equal 3 "$(changed "$before" "$after")"
check "with the file that it had" equal 1 "$(ctl history --no-legend web@1.service | wc -l)"
check "it is told as what it is" mentions 'restarted' ctl rollout status web@
check "there is nothing to undo" mentions 'nothing to go back to' ctl rollout undo web@
check "the exit status says so" status_is 1 ctl rollout undo web@

# --- the leader is lost on the way, and an agent is restarted
before=$after
check "nobody has to follow" ctl restart --detach --healthy-time 2 web@
check "the first one runs again" eventually 20 some_done
check "the leader is lost" eventually 20 leader_killed
check "it goes on under the next leader" eventually 60 all_done
lab fleetd start "$(<killed)" || true
after=$(processes)
check "each of its processes is another one once more" equal 3 "$(changed "$before" "$after")"
for machine in m1 m2 m3; do
    lab exec "$machine" systemctl restart fleet.service
done
check "all machines are there" eventually 20 lists 3 '^running$' ctl list-machines --no-legend --fields=status
check "a restart of fleetd restarts no unit" equal "$after" "$(processes)"

# --- by name
check "units by name are restarted as well" mentions 'web@2.service launched on' ctl restart web@1 web@2
check "those, and no other" equal 2 "$(changed "$after" "$(processes)")"
client_end
check "no request was lost" lost_none
check "what is not there is not restarted" mentions 'has no instances' ctl restart nobody@
