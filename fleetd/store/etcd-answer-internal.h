/* What all answers have in common; private to etcd-answer.c and etcd-answer-list.c. */
#pragma once

#include "fleetd/store/etcd-answer.h"

/* What stands at the head of each answer. */
typedef struct EtcdAnswerHead {
    int64_t revision;
    uint64_t history;
} EtcdAnswerHead;

/* Reads a message by a table of its fields. */
#define ETCD_READ(message, fields, ret, reterr) \
    etcd_answer_read((message), (fields), ELEMENTSOF(fields), (ret), (reterr))
int etcd_answer_read(ProtobufBytes message, const ProtobufField *fields, size_t n_fields, void *ret,
                     Error *reterr);

/* Of the field "header", which is 1 in all of them. */
int etcd_answer_read_head(ProtobufBytes header, EtcdAnswerHead *ret, Error *reterr);
int etcd_answer_need_head(ProtobufBytes header, EtcdAnswerHead *ret, Error *reterr);

int etcd_answer_bad(Error *reterr, const char *what); /* -EPROTO */
