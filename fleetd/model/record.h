/* JSON objects to and from structs, by a table of fields. Formatting keeps the order of the table
 * and leaves NULL out; parsing ignores fields that are not in it. Inside model only. */
#pragma once

#include "fleetd/base/json.h"
#include "fleetd/model/enum-names.h"

typedef struct RecordField RecordField;

typedef struct FieldType {
    /* As json_get_string(): 1: read into slot; 0: absent or null; -EBADMSG, -ENOMEM. */
    int (*read)(const RecordField *field, json_object *object, void *slot, Error *reterr);
    int (*write)(const RecordField *field, json_object *object, const void *slot);
} FieldType;

struct RecordField {
    const char *name;
    const FieldType *type;
    size_t offset;
    bool is_required;
    const EnumNames *names; /* of field_enum */
};

extern const FieldType field_string; /* char * */
extern const FieldType field_number; /* int64_t or uint64_t; never negative */
extern const FieldType field_count;  /* the same, left out when it is 0 */
extern const FieldType field_flag;   /* bool, left out when it is false */
extern const FieldType field_enum;   /* any enum, by its EnumNames */
extern const FieldType field_choice; /* the same, left out when it is 0 */
extern const FieldType field_strv;   /* char ** */

json_object *record_to_json(const RecordField *fields, size_t n_fields, const void *record);
char *record_format(const RecordField *fields, size_t n_fields, const void *record);

/* As record_format(), with what record_parse_with_rest() left over, which may be NULL. */
char *record_format_with_rest(const RecordField *fields, size_t n_fields, const void *record,
                              const char *rest);

/* Into a zeroed record; on failure the caller frees what was read so far. */
int record_from_json(const RecordField *fields, size_t n_fields, json_object *object, void *record,
                     Error *reterr);
int record_parse(const RecordField *fields, size_t n_fields, const char *text, size_t size,
                 void *record, Error *reterr);
/* As record_parse(), with the fields that are not in the table, as a JSON object; NULL where there
 * are none. The caller frees. */
int record_parse_with_rest(const RecordField *fields, size_t n_fields, const char *text,
                           size_t size, void *record, char **ret_rest, Error *reterr);
