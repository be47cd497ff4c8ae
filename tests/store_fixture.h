/* A new store for each test, removed after it:
 *
 *   TestSuite(topic, .init = open_store, .fini = close_store);    then `s` is the open store
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "store/store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct store *s;
static char path[64];

static void open_store(void)
{
    snprintf(path, sizeof path, "/tmp/shunt-test-XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    struct err e = {0};
    cr_assert(store_open(path, STORE_CREATE, &s, &e) == 0, "%s", e.text);
}

static void close_store(void)
{
    store_close(s);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

#endif
