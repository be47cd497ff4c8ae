/* core/clock: dates against the C library, bad input, and Ctrl-C. */
#include "core/clock.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Test(clock, reads_rfc_3339)
{
    static const struct {
        const char *text;
        int64_t want;
    } good[] = {{"1970-01-01T00:00:00Z", 0},
                {"1970-01-01", 0},
                {"2026-03-07T09:14:03Z", INT64_C(1772874843000)},
                {"2026-03-07t09:14:03z", INT64_C(1772874843000)},
                {"2026-03-07 09:14:03", INT64_C(1772874843000)},
                {"2026-03-07T09:14:03.5Z", INT64_C(1772874843500)},
                {"2026-03-07T09:14:03.123999Z", INT64_C(1772874843123)},
                {"2026-03-07T10:44:03+01:30", INT64_C(1772874843000)},
                {"2026-03-07T01:14:03-0800", INT64_C(1772874843000)},
                {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
                {"2024-02-29", INT64_C(1709164800000)},
                {"2000-02-29T12:00:00Z", INT64_C(951825600000)},
                {"1969-12-31T23:59:59.999Z", -1},
                {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
                {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t ms = 0;
        cr_assert(clock_parse(good[i].text, &ms), "%s", good[i].text);
        cr_assert(eq(i64, ms, good[i].want), "%s", good[i].text);
    }
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-3-7",
                                      "2026-13-01",
                                      "2026-00-01",
                                      "2026-02-29",
                                      "1900-02-29",
                                      "2026-04-31",
                                      "2026-01-00",
                                      "2026-03-07T",
                                      "2026-03-07T09:14",
                                      "2026-03-07T24:00:00Z",
                                      "2026-03-07T09:60:00Z",
                                      "2026-03-07T09:14:61Z",
                                      "2026-03-07T09:14:03.Z",
                                      "2026-03-07T09:14:03Zx",
                                      "2026-03-07T09:14:03+1",
                                      "2026-03-07T09:14:03+24:00",
                                      "x026-03-07",
                                      "2026-03-07X09:14:03Z",
                                      "2026/03/07",
                                      "0000-01-01T00:00:00+01:00",
                                      "1772874843"};
    int64_t ms = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(eq(int, clock_parse(bad[i], &ms), 0), "'%s' was accepted", bad[i]);
    cr_assert(eq(i64, ms, 42), "untouched");
}

/* Every day of 1601-2400 follows the one before, and agrees with gmtime_r. */
Test(clock, formats_every_day)
{
    int64_t first, last;
    cr_assert(clock_parse("1601-01-01", &first) && clock_parse("2400-12-31", &last));
    for (int64_t ms = first + 3723004; ms <= last; ms += 86400000) {
        time_t s = (time_t)((ms - 3723004) / 1000 + 3723);
        struct tm tm;
        char want[40], got[32], date[11];
        cr_assert(gmtime_r(&s, &tm) != NULL);
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.004Z", &tm);
        clock_format(ms, got);
        cr_assert(strcmp(got, want) == 0, "got %s, want %s", got, want);
        clock_date(ms, date);
        cr_assert(strncmp(want, date, 10) == 0 && date[10] == '\0');
        int64_t back;
        cr_assert(clock_parse(got, &back) && back == ms, "%s reads back", got);
    }
    char text[32];
    clock_format(INT64_MIN, text);
    cr_assert(strcmp(text, "0000-01-01T00:00:00.000Z") == 0, "%s", text);
    clock_format(INT64_MAX, text);
    cr_assert(strcmp(text, "9999-12-31T23:59:59.999Z") == 0, "%s", text);
    clock_format(-1, text);
    cr_assert(strcmp(text, "1969-12-31T23:59:59.999Z") == 0, "%s", text);
}

Test(clock, measures)
{
    double a = clock_s();
    clock_sleep_ms(20);
    double b = clock_s();
    cr_assert(b - a >= .0199, "slept %g s", b - a);
    clock_sleep_ms(0);
    clock_sleep_ms(-5);
    cr_assert(clock_unix_ms() > INT64_C(1700000000000));
    cr_assert(llabs(clock_unix_ms() / 1000 - (int64_t)time(NULL)) <= 1);
}

/* Runs in a child: the signals act on the process. Its exit status says how far it came. */
static int child_status(int first, int second, bool ignored)
{
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGINT, ignored ? SIG_IGN : SIG_DFL);
        interrupt_install();
        if (interrupted())
            _exit(1);
        raise(first);
        if (!interrupted())
            _exit(2);
        raise(second);
        _exit(3);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Test(clock, a_second_interrupt_ends_the_program)
{
    cr_assert(eq(int, child_status(SIGINT, SIGINT, false), 130));
    cr_assert(eq(int, child_status(SIGTERM, SIGTERM, false), 143));
    cr_assert(eq(int, child_status(SIGTERM, SIGINT, false), 130));
    cr_assert(eq(int, child_status(SIGINT, SIGINT, true), 2), "stays ignored under nohup");
    cr_assert(eq(int, interrupted(), 0));
}
