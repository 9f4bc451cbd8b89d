#include "fleetd/store/etcd-hint.h"

#include "fleetd/base/strv.h"

typedef enum HintFile { HINT_NO_FILE, HINT_CA_FILE, HINT_CERT_FILE } HintFile;

/* The first that fits. %s is the file's path. */
static const struct {
    const char *words; /* in curl's or OpenSSL's message */
    HintFile file;
    bool is_guess;       /* only while no member has answered yet */
    const char *with;    /* the option is set */
    const char *without; /* it is not, or there is none to it */
} https_hints[] = {
    {"certificate problem: certificate has expired", HINT_NO_FILE, false, NULL,
     "that of this etcd, not fleet's own"},
    {"certificate problem: certificate is not yet valid", HINT_NO_FILE, false, NULL,
     "that of this etcd; is this machine's clock right?"},
    {"certificate problem", HINT_CA_FILE, false,
     "etcd's certificate is not from an authority in etcd_cafile '%s'",
     "etcd's certificate is not from an authority that this machine knows: set etcd_cafile"},
    {"target host name", HINT_NO_FILE, false, NULL,
     "etcd's certificate is for other names: use one of them in etcd_servers"},
    {"wrong version number", HINT_NO_FILE, false, NULL,
     "there is no TLS at that port: it may be an http:// URL"},
    {"speak HTTP/2", HINT_NO_FILE, false, NULL,
     "that may be a proxy, or a port that is not etcd's for clients"},
    {"alert", HINT_CERT_FILE, false,
     "etcd refuses the certificate in etcd_certfile '%s': it has expired, or is not from an "
     "authority that etcd trusts",
     "etcd asks for a certificate: set etcd_certfile and etcd_keyfile"},
    /* TLS 1.3 tells a client last, and the connection may be gone before that has been read. */
    {"", HINT_CERT_FILE, true,
     "perhaps etcd refuses the certificate in etcd_certfile '%s': it may have expired, or be from "
     "an authority that etcd does not trust",
     "perhaps etcd asks for a certificate: set etcd_certfile and etcd_keyfile"},
};

/* No connection at all, or an answer over a good one. */
static const char *const other_failures[] = {
    "Failed to connect", "resolve host",  "in time",        "timed out", "HTTP status",
    "etcdserver:",       "the answer is", "the answer has", "it ended",  "a watch"};

static bool is_no_matter_of_tls(const char *message) {
    for (size_t i = 0; i < ELEMENTSOF(other_failures); i++)
        if (strstr(message, other_failures[i]))
            return true;
    return false;
}

static char *hint_format(const HttpTls *tls, size_t i) {
    const char *const paths[] = {
        [HINT_CA_FILE] = tls->ca_file, [HINT_CERT_FILE] = tls->cert_file, [HINT_NO_FILE] = NULL};
    const char *path = paths[https_hints[i].file];
    if (!path)
        return str_printf(" (%s)", https_hints[i].without);
    const char *rest = strstr(https_hints[i].with, "%s");
    return str_printf(" (%.*s%s%s)", (int) (rest - https_hints[i].with), https_hints[i].with, path,
                      rest + 2);
}

char *etcd_hint(const EtcdHintContext *context, const char *message) {
    bool may_guess = !context->has_answered && !is_no_matter_of_tls(message);
    if (!context->is_https) /* who expects TLS says nothing, or resets */
        return strdup(may_guess ? " (perhaps it is an https:// URL)" : "");
    for (size_t i = 0; i < ELEMENTSOF(https_hints); i++)
        if (strstr(message, https_hints[i].words) && !(https_hints[i].is_guess && !may_guess))
            return hint_format(context->tls, i);
    return strdup("");
}
