/* Clocks, dates and Ctrl-C. Dates are computed here in the proleptic Gregorian calendar, so that
 * neither the time zone nor the locale of the machine takes part. Leap seconds do not exist: a
 * second 60 is the first second of the next minute.
 */
#include "core/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS_PER_DAY INT64_C(86400000)
/* What four digits of year can hold: 0000-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. */
#define MS_MIN (-719528 * MS_PER_DAY)
#define MS_MAX (2932897 * MS_PER_DAY - 1)

double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int64_t clock_unix_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days from 0000-01-01 to January 1st of a year >= 0; year 0 is a leap year. */
static int64_t days_before_year(int64_t year)
{
    if (year == 0)
        return 0;
    int64_t y = year - 1;
    return year * 365 + y / 4 - y / 100 + y / 400 + 1;
}

static int64_t days_from_date(int64_t year, int month, int day)
{
    int64_t days = days_before_year(year) - days_before_year(1970);
    for (int m = 1; m < month; m++)
        days += days_in_month(year, m);
    return days + day - 1;
}

static void date_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t since = days + days_before_year(1970); /* since 0000-01-01, >= 0 */
    int64_t y = since * 400 / 146097;              /* within one year of the answer */
    while (days_before_year(y) > since)
        y--;
    while (days_before_year(y + 1) <= since)
        y++;
    int64_t left = since - days_before_year(y);
    int m = 1;
    while (left >= days_in_month(y, m))
        left -= days_in_month(y, m++);
    *year = (int)y;
    *month = m;
    *day = (int)left + 1;
}

/* Exactly n digits at *s, moved past; -1 otherwise. */
static int digits(const char **s, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return -1;
        v = v * 10 + (**s - '0');
    }
    return v;
}

static bool expect(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

/* "Z", "+hh:mm", "-hhmm" or nothing (UTC), to the end of the text. */
static bool parse_offset(const char *s, int64_t *minutes)
{
    *minutes = 0;
    if (*s == 'Z' || *s == 'z')
        s++;
    else if (*s == '+' || *s == '-') {
        int sign = *s++ == '+' ? 1 : -1;
        int h = digits(&s, 2);
        if (*s == ':')
            s++;
        int m = digits(&s, 2);
        if (h < 0 || h > 23 || m < 0 || m > 59)
            return false;
        *minutes = sign * (h * 60 + m);
    }
    return *s == '\0';
}

bool clock_parse(const char *text, int64_t *unix_ms)
{
    const char *s = text;
    int year = digits(&s, 4);
    if (year < 0 || !expect(&s, '-'))
        return false;
    int month = digits(&s, 2);
    if (month < 1 || month > 12 || !expect(&s, '-'))
        return false;
    int day = digits(&s, 2);
    if (day < 1 || day > days_in_month(year, month))
        return false;
    int64_t ms = days_from_date(year, month, day) * MS_PER_DAY;
    if (*s == '\0') {
        *unix_ms = ms;
        return true;
    }
    if (*s != 'T' && *s != 't' && *s != ' ')
        return false;
    s++;
    int h = digits(&s, 2);
    if (h < 0 || h > 23 || !expect(&s, ':'))
        return false;
    int m = digits(&s, 2);
    if (m < 0 || m > 59 || !expect(&s, ':'))
        return false;
    int sec = digits(&s, 2);
    if (sec < 0 || sec > 60)
        return false;
    int fraction = 0;
    if (expect(&s, '.')) { /* below a millisecond: cut */
        if (*s < '0' || *s > '9')
            return false;
        for (int scale = 100; *s >= '0' && *s <= '9'; s++, scale /= 10)
            fraction += (*s - '0') * scale;
    }
    int64_t offset;
    if (!parse_offset(s, &offset))
        return false;
    ms += ((int64_t)h * 60 + m - offset) * 60000 + (int64_t)sec * 1000 + fraction;
    if (ms < MS_MIN || ms > MS_MAX)
        return false;
    *unix_ms = ms;
    return true;
}

static int64_t clamp_ms(int64_t ms)
{
    return ms < MS_MIN ? MS_MIN : ms > MS_MAX ? MS_MAX : ms;
}

void clock_date(int64_t unix_ms, char out[11])
{
    int64_t ms = clamp_ms(unix_ms) - MS_MIN; /* >= 0: division rounds down */
    int year, month, day;
    date_from_days(ms / MS_PER_DAY + MS_MIN / MS_PER_DAY, &year, &month, &day);
    const int part[] = {year / 100, year % 100, month, day};
    char *o = out;
    for (int i = 0; i < 4; i++) {
        if (i >= 2)
            *o++ = '-';
        *o++ = (char)('0' + part[i] / 10 % 10);
        *o++ = (char)('0' + part[i] % 10);
    }
    *o = '\0';
}

void clock_format(int64_t unix_ms, char out[32])
{
    char date[11];
    clock_date(unix_ms, date);
    int ms = (int)((clamp_ms(unix_ms) - MS_MIN) % MS_PER_DAY);
    snprintf(out, 32, "%sT%02d:%02d:%02d.%03dZ", date, ms / 3600000, ms / 60000 % 60,
             ms / 1000 % 60, ms % 1000);
}

void clock_sleep_ms(int ms)
{
    if (ms <= 0)
        return;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* Lock-free, hence allowed in a handler (C11 7.14.1.1), and seen by every thread. */
static atomic_int interrupt_count;

static void on_signal(int sig)
{
    if (atomic_fetch_add(&interrupt_count, 1) > 0)
        _exit(128 + sig);
}

static void catch_signal(int sig)
{
    struct sigaction now, act;
    if (sigaction(sig, NULL, &now) != 0 || now.sa_handler == SIG_IGN)
        return; /* started with nohup or in the background of a script: stays ignored */
    memset(&act, 0, sizeof act);
    act.sa_handler = on_signal;
    act.sa_flags = SA_RESTART;
    sigemptyset(&act.sa_mask);
    sigaction(sig, &act, NULL);
}

void interrupt_install(void)
{
    catch_signal(SIGINT);
    catch_signal(SIGTERM); /* what a container or a job system sends: the same tidy end */
}

bool interrupted(void)
{
    return atomic_load_explicit(&interrupt_count, memory_order_relaxed) > 0;
}
