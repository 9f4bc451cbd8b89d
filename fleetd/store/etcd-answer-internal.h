/* What all answers have in common; private to etcd-answer.c and etcd-answer-list.c. */
#pragma once

#include "fleetd/base/json.h"
#include "fleetd/store/etcd-answer.h"

/* What stands at the head of each answer. */
typedef struct EtcdAnswerHead {
    int64_t revision;
    uint64_t history;
} EtcdAnswerHead;

/* An error that etcd reports is returned as its errno, with its words in reterr. */
int etcd_answer_open(const char *text, size_t size, json_object **ret, Error *reterr);
int etcd_answer_get_header(json_object *answer, EtcdAnswerHead *ret, Error *reterr);
int etcd_answer_need_header(json_object *answer, EtcdAnswerHead *ret, Error *reterr);

int etcd_answer_bad(Error *reterr, const char *what); /* -EPROTO */
/* A field of the wrong type breaks the protocol like anything else that is wrong. */
int etcd_answer_errno(int r);
