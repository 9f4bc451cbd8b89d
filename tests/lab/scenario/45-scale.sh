# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 400
# So many instances of a template are kept, under a service that is asked all the time.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/web.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/web.sh"

# web VERSION: the template's file.
web() {
    unit web@.service '[Service]' "Environment=VERSION=$1" 'ExecStart=/usr/bin/python3 /usr/local/lib/web-server.py 80%i' \
        'Restart=on-failure' '[X-Fleet]' 'HealthCheck=tcp://:80%i' 'HealthInterval=1s' 'HealthStartPeriod=0'
}

# Which instances there are, in order: "1 2 blue".
instances() {
    ctl list-unit-files --no-legend --fields=unit | sed -n 's/^web@\(..*\)\.service$/\1/p' | sort -V | paste -sd' '
}
instances_are() {
    equal "$1" "$(instances)"
}
scale_is() {
    equal "$1" "$(ctl scale --no-legend --fields=unit,wanted,there,running | tr -s ' \t' ' ')"
}
screen_of_scales() {
    ctl status | grep Scales
}

web_install
web 1
check "a template that is not there cannot be scaled" mentions 'does not exist: submit it first' ctl scale web@ 2
(cd "$UNITS" && ctl submit web@.service) >/dev/null
check "nothing is kept yet" prints '' ctl scale --no-legend

# --- up and down
ctl scale web@ 2 >scale.out 2>&1
check "scaling ends well" equal 0 $?
sed 's/^/# /' scale.out
check "each instance has a line" equal 2 "$(grep -c 'Unit web@[12].service launched' scale.out)"
check "they run" eventually 10 running_is 2 '^web@[12]\.'
pids=$(main_pids m1 m2 m3)
client_start
check "up to six" mentions '6 instances run' ctl scale web@.service 6
check "all of them run" eventually 10 running_is 6 '^web@[1-6]\.'
check "it is listed" eventually 10 scale_is 'web@.service 6 6 6'
ctl scale web@ 2 >scale.out 2>&1
check "down to two" equal 0 $?
sed 's/^/# /' scale.out
check "the highest numbers go" instances_are '1 2'
check "each of them has a line" equal 4 "$(grep -c 'Destroyed web@[3-6].service' scale.out)"
check "those that stay were not touched" equal "$pids" "$(main_pids m1 m2 m3)"
check "the same once more changes nothing" mentions '2 instances run' ctl scale web@ 2
check "nor is anything touched" equal "$pids" "$(main_pids m1 m2 m3)"

# --- what is kept comes back, and what no number names is left alone
sleeper web@blue.service
ctl start web@blue.service >/dev/null
ctl scale web@ 3 >/dev/null
ctl destroy --no-block web@3.service >/dev/null
check "an instance that is destroyed comes back" eventually 20 running_is 3 '^web@[1-3]\.'
check "with the one that has a name beside it" instances_are '1 2 3 blue'
check "it counts for nothing" prints 1 ctl scale --no-legend --fields=others
ctl stop web@3.service >/dev/null
check "one that is stopped counts, and stays so" never 3 running_is 3 '^web@[1-3]\.'
check "the screen says so" mentions 'web@.service: 3 wanted, 3 there, 2 running' screen_of_scales
check "scaling tells it, too" status_is 1 ctl scale web@ 3
ctl start web@3.service >/dev/null

# --- the leader is lost on the way
ctl scale --detach web@ 6 >/dev/null
check "the leader is lost" eventually 20 leader_killed
check "it goes on under the next leader" eventually 60 running_is 6 '^web@[1-6]\.'
lab fleetd start "$(<killed)" || true

# --- a deployment at the same time
ctl destroy web@blue.service >/dev/null
web 2
(cd "$UNITS" && ctl deploy --detach --healthy-time 2 web@.service) >/dev/null
check "fewer are kept meanwhile" ctl scale web@ 4
check "and more" ctl scale web@ 5
check "the deployment comes to its end" eventually 90 mentions 'done' ctl rollout status --no-legend --fields=phase
check "all that there are have the new file" equal 5 "$(ctl cat 'web@[1-5].service' | grep -c 'VERSION=2')"
check "what comes later has it, too" mentions '6 instances run' ctl scale web@ 6
check "namely the sixth" mentions 'VERSION=2' ctl cat web@6.service
client_end
check "no request was lost" lost_none

# --- the end
check "no number is kept any more" mentions 'is kept any more' ctl scale --forget web@
check "what is there stays" running_is 6 '^web@[1-6]\.'
ctl destroy web@6.service >/dev/null
check "and does not come back" never 3 running_is 6 '^web@[1-6]\.'
check "nothing is listed" prints '' ctl scale --no-legend
ctl scale web@ 1 >/dev/null
check "of many one is left" instances_are '1'

# --- a backup has the number
ctl backup >backup.json
ctl destroy web@.service >/dev/null
ctl destroy web@1.service >/dev/null
check "a restored backup keeps as many as before" mentions 'Keeping 1 instance of web@.service' ctl restore backup.json
check "as many are there" eventually 20 scale_is 'web@.service 1 1 1'
check "none are kept, either" mentions 'no instance is left' ctl scale web@ 0
check "they are gone" instances_are ''
ctl destroy web@.service >/dev/null
check "with the template the number goes" prints '' ctl scale --no-legend
