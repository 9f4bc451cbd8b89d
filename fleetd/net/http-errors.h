/* What went wrong in a transfer, as an errno. */
#pragma once

#include <curl/curl.h>

/* os_errno is that of the failed connect, 0 if there is none. Never 0 but for CURLE_OK. */
int http_error_from_curl(CURLcode code, long os_errno);
