/* A case of the command line's golden tests: commands, the files beside them, and what the fake
 * fleetd answers.
 *
 *   # comments, up to the first other line
 *   $ a command for the shell; several are run one after another
 *   == file NAME                          the lines that follow are the file's text (in bin/: a
 * program)
 *   == METHOD PATH -> STATUS [revision=N] the lines that follow are the answer; PATH is below
 * /fleet/v1
 *   == METHOD PATH -> stream              the lines that follow are sent one by one, and the stream
 * stays open;
 *                                         "@end" ends it, "@break" cuts the connection,
 *                                         "@until METHOD PATH" holds the rest back until that is
 * asked
 *   == METHOD PATH -> silence             no answer comes
 *   == METHOD PATH -> break               the connection is cut
 *
 * "@MACHINE@" in an answer stands for the id of the machine that the test runs on.
 * Each answer is given once, those to equal requests in their order; with "always" behind it,
 * whenever it is asked for. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct CaseFile {
    char *name;
    char *text;
} CaseFile;

typedef struct CaseAnswer {
    char *request;  /* "GET /units" */
    char *kind;     /* a status, or "stream", "silence", "break" */
    char *revision; /* NULL: none */
    bool is_always;
    char *text;
    unsigned n_asked;
    char *asked; /* one line for each time: the request with its body */
} CaseAnswer;

typedef struct Case {
    char **commands;
    CaseFile *files;
    size_t n_files;
    CaseAnswer *answers;
    size_t n_answers;
} Case;

#define CASE_MACHINE "@MACHINE@"

/* machine_id takes the place of CASE_MACHINE. Ends the program with a message when the file is not
 * as above: a case is part of the test. */
Case *case_load(const char *path, const char *machine_id);

/* text with each from replaced by to; the caller frees. */
char *text_replace(const char *text, const char *from, const char *to);
void case_free(Case *c);
