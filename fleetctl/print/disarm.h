/* Names, reasons and log lines were written by others: what would steer the terminal, or lead to
 * another line, must not reach it. */
#pragma once

#include "fleetd/base/macros.h"

/* Puts stand_in in the place of each byte of a control character and of what is no UTF-8, but for
 * the characters that are kept. */
void text_disarm(char *text, char stand_in, const char *kept);
