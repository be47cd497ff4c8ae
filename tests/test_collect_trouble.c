/* Headers that say when to come back, and the decision to come back at all. */
#include "collect/header.h"
#include "collect/trouble.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sat, 07 Mar 2026 09:14:03 GMT */
#define NOW_MS INT64_C(1772874843000)

static const struct {
    const char *lines[4];
    double wait_s; /* NaN: not said */
    int should_retry;
} headers[] = {
    {{"Retry-After: 7\r\n"}, 7, -1},
    {{"retry-after:0.5"}, 0.5, -1},
    {{"RETRY-AFTER:\t 12  \r\n"}, 12, -1},
    {{"retry-after: Sat, 07 Mar 2026 09:15:03 GMT\r\n"}, 60, -1},
    {{"retry-after: Saturday, 07-Mar-26 09:14:13 GMT\r\n"}, 10, -1},
    {{"retry-after: Sat, 07 Mar 2026 09:00:00 GMT\r\n"}, 0, -1},
    {{"retry-after: 9\r\n", "retry-after-ms: 250\r\n"}, 0.25, -1},
    {{"x-ms-retry-after-ms: 1500\r\n", "retry-after: 9\r\n"}, 1.5, -1},
    {{"retry-after: soon\r\n"}, NAN, -1},
    {{"retry-after: -3\r\n"}, NAN, -1},
    {{"retry-after:\r\n"}, NAN, -1},
    {{"retry-after-ms: many\r\n"}, NAN, -1},
    {{"retry-after: inf\r\n", "retry-after-ms: nan\r\n"}, NAN, -1},
    {{"x-should-retry: true\r\n"}, NAN, 1},
    {{"x-should-retry: false\r\n", "retry-after: 1\r\n"}, 1, 0},
    {{"x-should-retry: maybe\r\n"}, NAN, -1},
    {{"no colon here\r\n", ":\r\n", "", "retry-afterwards: 3\r\n"}, NAN, -1},
};

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) < 1e-9;
}

Test(collect_trouble, reads_headers)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct reply_headers h = reply_headers_none();
        for (int k = 0; k < 4 && headers[i].lines[k]; k++)
            reply_headers_add(&h, headers[i].lines[k], strlen(headers[i].lines[k]), NOW_MS);
        cr_expect(same(reply_headers_wait_s(&h), headers[i].wait_s), "case %zu (%s): %g", i,
                  headers[i].lines[0], reply_headers_wait_s(&h));
        cr_expect(h.should_retry == headers[i].should_retry);
    }
    char long_line[600] = "retry-after: ";
    memset(long_line + 13, '9', sizeof long_line - 14);
    struct reply_headers h = reply_headers_none();
    reply_headers_add(&h, long_line, sizeof long_line - 1, NOW_MS);
    reply_headers_add(&h, "retry-after: 5\0 00", 18, NOW_MS);
    cr_expect(isnan(reply_headers_wait_s(&h)));
}

Test(collect_trouble, reads_durations)
{
    static const struct {
        const char *text;
        double s; /* negative: refused */
    } cases[] = {
        {"12ms", 0.012}, {"6m0s", 360}, {"1.5s", 1.5}, {"1h2m3s", 3723}, {"1d", 86400}, {"37s", 37},
        {"20", 20},      {"0", 0},      {"", -1},      {"s", -1},        {"1x", -1},    {"-1s", -1},
        {"1s2", -1},     {"1 s", -1},   {"1e999", -1}, {".", -1},        {"1..2s", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double s = -1;
        bool ok = header_duration(cases[i].text, &s);
        cr_expect(ok == (cases[i].s >= 0), "'%s'", cases[i].text);
        cr_expect(!ok || same(s, cases[i].s), "'%s': %g", cases[i].text, s);
    }
}

static struct trouble_info judge(enum http_end end, int status, int should_retry)
{
    struct http_result r = {.end = end,
                            .status = status,
                            .sent = true,
                            .body = "",
                            .retry_after_s = NAN,
                            .should_retry = should_retry,
                            .why = "curl says so"};
    struct trouble_info info;
    trouble_read(&r, NULL, NULL, &info);
    return info;
}

Test(collect_trouble, decides_by_status)
{
    static const struct {
        int status;
        enum trouble class;
        bool retry;
    } cases[] = {
        {301, TROUBLE_BAD_REQUEST, false}, {400, TROUBLE_BAD_REQUEST, false},
        {401, TROUBLE_AUTH, false},        {402, TROUBLE_QUOTA, false},
        {403, TROUBLE_AUTH, false},        {404, TROUBLE_NOT_FOUND, false},
        {405, TROUBLE_BAD_REQUEST, false}, {408, TROUBLE_TIMEOUT, true},
        {409, TROUBLE_SERVER, true},       {413, TROUBLE_TOO_LARGE, false},
        {422, TROUBLE_BAD_REQUEST, false}, {429, TROUBLE_RATE_LIMIT, true},
        {500, TROUBLE_SERVER, true},       {502, TROUBLE_SERVER, true},
        {503, TROUBLE_OVERLOADED, true},   {504, TROUBLE_TIMEOUT, true},
        {529, TROUBLE_OVERLOADED, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trouble_info info = judge(HTTP_DONE, cases[i].status, -1);
        cr_expect(info.class == cases[i].class && info.retry == cases[i].retry, "%d: %s, retry %d",
                  cases[i].status, trouble_names[info.class], info.retry);
    }
    cr_expect(!judge(HTTP_DONE, 500, 0).retry, "x-should-retry: false is obeyed");
    cr_expect(judge(HTTP_DONE, 400, 1).retry, "x-should-retry: true is obeyed");
    cr_expect(!judge(HTTP_DONE, 402, 1).retry, "but not for money");
    cr_expect(judge(HTTP_FAILED, 0, -1).class == TROUBLE_NETWORK &&
              judge(HTTP_FAILED, 0, -1).retry);
    cr_expect(judge(HTTP_FAILED, 200, -1).retry && judge(HTTP_FAILED, 200, -1).paid, "cut off");
    cr_expect(judge(HTTP_TIMED_OUT, 0, -1).class == TROUBLE_TIMEOUT &&
              judge(HTTP_TIMED_OUT, 0, -1).paid);
    cr_expect(judge(HTTP_UNTRUSTED, 0, -1).class == TROUBLE_NETWORK &&
              !judge(HTTP_UNTRUSTED, 0, -1).retry);
    cr_expect(judge(HTTP_TOO_LONG, 200, -1).class == TROUBLE_TOO_LARGE &&
              !judge(HTTP_TOO_LONG, 200, -1).retry);
    cr_expect(judge(HTTP_DROPPED, 0, -1).class == TROUBLE_INTERRUPTED &&
              !judge(HTTP_DROPPED, 0, -1).retry);
    cr_expect(!judge(HTTP_DONE, 429, -1).paid && !judge(HTTP_DONE, 500, -1).paid);
    cr_expect(strstr(judge(HTTP_DONE, 302, -1).message, "redirects") != NULL);
}

Test(collect_trouble, waits_with_full_jitter_and_as_asked)
{
    struct rng rng;
    rng_seed(&rng, 7);
    static const double caps[] = {0.5, 1, 2, 4, 8, 8, 8};
    for (int tries = 1; tries <= 7; tries++) {
        double lo = 1e9, hi = 0, sum = 0;
        for (int i = 0; i < 2000; i++) {
            double w = retry_delay_s(tries, NAN, &rng);
            lo = w < lo ? w : lo;
            hi = w > hi ? w : hi;
            sum += w;
        }
        double cap = caps[tries - 1];
        cr_expect(lo >= 0 && lo < .01 * cap && hi <= cap && hi > .99 * cap, "%d: %g..%g", tries, lo,
                  hi);
        cr_expect(fabs(sum / 2000 - cap / 2) < .05 * cap);
    }
    for (int i = 0; i < 100; i++) {
        double w = retry_delay_s(1, 30, &rng);
        cr_expect(w >= 30 && w <= 30.25);
        cr_expect(retry_delay_s(1, 0, &rng) <= 0.05);
    }
    cr_expect(retry_delay_s(1, 120, &rng) >= 120);
    cr_expect(retry_delay_s(1, 121, &rng) < 0, "two minutes at most");
    cr_expect(retry_delay_s(1, -5, &rng) >= 0);
}

Test(collect_trouble, shows_no_key_and_one_line)
{
    struct http_result r = {.end = HTTP_FAILED,
                            .retry_after_s = NAN,
                            .should_retry = -1,
                            .why = "a\nb\x1b[2J the-key-1234 sk-proj-99999 end"};
    struct trouble_info info;
    trouble_read(&r, NULL, "first-key-1\nthe-key-1234", &info);
    cr_expect_str_eq(info.message, "a b [2J *** *** end");
    char long_why[1000];
    memset(long_why, 'x', sizeof long_why - 1);
    long_why[sizeof long_why - 1] = '\0';
    r.why = long_why;
    trouble_read(&r, NULL, NULL, &info);
    cr_expect(strlen(info.message) < sizeof info.message && strlen(info.message) > 200);
}
