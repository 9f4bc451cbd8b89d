#include "fleetd/model/unit-file.h"

#include "fleetd/model/text.h"
#include "fleetd/model/unit-file-internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>

int unit_file_hash_check(const char *hash, Error *reterr) {
    size_t n = strspn(hash, "0123456789abcdef");
    if (n == UNIT_FILE_HASH_LENGTH && !hash[n])
        return 0;
    return error_set(reterr, -EINVAL,
                     "'%.*s' is not the hash of a unit file (%d lower-case hexadecimal digits)",
                     TEXT_SHORT(hash), UNIT_FILE_HASH_LENGTH);
}

int unit_file_hash_text(const char *text, size_t size, char *ret) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n;
    errno = 0;
    if (EVP_Digest(text, size, digest, &n, EVP_sha1(), NULL) != 1) {
        int r = errno == ENOMEM ? -ENOMEM : -EIO;
        ERR_clear_error(); /* else it is kept for whoever asks OpenSSL next */
        return r;
    }
    for (size_t i = 0; i < UNIT_FILE_HASH_LENGTH / 2; i++) {
        *ret++ = digits[digest[i] >> 4];
        *ret++ = digits[digest[i] & 0xf];
    }
    *ret = 0;
    return 0;
}

int unit_file_new(const char *text, size_t size, UnitFile **ret) {
    _cleanup_(unit_file_unrefp) UnitFile *file = calloc(1, sizeof(UnitFile));
    if (!file)
        return -ENOMEM;
    file->n_refs = 1;
    file->size = size;
    file->text = malloc(size + 1);
    file->words = malloc(size + 1);
    if (!file->text || !file->words)
        return -ENOMEM;
    memcpy(file->text, text, size);
    memcpy(file->words, text, size);
    file->text[size] = file->words[size] = 0;
    int r = unit_file_hash_text(text, size, file->hash);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(file);
    return 0;
}

int unit_file_add(UnitFile *file, UnitOption option) {
    if (file->n_options == file->n_allocated) {
        size_t n = MAX((size_t) 16, file->n_allocated * 2);
        UnitOption *grown = reallocarray(file->options, n, sizeof(UnitOption));
        if (!grown)
            return -ENOMEM;
        file->options = grown;
        file->n_allocated = n;
    }
    file->options[file->n_options++] = option;
    return 0;
}

UnitFile *unit_file_ref(UnitFile *file) {
    file->n_refs++;
    return file;
}

void unit_file_unref(UnitFile *file) {
    if (!file || --file->n_refs > 0)
        return;
    free(file->text);
    free(file->words);
    free(file->options);
    free(file);
}

const char *unit_file_text(const UnitFile *file, size_t *ret_size) {
    if (ret_size)
        *ret_size = file->size;
    return file->text;
}

const char *unit_file_hash(const UnitFile *file) {
    return file->hash;
}

const UnitOption *unit_file_options(const UnitFile *file, size_t *ret_n) {
    *ret_n = file->n_options;
    return file->options;
}

bool unit_file_has_section(const UnitFile *file, const char *section) {
    for (size_t i = 0; i < file->n_options; i++)
        if (streq(file->options[i].section, section))
            return true;
    return false;
}

const char *unit_file_find(const UnitFile *file, const char *section, const char *name) {
    for (size_t i = file->n_options; i > 0; i--) {
        const UnitOption *option = &file->options[i - 1];
        if (streq(option->section, section) && streq(option->name, name))
            return option->value;
    }
    return NULL;
}
