/* The help texts, made from the tables of commands and flags. */
#pragma once

#include "fleetctl/command.h"

void help_print(void);
void help_print_command(const Command *command);
