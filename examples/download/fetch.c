/* An easy handle, driven by a multi handle of its own: the multi handle keeps
 * the connections, and its poll can be woken from another thread. A request
 * hooks that wake-up to the running task's token, so that it stops within the
 * time of a system call; libcurl's own progress callback would look once a
 * second. Nothing throws here, since a throw must not cross libcurl's frames:
 * what went wrong is returned. */
#include "fetch.h"

#include "text.h"

#include <futures/futures.h>

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_SECONDS = 30,
    STALL_SECONDS = 60, /* without a byte a second */
    REDIRECTS = 10,
    BUFFER_BYTES = 128 * 1024,
    POLL_MS = 60 * 1000,
    HOUR = 3600 /* seconds */
};

struct fetcher {
    CURLM *multi;
    CURL *easy;
    const fetch_sink *sink; /* of the request that runs */
    int sink_failed;        /* the errno value that it gave */
    char message[CURL_ERROR_SIZE];
};

static bool is_success(long status)
{
    return status >= 200 && status < 300;
}

static long http_status(const fetcher *self)
{
    long status = 0;
    curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* libcurl's write callback. The body of an error page is read and dropped,
 * which keeps the connection. */
static size_t on_body(char *data, size_t one, size_t size, void *arg)
{
    fetcher *self = arg;
    curl_off_t expected = -1;
    (void)one;
    if (!is_success(http_status(self)))
        return size;
    curl_easy_getinfo(self->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                      &expected);
    self->sink_failed =
        self->sink->write(self->sink->context, data, size, expected);
    return self->sink_failed == 0 ? size : CURL_WRITEFUNC_ERROR;
}

/* QUICK_EXIT: a request that is stopped does not wait for its name look-up. */
static bool set_numbers(const fetcher *self)
{
    static const struct {
        CURLoption option;
        long number;
    } chosen[] = {
        {CURLOPT_FOLLOWLOCATION, 1},
        {CURLOPT_MAXREDIRS, REDIRECTS},
        {CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS},
        {CURLOPT_LOW_SPEED_LIMIT, 1},
        {CURLOPT_LOW_SPEED_TIME, STALL_SECONDS},
        {CURLOPT_BUFFERSIZE, BUFFER_BYTES},
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_QUICK_EXIT, 1},
    };
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
        if (curl_easy_setopt(self->easy, chosen[i].option, chosen[i].number) !=
            CURLE_OK)
            return false;
    return true;
}

static bool set_text(const fetcher *self, CURLoption option, const char *s)
{
    return curl_easy_setopt(self->easy, option, s) == CURLE_OK;
}

static bool set_texts(const fetcher *self, bool direct)
{
    return set_text(self, CURLOPT_USERAGENT, "libfutures-download") &&
           set_text(self, CURLOPT_PROTOCOLS_STR, "http,https") &&
           set_text(self, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") &&
           (!direct || set_text(self, CURLOPT_PROXY, ""));
}

static bool configure(fetcher *self, bool direct)
{
    CURL *easy = self->easy;
    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, self) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->message) ==
               CURLE_OK &&
           set_numbers(self) && set_texts(self, direct);
}

fetcher *fetcher_create(bool direct)
{
    fetcher *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->multi = curl_multi_init();
    self->easy = curl_easy_init();
    if (self->multi != NULL && self->easy != NULL && configure(self, direct))
        return self;
    fetcher_destroy(self);
    return NULL;
}

void fetcher_destroy(fetcher *self)
{
    if (self == NULL)
        return;
    curl_easy_cleanup(self->easy);
    curl_multi_cleanup(self->multi);
    free(self);
}

/* The hook of the task's token, on whatever thread fires it. */
static void wake(void *multi)
{
    curl_multi_wakeup(multi);
}

static int poll_ms(futures_time deadline)
{
    if (deadline == FUTURES_NEVER)
        return POLL_MS;
    futures_time left = (deadline - futures_now()) / 1000000 + 1;
    return left < POLL_MS ? (int)left : POLL_MS;
}

/* A wake-up that comes before the poll is kept for it, so none is lost
 * between the look at the token and the poll. */
static fetch_status drive(CURLM *multi, futures_time deadline)
{
    for (;;) {
        int running = 0;
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return FETCH_FAILED;
        if (running == 0)
            return FETCH_OK;
        if (futures_cancelled())
            return FETCH_STOPPED;
        if (deadline != FUTURES_NEVER && futures_now() >= deadline)
            return FETCH_LATE;
        if (curl_multi_poll(multi, NULL, 0, poll_ms(deadline), NULL) !=
            CURLM_OK)
            return FETCH_FAILED;
    }
}

/* Outside a task there is no token, and then nothing to unhook. */
static fetch_status drive_hooked(CURLM *multi, futures_time deadline)
{
    futures_hook hook;
    futures_token *token = futures_current_token();
    futures_status hooked = futures_token_on_cancel(token, &hook, wake, multi);
    fetch_status status = drive(multi, deadline);
    if (hooked == FUTURES_OK)
        futures_token_off_cancel(token, &hook);
    return status;
}

static const char *status_text(long status)
{
    static const struct {
        long status;
        const char *text;
    } known[] = {
        {400, " Bad Request"},       {401, " Unauthorized"},
        {403, " Forbidden"},         {404, " Not Found"},
        {408, " Request Timeout"},   {410, " Gone"},
        {429, " Too Many Requests"}, {500, " Internal Server Error"},
        {502, " Bad Gateway"},       {503, " Service Unavailable"},
        {504, " Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].text;
    return "";
}

static fetch_status judge_answer(const fetcher *self, fetch_failure *failure)
{
    long status = http_status(self);
    curl_off_t seconds = 0;
    if (is_success(status))
        return FETCH_OK;
    failure->code = (int)status;
    snprintf(failure->message, sizeof failure->message, "HTTP %ld%s", status,
             status_text(status));
    curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &seconds);
    failure->pause_ms = (seconds < HOUR ? seconds : HOUR) * INT64_C(1000);
    bool again = status >= 500 || status == 408 || status == 429;
    return again ? FETCH_AGAIN : FETCH_FAILED;
}

/* What the network did to one request it may not do to the next. */
static bool is_worth_another(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

static fetch_status judge_error(const fetcher *self, CURLcode code,
                                fetch_failure *failure)
{
    long number = 0;
    const char *message =
        self->message[0] != '\0' ? self->message : curl_easy_strerror(code);
    curl_easy_getinfo(self->easy, CURLINFO_OS_ERRNO, &number);
    failure->code = number != 0 ? (int)number : EIO;
    if (code == CURLE_COULDNT_CONNECT && number != 0)
        snprintf(failure->message, sizeof failure->message,
                 "cannot connect: %s", text_errno((int)number).s);
    else
        snprintf(failure->message, sizeof failure->message, "%s", message);
    return is_worth_another(code) ? FETCH_AGAIN : FETCH_FAILED;
}

/* The request has ended by itself: how? */
static fetch_status judge(const fetcher *self, fetch_failure *failure)
{
    int left = 0;
    const CURLMsg *said = curl_multi_info_read(self->multi, &left);
    CURLcode code = said != NULL ? said->data.result : CURLE_FAILED_INIT;
    if (self->sink_failed != 0) {
        failure->code = self->sink_failed;
        snprintf(failure->message, sizeof failure->message, "cannot write: %s",
                 text_errno(self->sink_failed).s);
        return FETCH_FAILED;
    }
    if (code != CURLE_OK)
        return judge_error(self, code, failure);
    return judge_answer(self, failure);
}

/* Taking the easy handle out ends a request that still runs, and its
 * connection with it; one that is idle stays with the multi handle. */
fetch_status fetcher_get(fetcher *self, const char *url, futures_time deadline,
                         const fetch_sink *sink, fetch_failure *failure)
{
    *failure = (fetch_failure){ENOMEM, 0, "out of memory"};
    self->sink = sink;
    self->sink_failed = 0;
    self->message[0] = '\0';
    if (!set_text(self, CURLOPT_URL, url) ||
        curl_multi_add_handle(self->multi, self->easy) != CURLM_OK)
        return FETCH_FAILED;
    fetch_status status = drive_hooked(self->multi, deadline);
    if (status == FETCH_OK)
        status = judge(self, failure);
    curl_multi_remove_handle(self->multi, self->easy);
    return status;
}
