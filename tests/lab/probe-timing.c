/* Facts about speed, with limits so generous that only a disaster fails. */
#include "fleetd/base/strv.h"
#include "tests/lab/probe.h"

#include <stdio.h>
#include <unistd.h>

static double seconds_since(usec_t begin) {
    return (double) (now_usec() - begin) / (double) USEC_PER_SEC;
}

static int usec_compare(const void *a, const void *b) {
    usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;
    return x < y ? -1 : x > y;
}

static double median_ms(usec_t *usecs, size_t n) {
    qsort(usecs, n, sizeof(usec_t), usec_compare);
    return (double) usecs[n / 2] / (double) USEC_PER_MSEC;
}

void scene_latency(Probe *probe) {
    enum { N = 20 };
    usec_t own[N], systemctl[N];
    probe_write(probe, "fast.service", SLEEP);
    for (int i = 0; i < N; i++) {
        usec_t begin = now_usec();
        probe_start(probe, "fast.service");
        own[i] = now_usec() - begin;
        probe_stop(probe, "fast.service");
        begin = now_usec();
        run_command("systemctl start fast.service");
        systemctl[i] = now_usec() - begin;
        probe_stop(probe, "fast.service");
    }
    double median = median_ms(own, N);
    printf("# one start: %.1f ms, by systemctl %.1f ms (medians)\n", median,
           median_ms(systemctl, N));
    probe_report(probe, median < 1000, "a unit starts in time", NULL);
    probe_remove(probe, "fast.service");
}

#define MANY 200

static void many_run(Probe *probe, char **names,
                     int (*request)(UnitManager *, const char *, UnitManagerJobDone, void *),
                     const char *what) {
    _cleanup_free_ Answer *answers = calloc(MANY, sizeof(Answer));
    usec_t begin = now_usec();
    size_t n_done = 0;
    for (size_t i = 0; i < MANY; i++)
        request(probe->um, names[i], probe_on_job, &answers[i]);
    for (size_t i = 0; i < MANY; i++) {
        probe_await(probe, &answers[i].is_there);
        if (answers[i].result != JOB_RESULT_DONE)
            printf("# %s: %s %s\n", names[i], job_result_to_string(answers[i].result),
                   str_or(answers[i].message, "-"));
        n_done += answers[i].result == JOB_RESULT_DONE;
        answer_done(&answers[i]);
    }
    printf("# %d units %s in %.2f s\n", MANY, what, seconds_since(begin));
    probe_report(probe, n_done == MANY, what, NULL);
}

static void many_remove(Probe *probe, char **names) {
    _cleanup_free_ Answer *answers = calloc(MANY, sizeof(Answer));
    usec_t begin = now_usec();
    size_t n_done = 0;
    for (size_t i = 0; i < MANY; i++)
        unit_manager_remove(probe->um, names[i], probe_on_done, &answers[i]);
    for (size_t i = 0; i < MANY; i++) {
        probe_await(probe, &answers[i].is_there);
        n_done += answers[i].is_there && answers[i].r == 0;
        answer_done(&answers[i]);
    }
    printf("# %d units removed in %.2f s\n", MANY, seconds_since(begin));
    probe_report(probe, n_done == MANY, "removed", NULL);
    probe_expect_output(probe, "ls /run/systemd/system | grep -c many", "0", "without a trace");
}

void scene_many(Probe *probe) {
    _cleanup_(strv_freep) char **names = NULL;
    _cleanup_answer_ Answer written = {0};
    UnitFileWrite files[MANY];
    for (size_t i = 0; i < MANY; i++) {
        _cleanup_free_ char *name = str_printf("many-%03zu.service", i);
        strv_push(&names, name);
        files[i] = (UnitFileWrite){names[i], SLEEP, sizeof(SLEEP) - 1};
    }
    usec_t begin = now_usec();
    unit_manager_write(probe->um, files, MANY, probe_on_done, &written);
    probe_await(probe, &written.is_there);
    printf("# %d units written in %.3f s\n", MANY, seconds_since(begin));
    probe_report(probe, written.is_there && written.r == 0, "many are written at once",
                 written.message);
    many_run(probe, names, unit_manager_start, "started");
    many_run(probe, names, unit_manager_stop, "stopped");
    many_remove(probe, names);
}

/* Their journals are read one after another, the answers of others must not wait for that. */
void scene_many_failures(Probe *probe) {
    enum { N = 50 };
    _cleanup_free_ Answer *answers = calloc(N, sizeof(Answer));
    usec_t begin = now_usec(), longest = 0;
    size_t n_logs = 0;
    for (size_t i = 0; i < N; i++) {
        _cleanup_free_ char *name = str_printf("fail-%02zu.service", i);
        probe_write(probe, name,
                    "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo w; exit 1'\n");
    }
    begin = now_usec();
    for (size_t i = 0; i < N; i++) {
        _cleanup_free_ char *name = str_printf("fail-%02zu.service", i);
        unit_manager_start(probe->um, name, probe_on_job, &answers[i]);
    }
    for (size_t i = 0; i < N; i++)
        while (!answers[i].is_there && now_usec() < begin + PATIENCE_USEC) {
            usec_t turn_begin = now_usec();
            probe_turn(probe);
            longest = MAX(longest, now_usec() - turn_begin);
        }
    for (size_t i = 0; i < N; i++) {
        n_logs += answers[i].log && strstr(answers[i].log, "w|");
        answer_done(&answers[i]);
        _cleanup_free_ char *name = str_printf("fail-%02zu.service", i);
        probe_remove(probe, name);
    }
    printf("# %d starts failed in %.2f s, longest turn %.1f ms\n", N, seconds_since(begin),
           (double) longest / 1e3);
    probe_report(probe, n_logs == N, "each failure brings its log", NULL);
}
