#include "fleetd/tls-files.h"

#include "fleetd/base/strv.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static void fclosep(FILE **file) {
    if (*file)
        fclose(*file);
}

DEFINE_POINTER_CLEANUP(X509, X509_free)
DEFINE_POINTER_CLEANUP(EVP_PKEY, EVP_PKEY_free)

/* A directory can be opened, but not read. */
static int file_open(const char *path, FILE **ret, Error *reterr) {
    FILE *file = fopen(path, "re");
    int c = file ? getc(file) : EOF;
    if (!file || (c == EOF && ferror(file))) {
        int r = -errno;
        if (file)
            fclose(file);
        return error_set(reterr, r, "%s: %s", path, strerror(-r));
    }
    rewind(file);
    *ret = file;
    return 0;
}

static int certificate_load(const char *path, X509 **ret, Error *reterr) {
    _cleanup_(fclosep) FILE *file = NULL;
    int r = file_open(path, &file, reterr);
    if (r < 0)
        return r;
    *ret = PEM_read_X509(file, NULL, NULL, NULL);
    return *ret ? 0 : error_set(reterr, -EINVAL, "%s: there is no PEM certificate in it", path);
}

int tls_authorities_check(const char *path, Error *reterr) {
    _cleanup_(X509_freep) X509 *certificate = NULL;
    return certificate_load(path, &certificate, reterr);
}

static char *time_format(const ASN1_TIME *time) {
    struct tm tm;
    char text[40];
    if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(text, sizeof(text), "%F %T UTC", &tm) == 0)
        return NULL;
    return strdup(text);
}

int tls_certificate_check(const char *path, char **ret_warning, Error *reterr) {
    _cleanup_(X509_freep) X509 *certificate = NULL;
    int r = certificate_load(path, &certificate, reterr);
    if (r < 0)
        return r;
    const ASN1_TIME *begin = X509_get0_notBefore(certificate),
                    *end = X509_get0_notAfter(certificate);
    bool is_expired = X509_cmp_current_time(end)<0, is_early = X509_cmp_current_time(begin)> 0;
    if (!is_expired && !is_early)
        return 0;
    _cleanup_free_ char *time = time_format(is_expired ? end : begin);
    *ret_warning = str_printf("%s: the certificate %s %s", path,
                              is_expired ? "expired on" : "is not valid before", str_or(time, "?"));
    return *ret_warning ? 0 : -ENOMEM;
}

/* Nobody is there to be asked for it. */
static int no_passphrase(_unused_ char *buffer, _unused_ int size, _unused_ int is_write,
                         _unused_ void *userdata) {
    return -1;
}

int tls_key_check(const char *path, const char *certificate_path, Error *reterr) {
    _cleanup_(X509_freep) X509 *certificate = NULL;
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
    _cleanup_(fclosep) FILE *file = NULL;
    int r = file_open(path, &file, reterr);
    if (r < 0)
        return r;
    key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    if (!key)
        return error_set(reterr, -EINVAL,
                         "%s: there is no PEM private key without a passphrase in it", path);
    if (certificate_load(certificate_path, &certificate, NULL) < 0)
        return 0; /* told of that file */
    if (X509_check_private_key(certificate, key) != 1)
        return error_set(reterr, -EINVAL, "%s: it is not the key of the certificate in %s", path,
                         certificate_path);
    return 0;
}
