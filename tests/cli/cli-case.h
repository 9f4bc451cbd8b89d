/* A case of the command line's golden tests: commands, the files beside them, and what the fake
 * fleetd answers. Comments and commands come first ("$ " before each), then sections:
 *
 *   == file NAME
 *      The lines that follow are the file's text. What is in bin/ is a program.
 *   == METHOD PATH -> STATUS [revision=N] [next=TOKEN] [always]
 *      The lines that follow are the answer's body. PATH is below /fleet/v1.
 *   == METHOD PATH -> stream
 *      The lines that follow are sent one by one, and the stream stays open. "@end" ends it,
 *      "@break" cuts the connection, "@until METHOD PATH" holds the rest back until that is asked.
 * "@interrupt" sends SIGINT to who asked, when it has read what came before and waits for more.
 *   == METHOD PATH -> silence
 *      No answer comes.
 *   == METHOD PATH -> break
 *      The connection is cut.
 *
 * Each answer is given once, those to equal requests in their order; with "always" it is given
 * whenever it is asked for. "@MACHINE@" stands for the id of the machine that the test runs on. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct CaseFile {
    char *name;
    char *text;
} CaseFile;

typedef struct CaseAnswer {
    char *request;   /* "GET /units" */
    char *kind;      /* a status, or "stream", "silence", "break" */
    char *revision;  /* NULL: none */
    char *next_page; /* likewise */
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
