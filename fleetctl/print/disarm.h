/* Names, reasons and log lines were written by others: what would steer the terminal, or lead to
 * another line, must not reach it. */
#pragma once

#include "fleetd/base/macros.h"

#include <stdio.h>

/* Puts stand_in in the place of each byte of a control character and of what is no UTF-8, but for
 * the characters that are kept. */
void text_disarm(char *text, char stand_in, const char *kept);

/* Prints what json-c made of JSON, which leaves control characters above U+007F as they are: these
 * are escaped, so it is the same JSON. What is no UTF-8 becomes the character that stands for it.
 */
void json_print_disarmed(const char *json, FILE *file);
