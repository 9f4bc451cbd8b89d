"""The units of a chaos run: one table, from which come the unit files, and what the checker expects of each."""

LIFE = "/usr/local/bin/life"


def service(name, version, verb, *lines, kind=None):
    """The text of a unit file whose process keeps a record of its life."""
    text = ["[Service]", *([f"Type={kind}"] if kind else []), f"ExecStart={LIFE} {version} {name} {verb}",
            f"ExecStopPost={LIFE} {version} {name} end"]
    fleet = [line for line in lines if line.split("=")[0] in FLEET_OPTIONS]
    text += [line for line in lines if line not in fleet]
    return "\n".join(text + (["[X-Fleet]", *fleet] if fleet else [])) + "\n"


FLEET_OPTIONS = {"Global", "MachineMetadata", "MachineOf", "Conflicts", "Replaces", "StopAfterDisconnect", "HealthCheck",
                 "HealthInterval", "HealthTimeout", "HealthStartPeriod"}

# What runs from the beginning to the end and no user touches: how many | name | what it does | lines | what is
# expected of it. `guarded`: never twice, not even while its machine is cut off. `machine`: the only one it may run on. `conflicts`: never together with others of the same word.
# `with`: only where that unit is. `ends`: its process ends by itself. `anywhere`: if one machine is lost, another
# takes it.
FIXED = [
    (8, "steady-{n}", "run", [], {"anywhere": True}),
    (4, "part@{n}", "run", [], {"anywhere": True}),
    (1, "everywhere", "run", ["Global=true"], {"global": True}),
    (1, "watcher-m2", "run", ["Global=true", "MachineMetadata=host=m2"], {"global": True, "machine": "m2"}),
    (3, "pinned-m{n}", "run", ["MachineMetadata=host=m{n}"], {"machine": "m{n}"}),
    (3, "rival@{n}", "run", ["Conflicts=rival@*"], {"conflicts": "rival"}),
    (1, "lead", "run", [], {"anywhere": True}),
    (1, "follow", "run", ["MachineOf=lead.service"], {"with": "lead.service", "anywhere": True}),
    (2, "guarded-{n}", "run", ["TimeoutStopSec=2s", "StopAfterDisconnect=10s"], {"guarded": True}),
    (2, "flap-{n}", "fail", ["Restart=always", "RestartSec=1"], {"ends": True, "anywhere": True}),
]
CHURNED = [f"churn-{n}.service" for n in range(1, 9)]
OPERATED = ["web@.service", "pool@.service"]  # templates of which so many instances are kept, in versions
ILL = ["HealthCheck=exec:/bin/false", "HealthInterval=2s", "HealthTimeout=1s", "HealthStartPeriod=2s"]


def fixed_units():
    """{name: (text, expectations)} of the units that no user touches."""
    units = {}
    for count, pattern, verb, lines, expected in FIXED:
        for n in range(1, count + 1):
            name = pattern.format(n=n) + ".service"
            text = service(name, 1, verb, *(line.format(n=n) for line in lines))
            units[name] = (text, {key: value.format(n=n) if isinstance(value, str) else value
                                  for key, value in expected.items()})
    return units


def churned_unit(name, version):
    return service(name, version, "run")


def once_unit(name):
    return service(name, 1, "once", kind="oneshot")


def operated_unit(version, verb):
    """A template's file: `run`, or what never comes to be well: `broken` ends at once, `ill` runs and fails its check."""
    return service("%n", version, "run" if verb == "ill" else verb, *(ILL if verb == "ill" else []))


def template_of(unit):
    """That of which it is an instance, if it is an operator's; else None."""
    template = unit.partition("@")[0] + "@.service"
    return template if "@" in unit and template in OPERATED and unit != template else None
