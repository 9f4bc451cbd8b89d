#include "tests/cli/cli-case.h"

#include "fleetd/base/strv.h"

#include <errno.h>
#include <error.h>
#include <stdio.h>

static void *need(void *p) {
    if (!p)
        error(2, ENOMEM, "case");
    return p;
}

static void text_add_line(char **text, const char *line) {
    char *longer = need(str_printf("%s%s\n", str_or(*text, ""), line));
    free(*text);
    *text = longer;
}

static char **file_begin(Case *c, const char *name) {
    c->files = need(realloc(c->files, (c->n_files + 1) * sizeof(CaseFile)));
    CaseFile *file = &c->files[c->n_files++];
    *file = (CaseFile){.name = need(strdup(name)), .text = need(strdup(""))};
    return &file->text;
}

/* words: METHOD PATH -> KIND [revision=N] [next=TOKEN] [always] */
static char **answer_begin(Case *c, char **words, const char *line) {
    if (strv_length(words) < 4 || !streq(words[2], "->"))
        error(2, 0, "not an answer: %s", line);
    c->answers = need(realloc(c->answers, (c->n_answers + 1) * sizeof(CaseAnswer)));
    CaseAnswer *answer = &c->answers[c->n_answers++];
    *answer = (CaseAnswer){
        .request = need(str_printf("%s %s", words[0], words[1])),
        .kind = need(strdup(words[3])),
        .text = need(strdup("")),
        .asked = need(strdup("")),
    };
    for (char **word = words + 4; *word; word++)
        if (strncmp(*word, "revision=", strlen("revision=")) == 0)
            answer->revision = need(strdup(*word + strlen("revision=")));
        else if (strncmp(*word, "next=", strlen("next=")) == 0)
            answer->next_page = need(strdup(*word + strlen("next=")));
        else if (streq(*word, "always"))
            answer->is_always = true;
        else
            error(2, 0, "unknown word '%s': %s", *word, line);
    return &answer->text;
}

static char **section_begin(Case *c, const char *line) {
    _cleanup_(strv_freep) char **words = NULL;
    if (strv_split(line, " ", &words) < 0 || strv_length(words) < 2)
        error(2, 0, "not a section: %s", line);
    return streq(words[0], "file") ? file_begin(c, words[1]) : answer_begin(c, words, line);
}

static void line_take(Case *c, char ***text, const char *line) {
    if (strncmp(line, "== ", 3) == 0)
        *text = section_begin(c, line + 3);
    else if (*text)
        text_add_line(*text, line);
    else if (strncmp(line, "$ ", 2) == 0)
        need(strv_push(&c->commands, line + 2) < 0 ? NULL : c);
    else if (*line && *line != '#')
        error(2, 0, "neither command nor comment: %s", line);
}

char *text_replace(const char *text, const char *from, const char *to) {
    char *result = need(strdup("")), *found;
    for (; *from && (found = strstr(text, from)); text = found + strlen(from)) {
        char *longer = need(str_printf("%s%.*s%s", result, (int) (found - text), text, to));
        free(result);
        result = longer;
    }
    char *whole = need(str_printf("%s%s", result, text));
    free(result);
    return whole;
}

Case *case_load(const char *path, const char *machine_id) {
    Case *c = need(calloc(1, sizeof(Case)));
    FILE *file = fopen(path, "re");
    if (!file)
        error(2, errno, "%s", path);
    char **text = NULL, *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        _cleanup_free_ char *filled = text_replace(line, CASE_MACHINE, machine_id);
        line_take(c, &text, filled);
    }
    free(line);
    fclose(file);
    return c;
}

void case_free(Case *c) {
    for (size_t i = 0; i < c->n_files; i++) {
        free(c->files[i].name);
        free(c->files[i].text);
    }
    for (size_t i = 0; i < c->n_answers; i++) {
        free(c->answers[i].request);
        free(c->answers[i].kind);
        free(c->answers[i].revision);
        free(c->answers[i].next_page);
        free(c->answers[i].text);
        free(c->answers[i].asked);
    }
    free(c->files);
    free(c->answers);
    strv_free(c->commands);
    free(c);
}
