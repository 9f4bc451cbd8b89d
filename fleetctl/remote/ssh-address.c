#include "fleetctl/remote/ssh-address.h"

#include "fleetd/base/strv.h"

#include <ctype.h>
#include <errno.h>

#define PORT_MAX 65535
#define PORT_DIGITS_MAX 5

static int port_parse(const char *text, unsigned *ret, Error *reterr) {
    size_t length = strlen(text);
    unsigned long port = 0;
    if (length > 0 && length <= PORT_DIGITS_MAX && strspn(text, "0123456789") == length)
        port = strtoul(text, NULL, 10);
    if (port == 0 || port > PORT_MAX)
        return error_set(reterr, -EINVAL, "'%s' is no port (1 to %d)", text, PORT_MAX);
    *ret = (unsigned) port;
    return 0;
}

/* ssh would take it for a flag, or a shell for more than a word. */
static int host_check(const char *host, Error *reterr) {
    if (!*host || host[strlen(host) - 1] == '@')
        return error_set(reterr, -EINVAL, "a host is missing");
    if (*host == '-')
        return error_set(reterr, -EINVAL, "a host does not begin with '-'");
    for (const char *p = host; *p; p++)
        if (!isgraph((unsigned char) *p) || strchr("'\"`$\\;&<>|(){}[]/", *p))
            return error_set(reterr, -EINVAL, "'%c' has no place in a host", *p);
    return 0;
}

/* host is taken over; port is NULL where none was given. */
static int address_make(char *host_take, const char *port, SshAddress *ret, Error *reterr) {
    _cleanup_free_ char *host = host_take;
    SshAddress address = {};
    int r = host ? host_check(host, reterr) : -ENOMEM;
    if (r >= 0 && port)
        r = port_parse(port, &address.port, reterr);
    if (r < 0)
        return r;
    address.host = TAKE_PTR(host);
    *ret = address;
    return 0;
}

/* [ADDRESS] or [ADDRESS]:PORT; text is what precedes the bracket (a user), too. */
static int bracketed_parse(const char *text, const char *bracket, SshAddress *ret, Error *reterr) {
    const char *end = strchr(bracket, ']');
    if (!end || (end[1] && end[1] != ':'))
        return error_set(reterr, -EINVAL, "after '[' there must be ']', and then nothing or :PORT");
    char *host = str_printf("%.*s%.*s", (int) (bracket - text), text, (int) (end - bracket - 1),
                            bracket + 1);
    return address_make(host, end[1] ? end + 2 : NULL, ret, reterr);
}

int ssh_address_parse(const char *text, SshAddress *ret, Error *reterr) {
    const char *at = strrchr(text, '@');
    const char *host = at ? at + 1 : text;
    if (*host == '[')
        return bracketed_parse(text, host, ret, reterr);
    const char *colon = strchr(host, ':');
    if (!colon || strchr(colon + 1, ':')) /* several: an IPv6 address */
        return address_make(strdup(text), NULL, ret, reterr);
    return address_make(strndup(text, (size_t) (colon - text)), colon + 1, ret, reterr);
}

int ssh_address_parse_url(const char *url, SshAddress *ret, Error *reterr) {
    static const struct {
        const char *beginning;
        unsigned port;
    } schemes[] = {{"http://", 80}, {"https://", 443}};
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        size_t length = strlen(schemes[i].beginning);
        if (strncmp(url, schemes[i].beginning, length) != 0)
            continue;
        SshAddress address = {};
        _cleanup_free_ char *authority = strndup(url + length, strcspn(url + length, "/"));
        int r = authority ? ssh_address_parse(authority, &address, reterr) : -ENOMEM;
        if (r < 0)
            return r;
        address.port = address.port ? address.port : schemes[i].port;
        *ret = address;
        return 0;
    }
    return error_set(reterr, -EINVAL, "'%s' is no URL of a host", url);
}

void ssh_address_done(SshAddress *address) {
    free(address->host);
    *address = (SshAddress){};
}

char *ssh_address_format(const SshAddress *address) {
    bool is_ipv6 = strchr(address->host, ':') != NULL;
    return str_printf("%s%s%s:%u", is_ipv6 ? "[" : "", address->host, is_ipv6 ? "]" : "",
                      address->port);
}
