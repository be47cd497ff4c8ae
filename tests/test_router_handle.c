/* Hot reload, one thread: who holds what, and when it goes. Threads are tests/tsan_reload.c, which
 * runs under ThreadSanitizer. */
#include <criterion/criterion.h>
#include <string.h>

#include "router/shunt.h"

static const char old_table[] = "tests/fixtures/router-1.0.shunt";
static const char new_table[] = "tests/fixtures/router-1.1.shunt";

static int minor(const struct shunt_table *t)
{
    struct shunt_table_info i = SHUNT_TABLE_INFO_INIT;
    cr_assert_eq(shunt_get_table(t, &i), 0);
    return (int)i.minor;
}

Test(router_handle, a_table_stays_until_its_last_reader_leaves)
{
    struct shunt_table *t;
    struct shunt_handle *h = NULL;
    struct shunt_lease a, b, c;
    char why[200] = "";
    cr_assert_eq(shunt_open(old_table, &t), 0);
    cr_assert_eq(shunt_handle_new(t, &h), 0);
    cr_assert_eq(minor(shunt_handle_acquire(h, &a)), 0);
    cr_assert_eq(minor(shunt_handle_acquire(h, &b)), 0);
    cr_assert_eq(shunt_handle_reload(h, new_table, why, sizeof why), 0, "%s", why);
    cr_assert_eq(minor(shunt_handle_acquire(h, &c)), 1);
    cr_assert_eq(shunt_handle_tables(h), 2);
    cr_assert_eq(shunt_selftest(a.table), 0);
    shunt_handle_release(h, &a);
    cr_assert_eq(shunt_handle_tables(h), 2);
    cr_assert_eq(shunt_selftest(b.table), 0);
    shunt_handle_release(h, &b);
    cr_assert_eq(shunt_handle_tables(h), 1);
    cr_assert_null(b.table);
    cr_assert_eq(shunt_selftest(c.table), 0);
    shunt_handle_release(h, &c);
    cr_assert_eq(shunt_handle_tables(h), 1); /* in force, though nobody is in */

    /* What cannot be loaded changes nothing. */
    cr_assert_eq(shunt_handle_reload(h, "/no/such/file", why, sizeof why), SHUNT_E_IO);
    cr_assert_not_null(strstr(why, "/no/such/file"));
    cr_assert_eq(shunt_handle_reload(h, "Makefile", why, sizeof why), SHUNT_E_NOT_TABLE);
    cr_assert_eq(shunt_handle_reload(NULL, new_table, NULL, 0), SHUNT_E_ARGUMENT);
    cr_assert_eq(minor(shunt_handle_acquire(h, &a)), 1);
    shunt_handle_release(h, &a);
    for (int i = 0; i < 1000; i++) /* without readers an old table goes at once */
        cr_assert_eq(shunt_handle_reload(h, i % 2 ? new_table : old_table, NULL, 0), 0);
    cr_assert_eq(shunt_handle_tables(h), 1);
    shunt_handle_free(h);
    shunt_handle_free(NULL);
    cr_assert_eq(shunt_handle_new(NULL, &h), SHUNT_E_ARGUMENT);
}

Test(router_handle, says_when_no_place_is_left)
{
    struct shunt_table *t;
    struct shunt_handle *h = NULL;
    static struct shunt_lease lease[256];
    cr_assert_eq(shunt_open(old_table, &t), 0);
    cr_assert_eq(shunt_handle_new(t, &h), 0);
    for (int i = 0; i < 255; i++) {
        shunt_handle_acquire(h, &lease[i]);
        cr_assert_eq(shunt_handle_reload(h, old_table, NULL, 0), 0, "%d", i);
    }
    shunt_handle_acquire(h, &lease[255]);
    cr_assert_eq(shunt_handle_tables(h), 256);
    cr_assert_eq(shunt_handle_reload(h, old_table, NULL, 0), SHUNT_E_BUSY);
    shunt_handle_release(h, &lease[100]);
    cr_assert_eq(shunt_handle_tables(h), 255);
    cr_assert_eq(shunt_handle_reload(h, old_table, NULL, 0), 0);
    for (int i = 0; i < 256; i++)
        if (i != 100) {
            cr_assert_eq(shunt_selftest(lease[i].table), 0);
            shunt_handle_release(h, &lease[i]);
        }
    cr_assert_eq(shunt_handle_tables(h), 1);
    shunt_handle_free(h);
}
