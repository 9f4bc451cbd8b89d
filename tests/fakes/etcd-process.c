#include "tests/fakes/etcd-process.h"

#include "fleetd/base/strv.h"
#include "tests/fakes/shell-command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMBERS_MAX 5
#define START_MAX_SECONDS 20
#define METRICS_MAX ((size_t) 1024 * 1024)

typedef struct Member {
    pid_t pid; /* 0: not running */
    unsigned client_port, peer_port, health_port;
} Member;

struct EtcdProcess {
    char directory[PATH_MAX];
    size_t n;
    Member members[MEMBERS_MAX];
    char *urls[MEMBERS_MAX + 1];
    char *initial_cluster;
    EtcdProcessOptions options;
};

static char *find_in_path(const char *name) {
    char **directories = NULL, *found = NULL;
    if (strv_split(str_or(getenv("PATH"), "/usr/bin"), ":", &directories) < 0)
        return NULL;
    STRV_FOREACH (directory, directories) {
        char *path = str_printf("%s/%s", *directory, name);
        if (!found && path && access(path, X_OK) == 0)
            found = path;
        else
            free(path);
    }
    strv_free(directories);
    return found;
}

bool etcd_process_is_available(void) {
    _cleanup_free_ char *path = find_in_path("etcd");
    return path != NULL;
}

static struct sockaddr_in loopback(unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* Sockets stay open until all ports are chosen, so that they differ. */
static int port_choose(int *ret_fd, unsigned *ret_port) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*ret_fd < 0 || bind(*ret_fd, (struct sockaddr *) &address, size) < 0 ||
        getsockname(*ret_fd, (struct sockaddr *) &address, &size) < 0)
        return -errno;
    *ret_port = ntohs(address.sin_port);
    return 0;
}

static int ports_choose(EtcdProcess *etcd) {
    int fds[3 * MEMBERS_MAX], r = 0;
    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        fds[i] = -1;
    for (size_t i = 0; i < etcd->n && r >= 0; i++) {
        r = port_choose(&fds[3 * i], &etcd->members[i].client_port);
        if (r >= 0)
            r = port_choose(&fds[3 * i + 1], &etcd->members[i].peer_port);
        if (r >= 0)
            r = port_choose(&fds[3 * i + 2], &etcd->members[i].health_port);
    }
    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return r;
}

static int addresses_init(EtcdProcess *etcd) {
    char **pieces = NULL;
    int r = 0;
    for (size_t i = 0; i < etcd->n && r >= 0; i++) {
        _cleanup_free_ char *piece =
            str_printf("m%zu=http://127.0.0.1:%u", i, etcd->members[i].peer_port);
        etcd->urls[i] = str_printf("%s://127.0.0.1:%u", etcd->options.is_tls ? "https" : "http",
                                   etcd->members[i].client_port);
        r = piece && etcd->urls[i] ? strv_push(&pieces, piece) : -ENOMEM;
    }
    etcd->initial_cluster = r < 0 ? NULL : strv_join(pieces, ",");
    strv_free(pieces);
    return etcd->initial_cluster ? 0 : -ENOMEM;
}

static _noreturn_ void member_exec(const EtcdProcess *etcd, size_t i, pid_t parent) {
    const Member *member = &etcd->members[i];
    char *name = str_printf("m%zu", i);
    char *data = str_printf("%s/%s", etcd->directory, name);
    char *log = str_printf("%s.log", data);
    char *peer = str_printf("http://127.0.0.1:%u", member->peer_port);
    char *health = str_printf("http://127.0.0.1:%u", member->health_port);
    /* Quick elections, as the members are a memory copy apart. Health is asked for without TLS. */
    const char *argv[64] = {"etcd",
                            "--name",
                            name,
                            "--data-dir",
                            data,
                            "--listen-client-urls",
                            etcd->urls[i],
                            "--advertise-client-urls",
                            etcd->urls[i],
                            "--listen-peer-urls",
                            peer,
                            "--initial-advertise-peer-urls",
                            peer,
                            "--initial-cluster",
                            etcd->initial_cluster,
                            "--listen-metrics-urls",
                            health,
                            "--heartbeat-interval",
                            "50",
                            "--election-timeout",
                            "500",
                            "--logger",
                            "zap"};
    size_t n = 0;
    while (argv[n])
        n++;
    for (const char *const *p = etcd->options.arguments; p && *p && n < ELEMENTSOF(argv) - 1; p++)
        argv[n++] = *p;
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 || getppid() != parent)
        _exit(126);
    execvp(argv[0], (char *const *) argv);
    _exit(127);
}

static int member_spawn(EtcdProcess *etcd, size_t i) {
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        member_exec(etcd, i, parent);
    etcd->members[i].pid = pid;
    return 0;
}

/* The answer to a request that is text, up to size - 1 bytes; "" if there is none. */
static void port_ask(unsigned port, const char *request, char *ret, size_t size) {
    struct sockaddr_in address = loopback(port);
    struct timeval timeout = {.tv_sec = 1};
    ssize_t n = 1;
    size_t used = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0 &&
        send(fd, request, strlen(request), MSG_NOSIGNAL) > 0)
        for (; n > 0 && used<size - 1; used += n> 0 ? (size_t) n : 0)
            n = recv(fd, ret + used, size - 1 - used, 0);
    ret[used] = '\0';
    close(fd);
}

static bool member_is_healthy(const Member *member) {
    char answer[512];
    port_ask(member->health_port, "GET /health HTTP/1.0\r\n\r\n", answer, sizeof(answer));
    return strstr(answer, "\"health\":\"true\"") != NULL;
}

static int member_wait(Member *member) {
    for (time_t deadline = time(NULL) + START_MAX_SECONDS; time(NULL) < deadline;) {
        if (member_is_healthy(member))
            return 0;
        if (waitpid(member->pid, NULL, WNOHANG) != 0) {
            member->pid = 0;
            return -ECHILD;
        }
        usleep(10000);
    }
    return -ETIMEDOUT;
}

static int cluster_start(EtcdProcess *etcd) {
    int r = ports_choose(etcd);
    if (r >= 0)
        r = addresses_init(etcd);
    for (size_t i = 0; i < etcd->n && r >= 0; i++)
        r = member_spawn(etcd, i);
    for (size_t i = 0; i < etcd->n && r >= 0; i++)
        r = member_wait(&etcd->members[i]);
    return r;
}

static EtcdProcess *start_once(size_t n_members, const EtcdProcessOptions *options) {
    EtcdProcess *etcd = calloc(1, sizeof(*etcd));
    if (!etcd || n_members > MEMBERS_MAX) {
        free(etcd);
        return NULL;
    }
    etcd->n = n_members;
    etcd->options = *options;
    snprintf(etcd->directory, sizeof(etcd->directory), "%s/fleet-test-etcd-XXXXXX",
             str_or(getenv("TMPDIR"), "/tmp"));
    int r = mkdtemp(etcd->directory) ? cluster_start(etcd) : -errno;
    if (r < 0) {
        fprintf(stderr, "# Failed to start etcd: %s\n", strerror(-r));
        etcd_process_free(etcd);
        return NULL;
    }
    return etcd;
}

/* Again, as somebody may take a port between its choice and its use. */
EtcdProcess *etcd_process_start_with(size_t n_members, const EtcdProcessOptions *options) {
    EtcdProcess *etcd = NULL;
    for (int i = 0; i < 3 && !etcd; i++)
        etcd = start_once(n_members, options);
    return etcd;
}

EtcdProcess *etcd_process_start(size_t n_members) {
    return etcd_process_start_with(n_members, &(EtcdProcessOptions){});
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    return remove(path);
}

void etcd_process_free(EtcdProcess *etcd) {
    if (!etcd)
        return;
    for (size_t i = 0; i < etcd->n; i++) {
        etcd_process_kill(etcd, i);
        free(etcd->urls[i]);
    }
    nftw(etcd->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(etcd->initial_cluster);
    free(etcd);
}

const char *etcd_process_url(const EtcdProcess *etcd, size_t member) {
    return etcd->urls[member];
}

char *const *etcd_process_urls(const EtcdProcess *etcd) {
    return etcd->urls;
}

int etcd_process_post(const EtcdProcess *etcd, size_t member, const char *path, const char *body) {
    char answer[512];
    int status = 0;
    _cleanup_free_ char *request =
        str_printf("POST %s HTTP/1.0\r\nContent-Length: %zu\r\n\r\n%s", path, strlen(body), body);
    if (!request)
        return 0;
    port_ask(etcd->members[member].client_port, request, answer, sizeof(answer));
    return sscanf(answer, "HTTP/%*d.%*d %d", &status) == 1 ? status : 0;
}

char *etcd_process_metrics(const EtcdProcess *etcd, size_t member) {
    char *answer = malloc(METRICS_MAX);
    if (!answer)
        return NULL;
    port_ask(etcd->members[member].health_port, "GET /metrics HTTP/1.0\r\n\r\n", answer,
             METRICS_MAX);
    if (strstr(answer, "\r\n\r\n"))
        return answer;
    free(answer);
    return NULL;
}

int etcd_process_compact(const EtcdProcess *etcd, int64_t revision) {
    char body[64];
    snprintf(body, sizeof(body), "{\"revision\":\"%lld\"}", (long long) revision);
    return etcd_process_post(etcd, 0, "/v3/kv/compaction", body) == 200 ? 0 : -EPROTO;
}

static void member_signal(EtcdProcess *etcd, size_t member, int signal_number) {
    if (etcd->members[member].pid > 0)
        kill(etcd->members[member].pid, signal_number);
}

/* Until all of its threads stand still, one may answer yet. */
void etcd_process_pause(EtcdProcess *etcd, size_t member) {
    siginfo_t info;
    pid_t pid = etcd->members[member].pid;
    member_signal(etcd, member, SIGSTOP);
    if (pid > 0)
        (void) waitid(P_PID, (id_t) pid, &info, WSTOPPED | WEXITED | WNOWAIT);
}

void etcd_process_resume(EtcdProcess *etcd, size_t member) {
    member_signal(etcd, member, SIGCONT);
}

void etcd_process_kill(EtcdProcess *etcd, size_t member) {
    if (etcd->members[member].pid <= 0)
        return;
    member_signal(etcd, member, SIGKILL);
    waitpid(etcd->members[member].pid, NULL, 0);
    etcd->members[member].pid = 0;
}

int etcd_process_restart(EtcdProcess *etcd, size_t member) {
    int r = member_spawn(etcd, member);
    return r < 0 ? r : member_wait(&etcd->members[member]);
}

static int remove_data(EtcdProcess *etcd) {
    _cleanup_free_ char *data = str_printf("%s/m0", etcd->directory);
    if (!data)
        return -ENOMEM;
    nftw(data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

int etcd_process_restart_empty(EtcdProcess *etcd) {
    int r = remove_data(etcd);
    return r < 0 ? r : etcd_process_restart(etcd, 0);
}

/* Its words go to a file, as standard output is the test's. */
static int run_etcdctl(EtcdProcess *etcd, const char *arguments) {
    return shell_command_run(
        "cd '%s' && ETCDCTL_API=3 etcdctl --endpoints='%s' %s >>etcdctl.log 2>&1", etcd->directory,
        etcd->urls[0], arguments);
}

int etcd_process_save(EtcdProcess *etcd) {
    return run_etcdctl(etcd, "snapshot save snapshot.db");
}

int etcd_process_restart_restored(EtcdProcess *etcd) {
    _cleanup_free_ char *arguments =
        str_printf("snapshot restore snapshot.db --data-dir m0 --name m0 --initial-cluster '%s' "
                   "--initial-advertise-peer-urls http://127.0.0.1:%u "
                   "--initial-cluster-token restored",
                   etcd->initial_cluster, etcd->members[0].peer_port);
    int r = arguments ? remove_data(etcd) : -ENOMEM;
    if (r >= 0)
        r = run_etcdctl(etcd, arguments);
    return r < 0 ? r : etcd_process_restart(etcd, 0);
}
