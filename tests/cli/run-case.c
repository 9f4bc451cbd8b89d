/* Runs the commands of one case (cli-case.h) in an empty folder against a fake fleetd, and prints
 * what came of them.
 *
 * usage: run-case CASE FOLDER FOLDER_OF_FLEETCTL */
#include "fleetd/base/strv.h"
#include "tests/cli/fake-api.h"

#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

static void file_write(const CaseFile *file) {
    bool is_program = strncmp(file->name, "bin/", 4) == 0;
    char *slash = strrchr(file->name, '/');
    _cleanup_free_ char *folder = slash ? strndup(file->name, (size_t) (slash - file->name)) : NULL;
    if (folder && mkdir(folder, 0755) < 0 && errno != EEXIST)
        error(2, errno, "%s", folder);
    FILE *stream = fopen(file->name, "we");
    if (!stream || fputs(file->text, stream) < 0 || fclose(stream) != 0)
        error(2, errno, "%s", file->name);
    if (is_program && chmod(file->name, 0755) < 0)
        error(2, errno, "%s", file->name);
}

/* For cases that bring no ssh of their own: none reaches another machine. */
static const CaseFile no_ssh = {.name = (char *) "bin/ssh",
                                .text = (char *) "#!/bin/sh\necho there is no ssh >&2\nexit 255\n"};

static void environment_set(const char *folder, const char *fleetctl_folder) {
    _cleanup_free_ char *path = str_printf("%s/bin:%s:%s", folder, fleetctl_folder,
                                           str_or(getenv("PATH"), "/usr/bin:/bin"));
    _cleanup_free_ char *endpoint = str_printf("unix://%s/fleet.sock", folder);
    setenv("PATH", path, true);
    setenv("FLEETCTL_ENDPOINT", endpoint, true);
    setenv("LC_ALL", "C", true);
}

static void redirect(int fd, const char *name) {
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || dup2(file, fd) < 0)
        error(2, errno, "%s", name);
}

static pid_t command_start(const char *command) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        error(2, errno, "fork");
    if (pid > 0)
        return pid;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL); /* a shell that starts tests in the background has it ignored */
    redirect(STDOUT_FILENO, ".stdout");
    redirect(STDERR_FILENO, ".stderr");
    execl("/bin/sh", "sh", "-c", command, NULL);
    error(127, errno, "sh");
    return -1;
}

static int on_exit_of_command(sd_event_source *source, const siginfo_t *info, void *userdata) {
    *(int *) userdata = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
    return 0;
}

/* What differs from run to run, and what is printed instead. */
typedef struct Surroundings {
    const char *folder;
    char machine_id[SD_ID128_STRING_MAX];
    char machine_digits[9]; /* its beginning */
} Surroundings;

static void file_print(const char *name, const Surroundings *surroundings) {
    char *line = NULL;
    size_t size = 0;
    FILE *stream = fopen(name, "re");
    while (stream && getline(&line, &size, stream) >= 0) {
        _cleanup_free_ char *a = text_replace(line, surroundings->folder, "FOLDER");
        _cleanup_free_ char *b = text_replace(a, surroundings->machine_id, CASE_MACHINE);
        _cleanup_free_ char *c = text_replace(b, surroundings->machine_digits, CASE_MACHINE);
        fputs(c, stdout);
    }
    free(line);
    if (stream)
        fclose(stream);
}

static void surroundings_init(Surroundings *surroundings, const char *folder) {
    sd_id128_t id;
    *surroundings = (Surroundings){.folder = folder};
    if (sd_id128_get_machine(&id) < 0)
        return;
    sd_id128_to_string(id, surroundings->machine_id);
    memcpy(surroundings->machine_digits, surroundings->machine_id,
           sizeof(surroundings->machine_digits) - 1);
}

static void command_run(sd_event *event, const char *command, const Surroundings *surroundings) {
    sd_event_source *source = NULL;
    int status = -1;
    printf("$ %s\n", command);
    int r = sd_event_add_child(event, &source, command_start(command), WEXITED, on_exit_of_command,
                               &status);
    if (r >= 0) /* not one-shot, lest it be missed: see fleetctl/remote/tunnel-keeper.c */
        r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_enabled(source, SD_EVENT_ON);
    while (r >= 0 && status < 0)
        r = sd_event_run(event, UINT64_MAX);
    if (r < 0)
        error(2, -r, "event loop");
    sd_event_source_disable_unref(source);
    printf("exit status %d\n--- standard output\n", status);
    file_print(".stdout", surroundings);
    printf("--- standard error\n");
    file_print(".stderr", surroundings);
}

int main(int argc, char **argv) {
    sd_event *event = NULL;
    if (argc != 4)
        error(2, 0, "usage: run-case CASE FOLDER FOLDER_OF_FLEETCTL");
    Surroundings surroundings;
    surroundings_init(&surroundings, argv[2]);
    Case *c = case_load(argv[1], surroundings.machine_id);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &child, NULL) < 0 || sd_event_new(&event) < 0 || chdir(argv[2]) < 0)
        error(2, errno, "%s", argv[2]);
    environment_set(argv[2], argv[3]);
    file_write(&no_ssh);
    for (size_t i = 0; i < c->n_files; i++)
        file_write(&c->files[i]);
    FakeApi *api = fake_api_new(event, "fleet.sock", c);
    if (!api)
        error(2, 0, "no fake fleetd");
    STRV_FOREACH (command, c->commands)
        command_run(event, *command, &surroundings);
    printf("--- requests\n");
    fake_api_print(api);
    fake_api_free(api);
    sd_event_unref(event);
    case_free(c);
    return 0;
}
