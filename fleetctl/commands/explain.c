/* What options mean, as the manual pages say it. */
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/print/option-manual.h"
#include "fleetctl/print/wrap.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"

#include <errno.h>

#define WIDTH_ELSEWHERE 80 /* where no terminal shows it, too: it is text to be read */
#define INDENT 4
#define NAME_WIDTH 25

static size_t text_width(const Context *context) {
    size_t width = wrap_width(&context->look);
    return width > 0 ? MIN(width, (size_t) 100) : WIDTH_ELSEWHERE;
}

/* --- all --- */

/* The options of [X-Fleet] have a summary of their own; of the others the first sentence tells. */
static char *summary_format(const OptionManual *manual) {
    const RequirementOption *option;
    bool is_unit = streq(manual->page, OPTION_MANUAL_UNIT);
    for (size_t i = 0; is_unit && (option = requirements_option(i)); i++)
        if (streq(option->name, manual->name))
            return strdup(option->meaning);
    size_t n = 0;
    while (manual->text[n] && !(strchr(".:;\n", manual->text[n]) &&
                                (!manual->text[n + 1] || strchr(" \n", manual->text[n + 1]))))
        n++;
    return str_printf("%.*s.", (int) n, manual->text);
}

static int manuals_list(const char *page, const char *heading, size_t width) {
    say("%s", heading);
    for (const OptionManual *manual = option_manuals; manual->name; manual++) {
        if (!streq(manual->page, page))
            continue;
        _cleanup_free_ char *summary = summary_format(manual);
        _cleanup_free_ char *line =
            summary ? str_printf("  %-*s  %s", NAME_WIDTH, manual->name, summary) : NULL;
        if (!line)
            return -ENOMEM;
        say_wrapped(width, 2 + NAME_WIDTH + 2, line);
    }
    return 0;
}

static int all_list(const Context *context) {
    size_t width = text_width(context);
    int r = manuals_list(OPTION_MANUAL_UNIT, "Options of unit files, below [X-Fleet]:", width);
    say_blank_line();
    if (r >= 0)
        r = manuals_list(OPTION_MANUAL_CONF, "Options of fleet.conf:", width);
    return r;
}

/* --- one --- */

static void line_print(size_t width, const char *line) {
    size_t hang = strspn(line, " ");
    say_wrapped(width, hang, line);
}

static int manual_print(const OptionManual *manual, size_t width) {
    _cleanup_(strv_freep) char **lines = NULL;
    int r = strv_split(manual->text, "\n", &lines);
    if (r < 0)
        return r;
    say("%s", manual->tag);
    STRV_FOREACH (line, lines) {
        _cleanup_free_ char *indented = str_printf("%*s%s", INDENT, "", *line);
        if (!indented)
            return -ENOMEM;
        line_print(width, indented);
    }
    say("%*sManual: %s", INDENT, "", manual->page);
    return 0;
}

/* Of an option of [X-Fleet] by an old name the present one. */
static const char *name_today(const char *name) {
    const RequirementOption *option;
    for (size_t i = 0; (option = requirements_option(i)); i++)
        for (size_t j = 0; j < ELEMENTSOF(option->old_names); j++)
            if (streq_ptr(option->old_names[j], name))
                return option->name;
    return name;
}

static const OptionManual *manual_find(const char *name) {
    for (const OptionManual *manual = option_manuals; manual->name; manual++)
        if (strcasecmp(manual->name, name) == 0)
            return manual;
    return NULL;
}

static int complain_unknown(const char *name) {
    _cleanup_(strv_freep) char **names = NULL;
    for (const OptionManual *manual = option_manuals; manual->name; manual++)
        if (strv_push(&names, manual->name) < 0)
            return -ENOMEM;
    const char *suggestion = str_suggest(name, (const char *const *) names);
    if (suggestion)
        complain("There is no option '%s' (did you mean '%s'?)", name, suggestion);
    else
        complain("There is no option '%s'; 'fleetctl explain' lists them", name);
    return EXIT_FAILURE;
}

/* typed may have its = and what follows it, as in a file. The exit status. */
static int operand_explain(const char *typed, size_t width) {
    _cleanup_free_ char *name = strndup(typed, strcspn(typed, "="));
    if (!name)
        return -ENOMEM;
    const OptionManual *manual = manual_find(name_today(name));
    return manual ? manual_print(manual, width) : complain_unknown(name);
}

int command_explain(Context *context, const char *const *operands, _unused_ Error *reterr) {
    int status = 0;
    size_t width = text_width(context);
    if (!operands[0])
        return all_list(context);
    for (size_t i = 0; operands[i]; i++) {
        if (i > 0)
            say_blank_line();
        int r = operand_explain(operands[i], width);
        if (r < 0)
            return r;
        status = MAX(status, r);
    }
    return status;
}
