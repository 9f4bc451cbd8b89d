/* The table of commands. A further one is a row here, a file with its function, and a section in
 * docs/fleetctl.1. */
#include "fleetctl/commands/command.h"

#include <limits.h>

#define FLAGS_WAIT (FLAG_BIT(FLAG_NO_BLOCK) | FLAG_BIT(FLAG_BLOCK_ATTEMPTS))
#define FLAGS_LIST \
    (FLAG_BIT(FLAG_NO_LEGEND) | FLAG_BIT(FLAG_FULL) | FLAG_BIT(FLAG_FIELDS) | FLAG_BIT(FLAG_OUTPUT))
#define FLAGS_ROLLOUT \
    (FLAG_BIT(FLAG_PARALLEL) | FLAG_BIT(FLAG_CANARIES) | FLAG_BIT(FLAG_HEALTHY_TIME) | \
     FLAG_BIT(FLAG_HEALTHY_DEADLINE) | FLAG_BIT(FLAG_ON_FAILURE) | FLAG_BIT(FLAG_ORDER) | \
     FLAG_BIT(FLAG_MESSAGE) | FLAG_BIT(FLAG_DETACH))
#define FLAGS_LIST_UNITS (FLAGS_LIST | FLAG_BIT(FLAG_STATE) | FLAG_BIT(FLAG_MACHINE))

#define MANY(what) \
    .operands = what, .operands_min = 1, .operands_max = SIZE_MAX, .too_few = "No units given"
#define MANY_UNITS MANY("UNIT...")
#define MANY_MACHINES \
    .operands = "MACHINE...", .operands_min = 1, .operands_max = SIZE_MAX, \
    .too_few = "No machines given"
#define MANY_FILES MANY("UNIT|FILE...") /* what is not yet known has a file */

const Command commands[] = {
    {
        .name = "submit",
        MANY_FILES,
        .flags = FLAG_BIT(FLAG_REPLACE),
        .summary = "Make units known to the cluster without placing them",
        .description = "Each is a unit file, or the name of an instance whose template is a "
                       "file or known to the cluster.\n"
                       "All files are checked first: when one of them is wrong, nothing is sent. A "
                       "unit that the cluster knows\n"
                       "already stays as it is, with a warning if the local file differs; "
                       "--replace replaces it as long as it is\n"
                       "inactive.",
        .run = command_submit,
    },
    {
        .name = "load",
        MANY_FILES,
        .flags = FLAG_BIT(FLAG_REPLACE) | FLAGS_WAIT,
        .summary = "Place units on machines without starting them",
        .description = "Units that the cluster does not know are submitted first. Waits until "
                       "systemd on the chosen machine has\n"
                       "the unit; for global units it does not wait. A unit that runs is stopped "
                       "and stays loaded.",
        .run = command_load,
    },
    {
        .name = "start",
        MANY_FILES,
        .flags = FLAG_BIT(FLAG_REPLACE) | FLAGS_WAIT | FLAG_BIT(FLAG_WAIT_HEALTHY),
        .summary = "Place and start units",
        .description = "Units that the cluster does not know are submitted first. Waits until "
                       "systemd has started them, and says\n"
                       "where and why, with the last lines of the log, if one failed. A unit that "
                       "fits on no machine ends the wait\n"
                       "with the reasons; it stays submitted, and starts when a machine fits. For "
                       "global units it does not wait.\n"
                       "With --replace a unit that runs is replaced and started anew. With "
                       "--wait-healthy the wait "
                       "goes on until the\n"
                       "health checks of those that have one say that they are well; one that is "
                       "unhealthy ends it\n"
                       "with exit status 1.",
        .run = command_start,
    },
    {
        .name = "plan",
        .operands = "FILE...|UNIT...|MACHINE...",
        .operands_min = 1,
        .operands_max = SIZE_MAX,
        .too_few =
            "No unit files given; nor units, with --stop or --destroy, nor machines, with --drain",
        .flags = FLAG_BIT(FLAG_STOP) | FLAG_BIT(FLAG_DESTROY) | FLAG_BIT(FLAG_DRAIN) |
                 FLAG_BIT(FLAG_NO_LEGEND) | FLAG_BIT(FLAG_FULL) | FLAG_BIT(FLAG_OUTPUT),
        .summary = "Show what would happen, without doing it",
        .description = "How each FILE differs from what is in the cluster, and which units would "
                       "start, stop, restart, move or wait,\n"
                       "where and why, if it was deployed: a unit that runs gets the file, a new "
                       "one is started, and of a template\n"
                       "all instances get it. With --stop or --destroy of units, with --drain of "
                       "machines. What is under way counts\n"
                       "as done, and all goes well.\n"
                       "Exits 0 when nothing would change, 2 when something would, 1 when that "
                       "cannot be told.\n"
                       "Formats: table, json; the latter without the differences of files.",
        .run = command_plan,
    },
    {
        .name = "deploy",
        .operands = "FILE...",
        .operands_min = 1,
        .operands_max = SIZE_MAX,
        .too_few = "No unit files given",
        .flags = FLAGS_ROLLOUT | FLAG_BIT(FLAG_CHECK_REVISION),
        .summary = "Roll changed unit files out, step by step",
        .description = "Over the unit of the file's name, or, of a template, over all of its "
                       "instances and then the template\n"
                       "itself; of a global unit, machine by machine. The next one has its turn "
                       "when this one was up and healthy\n"
                       "for a while; when one is not in time, all get back what they had. A unit "
                       "that the cluster does not know\n"
                       "is started. Follows how it goes; the cluster goes on with it also when "
                       "nobody does. Exits 1 if it was not\n"
                       "done. A new deployment replaces one that is under way.",
        .run = command_deploy,
    },
    {
        .name = "rollout",
        .operands = "status|pause|resume|promote|undo [UNIT]",
        .operands_min = 1,
        .operands_max = 2,
        .too_few = "None of status, pause, resume, promote and undo given",
        .flags = FLAGS_LIST | FLAG_BIT(FLAG_DETACH),
        .summary = "Look at deployments, and say how they are to go on",
        .description = "status lists what was deployed last, or the units of one. pause lets no "
                       "further unit have its turn;\n"
                       "resume goes on, also with one that was paused by a failure; promote goes "
                       "on with those that wait for\n"
                       "it (UpdateCanaries=); undo gives all units back what they had, also of a "
                       "deployment that is done.\n"
                       "UNIT is a unit or a template, as it was deployed.\n"
                       "Fields: unit, phase, done, since, why, hash, message, kind; by default the "
                       "first five; of one: unit (or machine, of a global unit), phase, why.\n"
                       "Formats: table, json; JSON has the same rows and columns, an empty cell is "
                       "null.",
        .run = command_rollout,
    },
    {
        .name = "scale",
        .operands = "[TEMPLATE [COUNT]]",
        .operands_max = 2,
        .flags = FLAGS_LIST | FLAG_BIT(FLAG_FORGET) | FLAG_BIT(FLAG_DETACH),
        .summary = "Keep so many instances of a template",
        .description = "Missing ones are created and started, as app@1, app@2 and so on: the "
                       "lowest numbers that are free, with\n"
                       "the file that the template has then. Surplus ones are destroyed, the "
                       "highest numbers first. What no\n"
                       "number names, like app@blue, does not count and is left alone; what users "
                       "have stopped counts, and\n"
                       "stays so. One that is destroyed comes back. Follows how it goes; the "
                       "cluster goes on with it also when\n"
                       "nobody does. Exits 1 if not all of them run. --forget keeps no number any "
                       "more, and leaves what is\n"
                       "there. Without COUNT the numbers that are kept are listed.\n"
                       "Fields: unit, wanted, there, running, since, why, others; by default all "
                       "but the last.\n"
                       "Formats: table, json; JSON has the same rows and columns, an empty cell is "
                       "null.",
        .run = command_scale,
    },
    {
        .name = "wait",
        MANY_UNITS,
        .flags = FLAG_BIT(FLAG_FOR) | FLAG_BIT(FLAG_TIMEOUT),
        .summary = "Wait until units are in a state",
        .description =
            "UNIT may be a glob over the units of the cluster. Asks for nothing. Without "
            "--for it waits until they run.\n"
            "Of a unit on several machines one counts. One that has failed or is unknown ends the "
            "wait for it with exit\n"
            "status 1; so does, with --for=healthy, one that is unhealthy, which has not failed. "
            "If "
            "only the time is up,\n"
            "that is 124.\n"
            "A unit without a health check is healthy when it runs; gone is one that the cluster "
            "does not know and no\n"
            "machine has.",
        .run = command_wait,
    },
    {
        .name = "stop",
        MANY_UNITS,
        .flags = FLAGS_WAIT,
        .summary = "Stop units, but leave them on their machines",
        .description = "UNIT may be a glob over the units of the cluster. Waits until systemd has "
                       "stopped them; for\n"
                       "global units it does not wait.",
        .run = command_stop,
    },
    {
        .name = "unload",
        MANY_UNITS,
        .flags = FLAGS_WAIT,
        .summary = "Stop units and take them off their machines",
        .description = "UNIT may be a glob over the units of the cluster. They stay submitted. "
                       "Waits until no machine has\n"
                       "them any more.",
        .run = command_unload,
    },
    {
        .name = "destroy",
        MANY_UNITS,
        .flags = FLAGS_WAIT,
        .summary = "Stop units and make the cluster forget them",
        .description = "UNIT may be a glob over the units of the cluster. Waits until no machine "
                       "has them any more.",
        .run = command_destroy,
    },
    {
        .name = "restart",
        MANY("UNIT|TEMPLATE..."),
        .flags = FLAG_BIT(FLAG_BLOCK_ATTEMPTS) | FLAGS_ROLLOUT,
        .summary = "Restart units, one after another",
        .description =
            "UNIT may be a glob over the units of the cluster. Each unit is stopped and started "
            "where it is, unless its\n"
            "file has the next one started first (UpdateOrder=), as soon as its group may have "
            "one more down\n"
            "(MaxUnavailable=); the next one has its turn only when this one runs again, and the "
            "first failure ends the\n"
            "roll. Units that are only loaded are started. A global unit is stopped everywhere "
            "before it is started again.\n"
            "Of a TEMPLATE, as app@, all instances that are to run have their turn, as deploy "
            "goes through them. A failure\n"
            "pauses that, as there is nothing to go back to. The cluster goes on with it also when "
            "nobody follows,\n"
            "'fleetctl rollout' pauses and resumes it, and the exit status is that of deploy.",
        .run = command_restart,
    },
    {
        .name = "status",
        .operands = "[UNIT...]",
        .operands_max = SIZE_MAX,
        .flags = FLAG_BIT(FLAG_SSH_PORT) | FLAG_BIT(FLAG_FULL) | FLAG_BIT(FLAG_OUTPUT),
        .summary = "Show how the cluster is, or how units are, where, and why there",
        .description = "Without a UNIT: machines, units, leader, store, what is under way, what "
                       "waits and what is wrong, on one\n"
                       "screen. Exits 0 when all is as it should be, 3 when something is not, 1 "
                       "when that cannot be told.\n"
                       "UNIT may be a glob over the units of the cluster. For a unit that waits "
                       "for a place the reasons of each\n"
                       "machine are shown, for one that failed the last lines of its log. Then "
                       "systemctl status is shown, from\n"
                       "another machine if ssh gets there without asking; of global units only "
                       "from this machine. Exits 0 when\n"
                       "all run, 3 when one does not run or is unhealthy, 1 when one is unknown or "
                       "on no machine; one that does\n"
                       "not run, where systemctl was asked, as it did.\n"
                       "Formats: table, json; the latter without a UNIT only.",
        .run = command_status,
    },
    {
        .name = "events",
        .operands = "[UNIT...]",
        .operands_max = SIZE_MAX,
        .flags = FLAG_BIT(FLAG_FOLLOW) | FLAG_BIT(FLAG_FULL) | FLAG_BIT(FLAG_OUTPUT),
        .summary = "Show what happened to units, or what happens in the cluster",
        .description = "When units were placed on machines and left them, and why, as far as that "
                       "is kept: the last ten\n"
                       "placements of each. With --follow what happens from now on, until "
                       "interrupted: also to machines, and\n"
                       "whether units are active, failed, healthy, or wait. UNIT may be a glob; "
                       "with --follow and a UNIT only\n"
                       "units are told of.\n"
                       "Formats: text, json; the latter an object a line.",
        .run = command_events,
    },
    {
        .name = "journal",
        .operands = "UNIT",
        .operands_min = 1,
        .operands_max = 1,
        .too_few = "No unit given",
        .flags = FLAG_BIT(FLAG_LINES) | FLAG_BIT(FLAG_FOLLOW) | FLAG_BIT(FLAG_OUTPUT) |
                 FLAG_BIT(FLAG_SUDO) | FLAG_BIT(FLAG_MACHINE) | FLAG_BIT(FLAG_SSH_PORT),
        .summary = "Show the journal of a unit",
        .description = "Runs journalctl on the machine that the unit is on: without ssh when it is "
                       "this one. For a unit on several\n"
                       "machines --machine chooses one.\n"
                       "Formats: short, short-iso, short-precise, short-full, verbose, json, "
                       "json-pretty, cat, export; and others of\n"
                       "journalctl's (default short).",
        .run = command_journal,
    },
    {
        .name = "ssh",
        .operands = "[MACHINE|UNIT] [COMMAND...]",
        .operands_max = SIZE_MAX,
        .passes_flags = true,
        .flags = FLAG_BIT(FLAG_MACHINE) | FLAG_BIT(FLAG_UNIT) | FLAG_BIT(FLAG_FORWARD_AGENT) |
                 FLAG_BIT(FLAG_SSH_PORT),
        .summary = "Open a shell, or run a command, on a machine or where a unit is",
        .description = "Runs ssh, as configured for the user. MACHINE is an id, the beginning of "
                       "one, or an address; with --machine\n"
                       "or --unit all operands are the command. What follows MACHINE or UNIT is "
                       "the command, also if it looks\n"
                       "like a flag. The exit status is the command's; 255 when ssh failed.",
        .run = command_ssh,
    },
    {
        .name = "cat",
        MANY_UNITS,
        .summary = "Print the unit file of a unit, byte for byte",
        .description = "UNIT may be a glob over the units of the cluster. UNIT@VERSION, as in "
                       "web.service@3, is a file that it has\n"
                       "had, see history; there UNIT is a whole name, with its type.",
        .run = command_cat,
    },
    {
        .name = "history",
        .operands = "UNIT",
        .operands_min = 1,
        .operands_max = 1,
        .too_few = "No unit given",
        .flags = FLAGS_LIST,
        .summary = "List the files that a unit has had: its versions",
        .description = "Each submission of another file is a new version. The last 10 are kept, "
                       "until the unit is destroyed.\n"
                       "Fields: version, hash, time; by default all.\n"
                       "Formats: table, json; JSON has the same rows and columns, an empty cell is "
                       "null.",
        .run = command_history,
    },
    {
        .name = "diff",
        .operands = "UNIT [VERSION [VERSION]]",
        .operands_min = 1,
        .operands_max = 3,
        .too_few = "No unit given",
        .summary = "Show what differs between versions of a unit file",
        .description = "The last two versions; VERSION and the present file; or the two that are "
                       "given. The exit status is that of\n"
                       "diff: 0 without a difference, 1 with one, 2 on trouble.",
        .run = command_diff,
    },
    {
        .name = "list-units",
        .operands = "[UNIT...]",
        .operands_max = SIZE_MAX,
        .flags = FLAGS_LIST_UNITS,
        .summary = "List the units on machines and their states",
        .description = "One line for each machine that a unit is on. UNIT may be a glob.\n"
                       "Fields: unit, machine, active, sub, load, hash, health, failures, retry; "
                       "by default the first "
                       "four.\n"
                       "States: active, inactive, failed, activating, deactivating, reloading, "
                       "running, exited, dead, healthy, unhealthy; and whatever\n"
                       "else systemd says in these columns.\n"
                       "Formats: table, json; JSON has the same rows and columns, an empty cell is "
                       "null.",
        .run = command_list_units,
    },
    {
        .name = "list-unit-files",
        .operands = "[UNIT...]",
        .operands_max = SIZE_MAX,
        .flags = FLAGS_LIST_UNITS,
        .summary = "List all units that the cluster knows",
        .description = "UNIT may be a glob.\n"
                       "Fields: unit, hash, dstate, state, target, global, desc, tmachine; by "
                       "default the first five.\n"
                       "States: inactive, loaded, launched; of a global unit, the wanted one.\n"
                       "Formats: table, json; JSON has the same rows and columns, an empty cell is "
                       "null.",
        .run = command_list_unit_files,
    },
    {
        .name = "list-machines",
        .operands = "[MACHINE...]",
        .operands_max = SIZE_MAX,
        .flags = FLAGS_LIST,
        .summary = "List the machines of the cluster",
        .description = "MACHINE is an id, its beginning, an address, a glob over these, or "
                       "metadata as KEY=VALUE.\n"
                       "A machine is restarting while its fleetd has been stopped cleanly and is "
                       "expected back; its units run on.\n"
                       "One that is cordoned or drained says so.\n"
                       "Fields: machine, ip, metadata, status, message, cores, memory, "
                       "reserved-memory, reserved-cpu; by default the\n"
                       "first four. What is reserved is of the memory and cores that units may "
                       "reserve, see fleet-unit(5).\n"
                       "Formats: table, json; JSON has the same rows and columns, an empty cell is "
                       "null.",
        .run = command_list_machines,
    },
    {
        .name = "cordon",
        MANY_MACHINES,
        .flags = FLAG_BIT(FLAG_MESSAGE),
        .summary = "Let machines get no more units",
        .description =
            "What they have runs on. MACHINE is an id, its beginning, an address, a "
            "glob over these, or metadata as\n"
            "KEY=VALUE; a machine that is away is named by its id, or the beginning of it if it "
            "is cordoned, drained or to be\n"
            "rebooted, as status shows it.",
        .run = command_cordon,
    },
    {
        .name = "uncordon",
        MANY_MACHINES,
        .summary = "Let machines get units again",
        .run = command_uncordon,
    },
    {
        .name = "drain",
        MANY_MACHINES,
        .flags = FLAG_BIT(FLAG_MESSAGE) | FLAG_BIT(FLAG_DEADLINE) | FLAG_BIT(FLAG_IGNORE_GLOBAL) |
                 FLAG_BIT(FLAG_DETACH),
        .summary = "Move all units away from machines",
        .description = "Units leave only when another machine has room for them, and no more of a "
                       "group at a time than its\n"
                       "MaxUnavailable= allows; global units are stopped last. Follows how it "
                       "goes, and says of each unit that\n"
                       "stays why it does; the drain itself goes on also when nobody follows it. "
                       "The machine gets no units before\n"
                       "undrain. MACHINE as of cordon.",
        .run = command_drain,
    },
    {
        .name = "undrain",
        MANY_MACHINES,
        .flags = FLAG_BIT(FLAG_KEEP_CORDONED),
        .summary = "End the drain of machines, and let them get units again",
        .description = "What has left stays where it is, and what is only cordoned stays so.",
        .run = command_undrain,
    },
    {
        .name = "rebalance",
        .flags = FLAG_BIT(FLAG_MAX_MOVES) | FLAG_BIT(FLAG_DRY_RUN) | FLAG_BIT(FLAG_DETACH) |
                 FLAG_BIT(FLAG_CANCEL) | FLAG_BIT(FLAG_NO_LEGEND) | FLAG_BIT(FLAG_FULL),
        .summary = "Move units to even the load out over the machines",
        .description = "Machines that join get new units, and never those that run; this moves "
                       "some of them, after what they say of\n"
                       "spreading and preferring, and by what least loaded means. Shows the moves, "
                       "and then how they go; they are\n"
                       "made within the budgets (MaxUnavailable=), also when nobody follows, and "
                       "one that would not help any more is\n"
                       "dropped. Another rebalance takes the place of the one that is under way. "
                       "With --dry-run the exit status is\n"
                       "0 when nothing would move, and 2 when something would. --cancel leaves "
                       "alone what moves already.",
        .run = command_rebalance,
    },
    {
        .name = "failover",
        .flags = FLAG_BIT(FLAG_NOW),
        .summary = "Give up vanished machines that the cluster holds on to",
        .description = "When more than half of the machines vanish at once, their units are not "
                       "moved for a time (failover_hold of\n"
                       "fleetd), as they may well be back. With --now they are moved at once.",
        .run = command_failover,
    },
    {
        .name = "reboot",
        .operands = "MACHINE...|--all",
        .operands_max = SIZE_MAX,
        .flags = FLAG_BIT(FLAG_ALL) | FLAG_BIT(FLAG_MAX_PARALLEL) | FLAG_BIT(FLAG_DEADLINE) |
                 FLAG_BIT(FLAG_TIMEOUT) | FLAG_BIT(FLAG_MESSAGE) | FLAG_BIT(FLAG_DETACH) |
                 FLAG_BIT(FLAG_CANCEL),
        .summary = "Drain and reboot machines, one after another",
        .description = "Each waits for its turn, is drained but for global units, reboots, and "
                       "gets units again; when these run\n"
                       "the next one has its turn. The cluster goes on with it also when nobody "
                       "follows. A machine that is not\n"
                       "back in time, or whose units do not start, has failed, and all others "
                       "wait until it is put right or\n"
                       "cancelled. --cancel does not stop a machine that goes down already. "
                       "Exits 1 when one has failed or was\n"
                       "cancelled. MACHINE as of cordon.",
        .run = command_reboot,
    },
    {
        .name = "list-reboots",
        .operands = "[MACHINE...]",
        .operands_max = SIZE_MAX,
        .flags = FLAGS_LIST,
        .summary = "List the machines that are to be rebooted",
        .description = "The phase of each: waiting for its turn, draining, rebooting, returning, "
                       "or failed; all but the first\n"
                       "count for --max-parallel of reboot. MACHINE is an id or a glob.\n"
                       "Fields: machine, phase, since, why, message; by default the first "
                       "four.\n"
                       "Formats: table, json; JSON has the same rows and columns, an empty cell is "
                       "null.",
        .run = command_list_reboots,
    },
    {
        .name = "list-orphans",
        .operands = "[UNIT...]",
        .operands_max = SIZE_MAX,
        .flags = FLAGS_LIST_UNITS,
        .summary = "List the units that machines have for another cluster",
        .description = "They are kept as they are since the store lost its data or was replaced: "
                       "see adopt. One line for each\n"
                       "machine that a unit is on. UNIT may be a glob.\n"
                       "Fields: unit, machine, dstate, hash, known, cluster; by default the first "
                       "four.\n"
                       "States: loaded, launched.\n"
                       "Formats: table, json; JSON has the same rows and columns, an empty cell is "
                       "null.",
        .run = command_list_orphans,
    },
    {
        .name = "adopt",
        .operands = "[UNIT...]",
        .operands_max = SIZE_MAX,
        .flags = FLAG_BIT(FLAG_ALL) | FLAG_BIT(FLAG_FORGET) | FLAG_BIT(FLAG_DRY_RUN) | FLAGS_WAIT,
        .summary = "Take units over that machines have for another cluster",
        .description = "Each is submitted with the file and the state that it has on its machine, "
                       "and stays there: nothing is\n"
                       "restarted. UNIT may be a glob over the orphans; --all takes all of them. "
                       "Of an ordinary unit that\n"
                       "several machines have, one goes on and the others stop. With --forget they "
                       "are adopted and then\n"
                       "destroyed.",
        .run = command_adopt,
    },
    {
        .name = "backup",
        .summary = "Print all that users have asked of the cluster, for restore",
        .description = "Units with their files and desired states, how many instances of templates "
                       "are kept, and the metadata of\n"
                       "machines that were set, as JSON whose order does not change: fit for a "
                       "file under version control.",
        .run = command_backup,
    },
    {
        .name = "restore",
        .operands = "FILE",
        .operands_min = 1,
        .operands_max = 1,
        .too_few = "No file given",
        .flags = FLAG_BIT(FLAG_REPLACE) | FLAG_BIT(FLAG_DRY_RUN),
        .summary = "Bring a cluster to what a backup says",
        .description = "FILE is what backup printed; - is standard input. All of it is checked "
                       "first: when anything is wrong,\n"
                       "nothing is sent. What is there already and differs stays as it is, unless "
                       "--replace is given; what the\n"
                       "backup does not name is left alone. Does not wait for units to start.",
        .run = command_restore,
    },
    {
        .name = "verify",
        MANY_UNITS,
        .is_local = true,
        .summary = "Check unit files as submit does, without sending them",
        .description = "Each UNIT is a unit file, or an instance of a template that is one. No "
                       "fleetd is asked.",
        .run = command_verify,
    },
    {
        .name = "explain",
        .operands = "[OPTION...]",
        .operands_max = SIZE_MAX,
        .is_local = true,
        .summary = "Print the manual of options of unit files and of fleet.conf",
        .description = "OPTION is one of [X-Fleet], like MachineOf, or of fleet.conf, like "
                       "agent_ttl; without any, all are listed.\n"
                       "The texts are those of fleet-unit(5) and fleet.conf(5).",
        .run = command_explain,
    },
    {
        .name = "fd-forward",
        .operands = "PATH",
        .operands_min = 1,
        .operands_max = 1,
        .too_few = "No path of a socket given",
        .is_local = true,
        .summary = "Connect standard input and output to a unix socket",
        .description = "The far end of --tunnel.",
        .run = command_fd_forward,
    },
    {
        .name = "help",
        .operands = "[COMMAND]",
        .operands_max = 1,
        .is_local = true,
        .summary = "Print help, also on one command",
        .description =
            "An unambiguous beginning of a command's name is enough, here and everywhere.",
        .run = command_help,
    },
    {
        .name = "version",
        .is_local = true,
        .summary = "Print the version of fleetctl",
        .run = command_version,
    },
    {},
};
