/* Lanes that share a limit, lanes that do not, and slots that nobody takes from another. */
#include "collect/endpoint.h"
#include "collect/lane.h"
#include "core/json.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FLYING = 256 };

/* A provider's buckets, one for each number in `of`, which fill at `rate` a second up to `size`. */
struct world {
    struct lanes ls;
    size_t lanes;
    size_t of[4];                            /* bucket of a lane */
    double size[4], rate[4], left[4], at[4]; /* of a bucket */
    double limit[4];                         /* told; NaN: nothing is */
    double served_s[4];                      /* what a request takes; infinite: never answered */
    int done[4], refused[4], late[4];        /* late: refused in the second half */
    double ends[FLYING];
    size_t lane[FLYING];
    int flying;
};

static void answer(struct world *w, size_t i, double now, int want)
{
    size_t b = w->of[i];
    struct rates told = rates_none();
    w->left[b] = fmin(w->size[b], w->left[b] + (now - w->at[b]) * w->rate[b]);
    w->at[b] = now;
    bool ok = w->left[b] >= 1;
    w->left[b] -= ok;
    if (!isnan(w->limit[i]))
        told.kind[RATE_REQUESTS] = (struct rate_told){w->limit[i], floor(w->left[b]),
                                                      (w->size[b] - w->left[b]) / w->rate[b]};
    lane_landed(&w->ls, &w->ls.v[i], false);
    if (ok)
        lane_heard(&w->ls, &w->ls.v[i], &told, true, 100, now);
    else
        lane_refused(&w->ls, &w->ls.v[i], &told, (double)NAN, now);
    w->done[i] += ok;
    w->refused[i] += !ok;
    w->late[i] += !ok && w->done[i] > want / 2;
}

/* Until each lane that is ever answered has `want` replies; the simulated seconds that the first
 * lane took. */
static double drive(struct world *w, int want)
{
    double now = 0, first = (double)NAN;
    size_t turn = 0;
    for (bool more = true; more && now < 600;) {
        lanes_count(&w->ls);
        for (int f = 0; f < w->flying; f++)
            if (w->ends[f] <= now) {
                size_t i = w->lane[f];
                w->lane[f] = w->lane[--w->flying];
                w->ends[f--] = w->ends[w->flying];
                answer(w, i, now, want);
            }
        bool sent = false;
        more = false;
        for (size_t k = 0; k < w->lanes; k++) {
            size_t i = turn++ % w->lanes;
            struct lane *l = &w->ls.v[i];
            l->empty = w->done[i] + (int)l->flying >= want;
            more = more || (w->done[i] < want && isfinite(w->served_s[i]));
            if (l->empty || w->ls.flying >= w->ls.jobs || lane_full(&w->ls, l) ||
                lane_due_s(&w->ls, l, now) > now)
                continue;
            lane_left(&w->ls, l, false, now);
            w->ends[w->flying] = now + w->served_s[i];
            w->lane[w->flying++] = i;
            sent = true;
        }
        turn++;
        if (isnan(first) && w->done[0] >= want)
            first = now;
        now += sent ? 0 : .001;
    }
    return isnan(first) ? now : first;
}

static struct world world_of(size_t lanes, const struct lane_spec *spec, int64_t jobs)
{
    struct world w = {.lanes = lanes};
    lanes_init(&w.ls, lanes, spec, jobs, 0);
    for (size_t i = 0; i < 4; i++) {
        w.size[i] = w.left[i] = 60;
        w.rate[i] = 30;
        w.limit[i] = (double)NAN;
        w.served_s[i] = .05;
        w.of[i] = i < lanes && spec ? spec[i].account : i;
    }
    return w;
}

Test(collect_lane, models_of_one_account_share_its_limit)
{
    static const struct lane_spec spec[] = {{.account = 0, .per_second = false},
                                            {.account = 0, .per_second = false},
                                            {.account = 0, .per_second = false}};
    for (int told = 0; told < 2; told++) {
        struct world w = world_of(3, spec, 32);
        for (int i = 0; i < 3 && told; i++)
            w.limit[i] = 60;
        double took = drive(&w, 200);
        int late = w.late[0] + w.late[1] + w.late[2];
        cr_expect(late <= (told ? 0 : 15), "told %d: %d of 300 refused", told, late);
        cr_expect(took > 15 && took < 30, "told %d: 600 at 30 a second took %g s", told, took);
        cr_expect(!w.ls.account[0].apart);
        lanes_deinit(&w.ls);
    }
}

Test(collect_lane, limits_of_different_sizes_are_not_shared)
{
    static const struct lane_spec spec[] = {{.account = 0, .per_second = false},
                                            {.account = 0, .per_second = false}};
    struct world w = world_of(2, spec, 32);
    w.of[1] = 1;
    w.limit[0] = w.size[0] = w.left[0] = 600; /* and fills at 300 a second */
    w.rate[0] = 300;
    w.limit[1] = 60;
    double took = drive(&w, 600);
    cr_expect(w.ls.account[0].apart);
    cr_expect(took < 6, "the larger limit is used: %g s", took);
    cr_expect(w.late[0] + w.late[1] == 0, "%d and %d refused", w.late[0], w.late[1]);
    lanes_deinit(&w.ls);
}

Test(collect_lane, accounts_do_not_slow_one_another)
{
    /* Alone, beside one whose limit is low, and beside three models of one that never answers. */
    static const struct lane_spec spec[] = {{.account = 0, .per_second = false},
                                            {.account = 1, .per_second = false},
                                            {.account = 1, .per_second = false},
                                            {.account = 1, .per_second = false}};
    double alone = 0, beside = 0, stuck = 0;
    for (int round = 0; round < 3; round++) {
        struct world w = world_of(round == 0 ? 1 : round == 1 ? 2 : 4, spec, 16);
        w.size[0] = w.left[0] = w.rate[0] = 1e9;
        if (round == 1)
            w.size[1] = w.left[1] = w.rate[1] = 2;
        for (int i = 1; i < 4 && round == 2; i++)
            w.served_s[i] = (double)INFINITY;
        double took = drive(&w, round == 1 ? 300 : 1000) * (round == 1 ? 1000.0 / 300 : 1);
        *(round == 0 ? &alone : round == 1 ? &beside : &stuck) = took;
        if (round == 2)
            cr_expect(w.ls.v[0].flying == 0 && w.ls.account[1].flying <= 8, "%lld slots are stuck",
                      (long long)w.ls.account[1].flying);
        lanes_deinit(&w.ls);
    }
    cr_expect(beside < alone * 1.4, "%g s beside a low limit, %g s alone", beside, alone);
    cr_expect(stuck < alone * 2.2, "%g s beside one that hangs on half the slots, %g s alone",
              stuck, alone);
}

Test(collect_lane, a_limit_a_second_is_kept)
{
    static const struct lane_spec spec[] = {{.account = 0, .per_second = true},
                                            {.account = 0, .per_second = true}};
    struct world w = world_of(2, spec, 32);
    struct rates told = rates_none();
    double now = 10, last = 0, least = 1;
    told.kind[RATE_REQUESTS].limit = 20;
    told.kind[RATE_TOKENS].limit = 100000;
    for (int i = 0; i < 100; i++) {
        struct lane *l = &w.ls.v[i % 2];
        double due = lane_due_s(&w.ls, l, now);
        now = due > now ? due : now;
        lane_left(&w.ls, l, false, now);
        lane_landed(&w.ls, l, false);
        lane_heard(&w.ls, l, &told, true, 100, now);
        least = i > 2 && now - last < least ? now - last : least;
        last = now;
    }
    cr_expect(least > .05 && now > 10 + 98 / 20.0, "%g s apart, %g s in all", least, now - 10);
    told.kind[RATE_TOKENS].limit = 500; /* five requests of 100 tokens */
    for (int i = 0; i < 20; i++) /* a limit that was changed for all, one lane hearing it first */
        lane_heard(&w.ls, &w.ls.v[i >= 10], &told, true, 100, now);
    cr_expect(!w.ls.account[0].apart);
    cr_expect(lane_due_s(&w.ls, &w.ls.v[1], now) > now + .19, "tokens a second too");
    lanes_deinit(&w.ls);
    /* The same words without the flag are a limit of some window: no pace by themselves. */
    lanes_init(&w.ls, 1, NULL, 8, 0);
    lane_left(&w.ls, w.ls.v, false, 20);
    lane_landed(&w.ls, w.ls.v, false);
    lane_heard(&w.ls, w.ls.v, &told, true, 100, 20);
    cr_expect(lane_due_s(&w.ls, w.ls.v, 20.001) <= 20.001);
    lanes_deinit(&w.ls);
}

Test(collect_lane, when_a_try_is_slow)
{
    struct hedge h;
    hedge_init(&h, (struct config_hedge){0});
    cr_expect(!hedge_on(&h) && isinf(hedge_after_s(&h)));
    hedge_init(&h, (struct config_hedge){.seconds = 2.5});
    hedge_heard(&h, 100);
    cr_expect(hedge_on(&h) && fabs(hedge_after_s(&h) - 2.5) < 1e-12);
    hedge_init(&h, (struct config_hedge){.percentile = 95});
    for (int i = 1; i < HEDGE_FROM; i++)
        hedge_heard(&h, i);
    cr_expect(hedge_on(&h) && isinf(hedge_after_s(&h)), "not known yet");
    hedge_heard(&h, HEDGE_FROM);
    cr_expect(fabs(hedge_after_s(&h) - 19.05) < 1e-9, "%g", hedge_after_s(&h));
    for (int i = 0; i < HEDGE_KEPT + 8; i++) /* only the last ones count */
        hedge_heard(&h, i % 100 / 100.0);
    cr_expect(hedge_after_s(&h) > .9 && hedge_after_s(&h) < 1, "%g", hedge_after_s(&h));
}

/* A second try takes no slot, and counts for the pace once something was refused. */
Test(collect_lane, a_hedge_takes_no_slot)
{
    struct lanes ls;
    struct rates none = rates_none();
    lanes_init(&ls, 1, NULL, 2, 0);
    lanes_count(&ls);
    struct lane *l = ls.v;
    lane_left(&ls, l, false, 1);
    lane_left(&ls, l, false, 1);
    cr_expect(lane_full(&ls, l) && lane_may_hedge(&ls, l, 2));
    lane_left(&ls, l, true, 2);
    cr_expect(l->flying == 2 && l->hedges == 1 && ls.flying == 2);
    lane_landed(&ls, l, true); /* one of the pair was dropped, the other answers */
    lane_landed(&ls, l, false);
    lane_heard(&ls, l, &none, true, 0, 2);
    cr_expect(l->flying == 1 && l->hedges == 0 && ls.account[0].flying == 1);
    lane_refused(&ls, l, &none, (double)NAN, 3);
    cr_expect(!lane_may_hedge(&ls, l, 9), "one in flight of a window of one");
    lanes_deinit(&ls);
}

Test(collect_lane, an_account_is_an_address_and_a_key)
{
    setenv("LANE_KEY", "one-key-1234", 1);
    setenv("LANE_OTHER", "other-key-5678", 1);
    struct json *team = NULL;
    json_parse("{\"x-team\":\"blue\"}", 17, &team, NULL);
    const struct {
        struct endpoint_spec spec;
        int account;
    } cases[] = {
#define SPEC(protocol, url, model, key, headers)                                                   \
    {ENDPOINT_CHAT, protocol, "m", url, model, key, false, headers, NULL}
        {SPEC("openai", "http://127.0.0.1:1", "a", "LANE_KEY", NULL), 0},
        {SPEC("openai", "http://127.0.0.1:1/v1/", "b", "LANE_KEY", NULL), 0},
        {SPEC("openai-responses", "http://127.0.0.1:1", "a", "LANE_KEY", NULL), 0},
        {SPEC("openai", "http://127.0.0.1:1", "a", "LANE_OTHER", NULL), 1},
        {SPEC("openai", "http://127.0.0.1:2", "a", "LANE_KEY", NULL), 2},
        {SPEC("openai", "http://127.0.0.1:1", "a", "LANE_KEY", team), 3},
        {SPEC("anthropic", "http://127.0.0.1:1", "a", "LANE_KEY", NULL), 4},
        {SPEC("gemini", "http://127.0.0.1:1", "a", "LANE_KEY", NULL), 5},
        {SPEC("gemini", "http://127.0.0.1:1", "b", "LANE_KEY", NULL), 5},
#undef SPEC
    };
    enum { N = sizeof cases / sizeof *cases };
    struct endpoint ep[N];
    struct err e;
    for (size_t i = 0; i < N; i++)
        cr_assert(endpoint_open(&ep[i], &cases[i].spec, true, &e) == 0, "%s", e.text);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < N; k++)
            cr_expect((strcmp(ep[i].account, ep[k].account) == 0) ==
                          (cases[i].account == cases[k].account),
                      "%zu and %zu", i, k);
    for (size_t i = 0; i < N; i++)
        endpoint_deinit(&ep[i]);
    json_free(team);
}
