/* A fleetd that answers as a case says, and keeps what it was asked. */
#pragma once

#include "tests/cli/cli-case.h"

#include <systemd/sd-event.h>

typedef struct FakeApi FakeApi;

/* Listens on a unix socket. NULL on failure. */
FakeApi *fake_api_new(sd_event *event, const char *socket_path, Case *c);
void fake_api_free(FakeApi *api);

/* What was asked, in the order of the case's answers, then what there was no answer for. */
void fake_api_print(const FakeApi *api);
