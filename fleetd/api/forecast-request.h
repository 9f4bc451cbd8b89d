/* What the body of a POST of a plan asks for. Pure. */
#pragma once

#include "fleetd/model/forecast.h"

/* Everything that can be refused without knowing what is there: -EINVAL, with the reason. -ENOMEM.
 */
int forecast_request_parse(const char *body, size_t size, ForecastRequest *ret, Error *reterr);
