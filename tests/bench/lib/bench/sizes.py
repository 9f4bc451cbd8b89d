"""What `bench scale` printed, by the size of the cluster: each result has the rows of a small one and of a large one."""

from bench import scale

# What the page shows of a cluster: heading, phase, field, and what of it is one of the heading's unit.
FIGURES = (
    ("all machines are there, s", "boot", "seconds", 1),
    ("cold start, units/s", "cold-start", "units_per_s", 1),
    ("one more unit, ms (median)", "one-more", "p50_ms", 1),
    ("one more unit, ms (lower quartile)", "one-more", "p25_ms", 1),
    ("`list-units`, ms", "list-units", "again_ms", 1),
    ("`list-units`, ms, asked for the first time", "list-units", "first_ms", 1),
    ("units of a lost machine, ms after its lease", "machine-lost", "after_ms", 1),
    ("a machine joins, ms", "machine-joined", "joined_ms", 1),
    ("1 % of the units replaced, units/s", "replaced", "units_per_s", 1),
    ("a new leader decides, ms after the last one's lease", "leader-killed", "after_ms", 1),
    ("engine, MiB, at most", "leader-killed", "engine_peak_kib", 1024),
    ("engine, processor time of the cold start, s", "cold-start", "engine_cpu_s", 1),
    ("etcd, processor time of the cold start, s", "cold-start", "etcd_cpu_s", 1),
    ("etcd, transactions of the cold start", "cold-start", "etcd_txns", 1),
    ("etcd, transactions for 50 more units", "one-more", "etcd_txns", 1),
    ("etcd, requests in 10 s of rest", "rest", "etcd_requests", 1),
    ("agents' watches, bytes told each in the cold start", "cold-start", "watched_bytes_per_agent", 1),
    ("agents' watches, bytes told each for 50 more units", "one-more", "watched_bytes_per_agent", 1),
)


class Cluster:
    def __init__(self, result, machines):
        self.phases = scale.phases(row for row in result["rows"] if row["machines"] == machines)
        self.machines, self.units = machines, self.phases["cold-start"]["units"]

    def heading(self):
        return f"{self.machines:,} x {self.units:,}"

    def figure(self, phase, field, one):
        value = self.phases[phase].get(field)
        return value if one == 1 or value is None else value / one


def clusters(results):
    """The small one of the last result, and the large one of each."""
    return [Cluster(results[-1], scale.SMALL[0])] + [Cluster(result, result["rows"][-1]["machines"]) for result in results]


def table(results):
    """Headings, and a line for each figure."""
    found = clusters(results)
    return (["machines x units", *[cluster.heading() for cluster in found]],
            [[name, *[cluster.figure(*where) for cluster in found]] for name, *where in FIGURES])


def series(results):
    """For a plot: from a user's request, or a machine's loss, until it runs."""
    found = clusters(results)
    lines = (("one more unit, median", "one-more", "p50_ms"), ("one more unit, lower quartile", "one-more", "p25_ms"),
             ("units of a lost machine, after its lease", "machine-lost", "after_ms"))
    return {name: [(cluster.machines, cluster.figure(phase, field, 1)) for cluster in found] for name, phase, field in lines}
