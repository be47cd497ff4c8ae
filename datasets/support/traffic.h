/* Who wrote when: users, conversations and the shape of the 60 days. */
#ifndef SUPPORT_TRAFFIC_H
#define SUPPORT_TRAFFIC_H

#include "support.h"

enum { USER_COUNT = 300, TRAFFIC_DAYS = 60, TURNS_MAX = 4 };

struct user {
    const char *class; /* "free", "pro" or "enterprise" */
    int weight;        /* relative activity: a few users write most */
    struct persona who;
};

struct conversation {
    int user;
    enum split split;
    int64_t start;          /* seconds since 1970, UTC */
    int order;              /* as drawn; breaks ties of start */
    int turns;              /* 1..TURNS_MAX */
    int request[TURNS_MAX]; /* indices into the caller's list of wanted requests */
};

/* users: [USER_COUNT] written. */
void traffic_users(struct rnd *r, struct user *users);
/* A start within the 60 days from 2026-01-05, in business hours for the most part. */
int64_t traffic_start(struct rnd *r);
/* Deal requests 0..n-1 of *order into conversations; returns how many, in order
 * of time. out: [n] written. */
int traffic_deal(struct rnd *r, const struct user *users, const int *order, int n,
                 struct conversation *out);
/* "2026-03-07T09:14:03Z" into the caller's 21 bytes. */
void traffic_stamp(int64_t seconds, char out[21]);

#endif
