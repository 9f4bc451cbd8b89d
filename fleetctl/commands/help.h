/* The help texts, made from the tables of commands and flags. */
#pragma once

#include "fleetctl/commands/command.h"

void help_print(void);
void help_print_command(const Command *command);
