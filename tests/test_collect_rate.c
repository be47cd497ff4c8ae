/* Headers of limits in every form, and how fast a lane goes on hearing them. */
#include "collect/header.h"
#include "collect/pace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define NOW 1767571200000 /* 2026-01-05T00:00:00Z */

Test(collect_rate, every_form_of_reset)
{
    static const struct {
        const char *text;
        double s; /* negative: refused */
    } cases[] = {
        {"12ms", .012},
        {"6m0s", 360},
        {"1.5s", 1.5},
        {"1h2m3s", 3723},
        {"30", 30},
        {"0.25", .25},
        {"0", 0},
        {"2026-01-05T00:00:40Z", 40},
        {"2026-01-05T02:00:01+02:00", 1},
        {"2026-01-04T23:59:00Z", 0},
        {"1767571230", 30},
        {"1767571230500", 30.5},
        {"soon", -1},
        {"", -1},
        {"-5", -1},
        {"nan", -1},
        {"1e400", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double s = -1;
        bool ok = rate_reset(cases[i].text, NOW, &s);
        cr_expect(ok == (cases[i].s >= 0), "'%s'", cases[i].text);
        cr_expect(!ok || fabs(s - cases[i].s) < 1e-6, "'%s' is %g", cases[i].text, s);
    }
}

Test(collect_rate, every_name)
{
    static const struct {
        const char *line;
        enum rate_kind kind;
        int what; /* 0 limit, 1 remaining, 2 reset; -1: none of ours */
        double value;
    } cases[] = {
        {"x-ratelimit-limit-requests: 60\r\n", RATE_REQUESTS, 0, 60},
        {"X-RateLimit-Remaining-Tokens: 149984\r\n", RATE_TOKENS, 1, 149984},
        {"x-ratelimit-reset-requests: 6m0s\r\n", RATE_REQUESTS, 2, 360},
        {"anthropic-ratelimit-requests-remaining: 7\r\n", RATE_REQUESTS, 1, 7},
        {"anthropic-ratelimit-tokens-reset: 2026-01-05T00:00:40Z\r\n", RATE_TOKENS, 2, 40},
        {"anthropic-ratelimit-input-tokens-remaining: 100\r\n", RATE_INPUT_TOKENS, 1, 100},
        {"anthropic-ratelimit-output-tokens-limit: 8000\r\n", RATE_OUTPUT_TOKENS, 0, 8000},
        {"X-RateLimit-Reset: 1767571230500\r\n", RATE_REQUESTS, 2, 30.5},
        {"ratelimit-remaining: 3\r\n", RATE_REQUESTS, 1, 3},
        {"ratelimitbysize-limit: 500000\r\n", RATE_TOKENS, 0, 500000},
        {"x-ratelimit-limit: 1.5\r\n", RATE_REQUESTS, 0, 1.5},
        {"x-tokenlimit-limit: 3000\r\n", RATE_TOKENS, 0, 3000},
        {"X-TokenLimit-Remaining: 2999\r\n", RATE_TOKENS, 1, 2999},
        {"x-tokenlimit-limit-dynamic: 3000\r\n", RATE_REQUESTS, -1, 0},
        {"x-ratelimit-remaining-requests-day: 3\r\n", RATE_REQUESTS, -1, 0},
        {"x-ratelimit-remaining-requests: lots\r\n", RATE_REQUESTS, -1, 0},
        {"x-ratelimit-policy: 3\r\n", RATE_REQUESTS, -1, 0},
        {"x-request-id: 3\r\n", RATE_REQUESTS, -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_headers h = reply_headers_none();
        reply_headers_add(&h, cases[i].line, strlen(cases[i].line), NOW);
        int set = 0;
        for (int k = 0; k < RATE_KINDS; k++) {
            const struct rate_told *t = &h.rates.kind[k];
            double v[3] = {t->limit, t->remaining, t->reset_s};
            for (int w = 0; w < 3; w++) {
                set += !isnan(v[w]);
                if (k == (int)cases[i].kind && w == cases[i].what)
                    cr_expect(fabs(v[w] - cases[i].value) < 1e-6, "%s: %g", cases[i].line, v[w]);
            }
        }
        cr_expect(set == (cases[i].what >= 0), "%s set %d", cases[i].line, set);
    }
}

/* A lane against a bucket of 60 that fills at 30 a second, each request served after 50 ms; what is
 * told after each. Returns how many of n were refused, *took the simulated seconds. */
static int drive(bool tell, bool window, int n, double *took)
{
    struct pace p;
    double ends[64], now = 0, left = 60, at = 0;
    int flying = 0, done = 0, refused = 0;
    pace_init(&p, 32);
    while (done < n) {
        double full = window ? floor(now / 2) * 2 : now;
        left = window ? (full > at ? 60 : left) : fmin(60, left + (now - at) * 30);
        at = full > at ? full : at;
        for (int i = 0; i < flying; i++) {
            if (ends[i] > now)
                continue;
            struct rates told = rates_none();
            bool ok = left >= 1;
            left -= ok;
            if (tell)
                told.kind[RATE_REQUESTS] =
                    (struct rate_told){60, floor(left), window ? at + 2 - now : (60 - left) / 30};
            ends[i--] = ends[--flying];
            if (ok)
                pace_heard(&p, &told, true, 100, now);
            else
                pace_refused(&p, &told, flying, NAN, now);
            done += ok;
            refused += !ok && done > n / 2;
        }
        if (!pace_full(&p, flying) && pace_next_s(&p, flying, now) <= now) {
            pace_left(&p, flying, now);
            ends[flying++] = now + .05;
        } else {
            now += .001;
        }
    }
    *took = now;
    return refused;
}

Test(collect_rate, a_lane_settles_at_the_limit)
{
    double took;
    int refused = drive(true, false, 600, &took);
    cr_expect(refused == 0, "%d", refused);
    cr_expect(took > 17 && took < 24, "600 less the first 60 at 30 a second are 18 s: %g", took);
    refused = drive(true, true, 600, &took);
    cr_expect(refused < 15, "%d in windows", refused);
    cr_expect(took > 15 && took < 26, "%g in windows", took);
    refused = drive(false, false, 600, &took);
    cr_expect(refused < 15, "%d of 300 with nothing told", refused);
    cr_expect(took > 17 && took < 30, "%g with nothing told", took);
}

Test(collect_rate, only_refusals_slow_a_lane)
{
    struct pace p;
    struct rates none = rates_none();
    pace_init(&p, 64);
    cr_expect(p.window == 32);
    for (int i = 0; i < 40; i++)
        pace_heard(&p, &none, false, 0, i); /* failures of other kinds */
    cr_expect(p.window == 32 && pace_next_s(&p, 5, 40) <= 40);
    for (int i = 0; i < 40; i++)
        pace_heard(&p, &none, true, 0, 40 + i);
    cr_expect(p.window == 64, "slow start: %g", p.window);
    pace_refused(&p, &none, 63, NAN, 80);
    cr_expect(p.window == 32);
    pace_refused(&p, &none, 62, NAN, 80.1);
    cr_expect(p.window == 32, "one cut for all that were on their way");
    cr_expect(pace_next_s(&p, 0, 80.1) > 80.2, "held for a moment");
    pace_heard(&p, &none, true, 0, 81);
    cr_expect(p.window < 32.1, "then by one a round");
}

/* Refusals that have nothing to do with speed: one of twelve, at any rate. */
Test(collect_rate, refusals_at_random_do_not_stop_a_lane)
{
    struct pace p;
    struct rates none = rates_none();
    double now = 0;
    pace_init(&p, 16);
    for (int i = 1; i <= 1200; i++) {
        double due = pace_next_s(&p, 4, now);
        now = (due > now ? due : now) + .001;
        pace_left(&p, 4, now);
        if (i % 12)
            pace_heard(&p, &none, true, 0, now);
        else
            pace_refused(&p, &none, 4, i % 24 ? 0 : .1, now);
    }
    cr_expect(now < 15, "1200 requests took %g s", now);
}
