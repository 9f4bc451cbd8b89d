/* The one table of what can be asked for: requests are routed by it, and the discovery document is
 * made from it. */
#pragma once

#include "fleetd/api/context.h"

#define API_PREFIX "/fleet/v1/"

typedef struct RouteParameter { /* of the query */
    const char *name;
    const char *description;
    bool is_repeated;
} RouteParameter;

#define ROUTE_PARAMETERS_MAX 4

struct Route {
    const char *method;
    const char *path; /* "units", or "units/{unitName}": an item, whose name the handler is given */
    bool is_top;      /* not under the prefix */
    ReadHandler read; /* one of the two */
    WriteHandler write;
    const char *body_types[3]; /* Content-Types that it may have; none: there is no body */

    /* For the discovery document; without a resource it is left out there. */
    const char *resource, *verb; /* "Units", "Get" */
    const char *object;          /* "Unit": with the verb the method's id */
    const char *description;
    const char *request, *response; /* schemas; NULL: no body */
    RouteParameter parameters[ROUTE_PARAMETERS_MAX];
};

extern const Route api_routes[];
extern const size_t api_n_routes;

/* The length of the path without the item's name, and that name's own name; NULL: there is none. */
size_t route_collection_length(const Route *route);
