/* Users, conversations and time stamps. The split is drawn per conversation, so
 * a conversation never straddles splits; main.c fills the turns. */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>

void traffic_users(struct rnd *r, struct user *users)
{
    static const char *const classes[3] = {"free", "pro", "enterprise"};
    static const int share[3] = {60, 31, 9};
    for (int i = 0; i < USER_COUNT; i++) {
        int c = rnd_weighted(r, share, 3);
        users[i].class = classes[c];
        /* Zipf-like in the index; offices write more than households. */
        users[i].weight = 60000 * (2 + c) / (2 * (i + 12));
        persona_draw(r, &users[i].who);
    }
}

int64_t traffic_start(struct rnd *r)
{
    static const int by_weekday[7] = {21, 19, 18, 17, 15, 6, 4};
    static const int by_hour[24] = {1,  1,  1,  1,  1,  2,  4,  9,  18, 25, 27, 25,
                                    18, 20, 24, 24, 21, 17, 12, 10, 9,  7,  4,  2};
    int first = date_from(2026, 1, 5), weight[TRAFFIC_DAYS];
    for (int d = 0; d < TRAFFIC_DAYS; d++)
        weight[d] = by_weekday[date_weekday(first + d)];
    int day = first + rnd_weighted(r, weight, TRAFFIC_DAYS);
    int hour = rnd_weighted(r, by_hour, 24);
    /* Conversations last less than an hour and a half: stay within the day. */
    if (hour > 21)
        hour = 21;
    return (int64_t)day * 86400 + hour * 3600 + rnd_int(r, 0, 3599);
}

static int earlier(const void *a, const void *b)
{
    const struct conversation *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->order - y->order;
}

int traffic_deal(struct rnd *r, const struct user *users, const int *order, int n,
                 struct conversation *out)
{
    static const int turns[TURNS_MAX] = {52, 26, 14, 8}, splits[SPLIT_COUNT] = {60, 20, 20};
    int weight[USER_COUNT], count = 0;
    for (int i = 0; i < USER_COUNT; i++)
        weight[i] = users[i].weight;
    for (int at = 0; at < n;) {
        struct conversation *c = &out[count];
        c->order = count++;
        c->user = rnd_weighted(r, weight, USER_COUNT);
        c->split = (enum split)rnd_weighted(r, splits, SPLIT_COUNT);
        c->start = traffic_start(r);
        c->turns = 1 + rnd_weighted(r, turns, TURNS_MAX);
        if (c->turns > n - at)
            c->turns = n - at;
        for (int t = 0; t < c->turns; t++)
            c->request[t] = order[at++];
    }
    qsort(out, (size_t)count, sizeof *out, earlier);
    return count;
}

void traffic_stamp(int64_t seconds, char out[21])
{
    char day[11], tmp[64];
    date_iso((int)(seconds / 86400), day);
    int s = (int)(seconds % 86400);
    snprintf(tmp, sizeof tmp, "%sT%02d:%02d:%02dZ", day, s / 3600, s / 60 % 60, s % 60);
    for (int i = 0; i < 20; i++)
        out[i] = tmp[i];
    out[20] = '\0';
}
