#include "fleetd/base/json.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

typedef struct JsonText {
    const char *text;
    size_t size;
    const char *expected; /* the compact form, or the message */
} JsonText;

#define TEXT(literal) (literal), sizeof(literal) - 1

static void every_kind_of_value_is_parsed(void **state) {
    static const JsonText cases[] = {
        {TEXT("{}"), "{}"},
        {TEXT("[]"), "[]"},
        {TEXT("{\"a\":[1,\"b\",null,true]}"), "{\"a\":[1,\"b\",null,true]}"},
        {TEXT("0"), "0"},
        {TEXT("12"), "12"},
        {TEXT("-12"), "-12"},
        {TEXT("1.5"), "1.5"},
        {TEXT("\"\""), "\"\""},
        {TEXT("\"a\\u00e9/\\n\""), "\"a\xc3\xa9/\\n\""},
        {TEXT("\"x\\u0000y\""), "\"x\\u0000y\""},
        {TEXT("true"), "true"},
        {TEXT("false"), "false"},
        {TEXT(" \t\r\n12 \t\r\n"), "12"},
        {TEXT("\n{ \"a\" : 1 }\n"), "{\"a\":1}"},
        {TEXT("{\"a\":1,\"a\":2}"), "{\"a\":2}"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_json_ json_object *object = NULL;
        assert_int_equal(json_parse(cases[i].text, cases[i].size, &object, NULL), 0);
        _cleanup_free_ char *text = json_format(object);
        assert_string_equal(text, cases[i].expected);
    }
}

static void null_is_a_value(void **state) {
    json_object *object = (json_object *) state;
    assert_int_equal(json_parse("null", 4, &object, NULL), 0);
    assert_null(object);
}

static void text_beyond_its_size_is_not_read(void **state) {
    _cleanup_json_ json_object *number = NULL, *object = NULL;
    assert_int_equal(json_parse("123", 2, &number, NULL), 0);
    assert_int_equal(json_object_get_int64(number), 12);
    assert_int_equal(json_parse("{}garbage", 2, &object, NULL), 0);
}

static void anything_but_one_value_is_refused_with_its_place(void **state) {
    static const JsonText cases[] = {
        {TEXT(""), "not valid JSON at byte 0: unexpected end of data"},
        {TEXT("  "), "not valid JSON at byte 2: unexpected end of data"},
        {TEXT("{"), "not valid JSON at byte 1: unexpected end of data"},
        {TEXT("{\"a\":1"), "not valid JSON at byte 6: unexpected end of data"},
        {TEXT("\"abc"), "not valid JSON at byte 4: unexpected end of data"},
        {TEXT("nul"), "not valid JSON at byte 3: null expected"},
        {TEXT("-"), "not valid JSON at byte 1: number expected"},
        {TEXT("{} {}"), "not valid JSON at byte 3: text after the value"},
        {TEXT("1 2"), "not valid JSON at byte 2: text after the value"},
        {TEXT("true x"), "not valid JSON at byte 5: text after the value"},
        {TEXT("{}\0"), "not valid JSON at byte 2: text after the value"},
        {TEXT("12\0"), "not valid JSON at byte 2: text after the value"},
        {TEXT("\0{}"), "not valid JSON at byte 0: unexpected end of data"},
        {TEXT("{\"a\":\"x\0y\"}"), "not valid JSON at byte 8: unexpected end of data"},
        {TEXT("[1,]"), "not valid JSON at byte 3: unexpected character"},
        {TEXT("{\"a\":1,}"), "not valid JSON at byte 7: unexpected character"},
        {TEXT("'a'"), "not valid JSON at byte 0: unexpected character"},
        {TEXT("/**/1"), "not valid JSON at byte 0: unexpected character"},
        {TEXT("TRUE"), "not valid JSON at byte 0: boolean expected"},
        {TEXT("\xff"), "not valid JSON at byte 0: invalid utf-8 string"},
        {TEXT("\"\xc3\""), "not valid JSON at byte 2: invalid utf-8 string"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        json_object *object = (json_object *) state;
        _cleanup_error_ Error error = {};
        assert_int_equal(json_parse(cases[i].text, cases[i].size, &object, &error), -EBADMSG);
        assert_ptr_equal(object, state);
        assert_string_equal(error.message, cases[i].expected);
    }
}

/* n arrays around a number. */
static void nested_text(size_t n, char *buffer) {
    memset(buffer, '[', n);
    buffer[n] = '1';
    memset(buffer + n + 1, ']', n);
}

static void nesting_is_limited(void **state) {
    char text[2 * JSON_DEPTH_MAX + 1];
    _cleanup_json_ json_object *object = NULL, *none = NULL;
    nested_text(JSON_DEPTH_MAX - 1, text);
    assert_int_equal(json_parse(text, 2 * JSON_DEPTH_MAX - 1, &object, NULL), 0);
    nested_text(JSON_DEPTH_MAX, text);
    _cleanup_error_ Error error = {};
    assert_int_equal(json_parse(text, sizeof(text), &none, &error), -EBADMSG);
    assert_string_equal(error.message, "not valid JSON at byte 16: nesting too deep");
}

static json_object *object_of(const char *text) {
    json_object *object = NULL;
    assert_int_equal(json_parse(text, strlen(text), &object, NULL), 0);
    return object;
}

static void fields_are_found_by_their_type(void **state) {
    _cleanup_json_ json_object *object =
        object_of("{\"s\":\"x\",\"i\":-7,\"b\":true,\"o\":{},\"a\":[]}");
    const char *s;
    int64_t i;
    bool b;
    json_object *o, *a;
    assert_int_equal(json_get_string(object, "s", &s, NULL), 1);
    assert_int_equal(json_get_int(object, "i", &i, NULL), 1);
    assert_int_equal(json_get_bool(object, "b", &b, NULL), 1);
    assert_int_equal(json_get_object(object, "o", &o, NULL), 1);
    assert_int_equal(json_get_array(object, "a", &a, NULL), 1);
    assert_string_equal(s, "x");
    assert_int_equal(i, -7);
    assert_true(b);
    assert_true(json_object_is_type(o, json_type_object));
    assert_true(json_object_is_type(a, json_type_array));
}

static void absent_field_leaves_the_output_alone(void **state) {
    _cleanup_json_ json_object *object = object_of("{\"null\":null}");
    static const char *const names[] = {"null", "absent"};
    for (size_t n = 0; n < ELEMENTSOF(names); n++) {
        const char *s = "old";
        int64_t i = 99;
        bool b = true;
        assert_int_equal(json_get_string(object, names[n], &s, NULL), 0);
        assert_int_equal(json_get_int(object, names[n], &i, NULL), 0);
        assert_int_equal(json_get_bool(object, names[n], &b, NULL), 0);
        assert_string_equal(s, "old");
        assert_int_equal(i, 99);
        assert_true(b);
    }
}

static void needed_field_must_be_there(void **state) {
    _cleanup_json_ json_object *object = object_of("{\"s\":\"x\",\"null\":null,\"i\":1}");
    _cleanup_error_ Error absent = {}, wrong = {};
    const char *s = "old";
    assert_int_equal(json_need_string(object, "absent", &s, &absent), -EBADMSG);
    assert_string_equal(absent.message, "field 'absent' is missing");
    assert_int_equal(json_need_string(object, "i", &s, &wrong), -EBADMSG);
    assert_string_equal(wrong.message, "field 'i' is int, not string");
    assert_int_equal(json_need_string(object, "null", &s, NULL), -EBADMSG);
    assert_string_equal(s, "old");
    assert_int_equal(json_need_string(object, "s", &s, NULL), 0);
    assert_string_equal(s, "x");
}

static void field_of_another_type_is_named(void **state) {
    _cleanup_json_ json_object *object = object_of("{\"s\":\"x\",\"i\":1,\"z\":\"a\\u0000\"}");
    const char *s;
    bool b;
    json_object *o;
    Error errors[4] = {};
    assert_int_equal(json_get_bool(object, "s", &b, &errors[0]), -EBADMSG);
    assert_int_equal(json_get_array(object, "i", &o, &errors[1]), -EBADMSG);
    assert_int_equal(json_get_string(object, "z", &s, &errors[2]), -EBADMSG);
    assert_int_equal(json_get_string(NULL, "z", &s, &errors[3]), -EBADMSG);
    assert_string_equal(errors[0].message, "field 's' is string, not boolean");
    assert_string_equal(errors[1].message, "field 'i' is int, not array");
    assert_string_equal(errors[2].message, "field 'z' has a NUL character");
    assert_string_equal(errors[3].message, "not a JSON object");
    for (size_t i = 0; i < ELEMENTSOF(errors); i++)
        error_done(&errors[i]);
}

typedef struct NumberCase {
    const char *text;
    int r;
    int64_t number;
} NumberCase;

static void whole_numbers_are_read_also_from_strings(void **state) {
    static const NumberCase cases[] = {
        {"{\"n\":0}", 1, 0},
        {"{\"n\":9223372036854775807}", 1, INT64_MAX},
        {"{\"n\":-9223372036854775808}", 1, INT64_MIN},
        {"{\"n\":\"42\"}", 1, 42},
        {"{\"n\":\"-9223372036854775808\"}", 1, INT64_MIN},
        {"{\"n\":9223372036854775808}", -EBADMSG, 99},
        {"{\"n\":\"9223372036854775808\"}", -EBADMSG, 99},
        {"{\"n\":1.5}", -EBADMSG, 99},
        {"{\"n\":1e3}", -EBADMSG, 99},
        {"{\"n\":true}", -EBADMSG, 99},
        {"{\"n\":[1]}", -EBADMSG, 99},
        {"{\"n\":\"\"}", -EBADMSG, 99},
        {"{\"n\":\"-\"}", -EBADMSG, 99},
        {"{\"n\":\"1x\"}", -EBADMSG, 99},
        {"{\"n\":\" 1\"}", -EBADMSG, 99},
        {"{\"n\":\"+1\"}", -EBADMSG, 99},
        {"{\"n\":\"1\\u0000\"}", -EBADMSG, 99},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_json_ json_object *object = object_of(cases[i].text);
        _cleanup_error_ Error error = {};
        int64_t number = 99;
        assert_int_equal(json_get_int(object, "n", &number, &error), cases[i].r);
        assert_int_equal(number, cases[i].number);
        if (cases[i].r < 0)
            assert_string_equal(error.message, "field 'n' is not a whole number");
    }
}

static void fields_are_added_in_order_and_null_is_left_out(void **state) {
    _cleanup_json_ json_object *object = json_object_new_object();
    assert_int_equal(json_add_string(object, "s", "a/b\"\n"), 0);
    assert_int_equal(json_add_string(object, "none", NULL), 0);
    assert_int_equal(json_add_int(object, "i", INT64_MIN), 0);
    assert_int_equal(json_add_bool(object, "b", false), 0);
    assert_int_equal(json_add_take(object, "a", json_object_new_array()), 0);
    assert_int_equal(json_add_take(object, "failed", NULL), -ENOMEM);
    _cleanup_free_ char *text = json_format(object);
    assert_string_equal(text,
                        "{\"s\":\"a/b\\\"\\n\",\"i\":-9223372036854775808,\"b\":false,\"a\":[]}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_is_parsed),
        cmocka_unit_test(null_is_a_value),
        cmocka_unit_test(text_beyond_its_size_is_not_read),
        cmocka_unit_test(anything_but_one_value_is_refused_with_its_place),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(fields_are_found_by_their_type),
        cmocka_unit_test(absent_field_leaves_the_output_alone),
        cmocka_unit_test(needed_field_must_be_there),
        cmocka_unit_test(field_of_another_type_is_named),
        cmocka_unit_test(whole_numbers_are_read_also_from_strings),
        cmocka_unit_test(fields_are_added_in_order_and_null_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
