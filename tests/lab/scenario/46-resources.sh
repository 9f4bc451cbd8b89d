# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 180
# lane: 2
# Memory and CPU that units reserve, and what makes one machine better than another.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

MIB=$((1 << 20))

memory() {
    ctl list-machines --no-legend --output=json --fields=memory | sed -n 's/.*"memory": *\([0-9]*\).*/\1/p' | head -n 1
}

# lend MACHINE [MIB]: of its memory, so much is left for units; without a number all of it.
lend() {
    lab exec "$1" sed -i '/^reserve_memory=/d' /etc/fleet/fleet.conf
    # shellcheck disable=SC2016
    [[ -z ${2-} ]] ||
        lab exec "$1" sh -c 'echo "reserve_memory=$1" >>/etc/fleet/fleet.conf' sh $((MEMORY - $2 * MIB))
    lab exec "$1" systemctl reload fleet.service
}

# limited NAME MIB [X-FLEET LINE...]: one that reserves what systemd lets it have.
limited() {
    unit "$1" '[Service]' 'ExecStart=/bin/sleep infinity' "MemoryMax=$2M" '[X-Fleet]' "${@:3}"
}

waits() {
    mentions "$2" ctl status "$1"
}

MEMORY=$(memory)
check "a machine says how much memory it has" test "${MEMORY:-0}" -gt $((4096 * MIB))
for machine in m1 m2 m3; do
    check "$machine lends 3 GiB of it" lend "$machine" 3072
done

# --- a unit that needs 2 G, while each machine has 1.5 G
limited held@.service 1536
check "units that have half of each machine" ctl start held@1.service held@2.service held@3.service
check "are on different machines" equal "m1 m2 m3" \
    "$(for i in 1 2 3; do where "held@$i.service"; done | sort | paste -sd' ')"
check "their reason is the share" mentions "smallest share reserved (50% with it)" ctl status held@1.service
limited big.service 2048
check "one that needs more than is left anywhere is told why it waits" \
    mentions "0 of 3 machines fit: 3 memory 1.5G free of 3.0G, 2.0G asked" ctl start big.service
check "what is reserved is listed, of what there is to reserve" equal 3 \
    "$(ctl list-machines --no-legend --fields=reserved-memory | grep -cx '1.5G of 3.0G')"
check "status tells the same" waits big.service "3 memory 1.5G free of 3.0G, 2.0G asked"
check "and of each machine" waits big.service ": memory 1.5G free of 3.0G, 2.0G asked"
sleeper plain.service
check "one that reserves nothing is not kept waiting" ctl start plain.service
released=$(where held@2.service)
check "memory is released" ctl destroy held@2.service
check "it starts there by itself" eventually 10 runs_on big.service "$released"
check "and is active" equal active "$(lab exec "$released" systemctl is-active big.service)"

# --- who gets what is released
limited low.service 2048 'Priority=10'
limited high.service 2048 'Priority=90'
ctl start --no-block low.service >/dev/null
ctl start --no-block high.service >/dev/null
check "two wait for the same" eventually 10 waits high.service "memory 1.5G free of 3.0G, 2.0G asked"
check "both" eventually 10 waits low.service "memory 1.5G free of 3.0G, 2.0G asked"
check "room for one" ctl destroy big.service
check "is for the one of the higher priority" eventually 10 runs_on high.service "$released"
check "the other waits on" waits low.service "memory 1.5G free of 3.0G, 2.0G asked"
spare=$(where held@1.service)
check "a machine that lends more from now on" lend "$spare" 4096
check "gets it" eventually 10 runs_on low.service "$spare"

# --- who may push
limited polite.service 2048 'Priority=95'
ctl start --no-block polite.service >/dev/null
check "a high priority alone moves nobody" eventually 10 waits polite.service "2.0G asked"
check "it goes" ctl destroy polite.service
limited urgent.service 2048 'Priority=95' 'Preempt=yes'
before=$(main_pids m1 m2 m3 | grep -v ' low.service$')
check "one that may push others away starts" ctl start urgent.service
check "in the place of the one with the lowest priority" runs_on urgent.service "$spare"
check "its reason says so" mentions "pushes away what has a lower priority: low.service" ctl status urgent.service
check "who had to go waits, and says why" eventually 10 waits low.service "2.0G asked"
check "nobody else was touched" equal "$before" "$(main_pids m1 m2 m3 | grep -v ' urgent.service$')"

# --- CPU
unit cores.service '[Service]' 'ExecStart=/bin/sleep infinity' 'CPUQuota=90000%'
check "CPUQuota is reserved as well" mentions ", 900 asked" ctl start cores.service
unit cores.service '[Service]' 'ExecStart=/bin/sleep infinity' 'CPUQuota=90000%' '[X-Fleet]' 'ReserveCPU=0.1'
check "unless ReserveCPU says something else" ctl start --replace cores.service

# --- better and worse machines
sleeper liked.service 'Prefer=host=m3'
check "Prefer: where it is liked best" ctl start liked.service
check "is m3" runs_on liked.service m3
sleeper shy.service 'Avoid=host=m1 host=m3'
check "Avoid: where nothing speaks against it" ctl start shy.service
check "is m2" runs_on shy.service m2
sleeper even@.service 'Spread=host' 'Prefer=host=m1 100'
check "Spread: over the values of metadata" ctl start even@1.service even@2.service even@3.service
check "whatever is preferred" equal "m1 m2 m3" \
    "$(for i in 1 2 3; do where "even@$i.service"; done | sort | paste -sd' ')"

ctl destroy '*' >/dev/null
for machine in m1 m2 m3; do
    lend "$machine"
done
