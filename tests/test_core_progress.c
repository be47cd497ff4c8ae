/* core/progress: what is written on stderr, and how often. Stderr is a file here, no terminal. */
#include "core/clock.h"
#include "core/log.h"
#include "core/progress.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs work with stderr in a file; returns what it wrote, until the next call. */
static char *captured(void (*work)(void))
{
    FILE *f = tmpfile();
    int saved = dup(STDERR_FILENO);
    dup2(fileno(f), STDERR_FILENO);
    work();
    dup2(saved, STDERR_FILENO);
    close(saved);
    static char text[65536];
    rewind(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static size_t count_of(const char *text, char c)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == c;
    return n;
}

static double lasted;

static void half_a_second(void)
{
    double begin = clock_s();
    struct progress *p = progress_new("collect", 1000);
    uint64_t i = 0;
    while (clock_s() - begin < .55)
        progress_set(p, i++ % 1000, "$0.11");
    progress_set(p, 500, "$0.12");
    clock_sleep_ms(200);
    progress_set(p, 500, "$0.12, 2 errors");
    progress_end(p);
    lasted = clock_s() - begin;
}

Test(progress, a_bar_is_drawn_at_most_six_times_a_second)
{
    progress_set_mode(PROGRESS_ALWAYS);
    char *text = captured(half_a_second);
    size_t drawings = count_of(text, '\r');
    cr_assert(drawings >= 3 && (double)drawings <= lasted * 6 + 2, "%zu drawings in %g s", drawings,
              lasted);
    const char *last = strstr(text, "500/1000");
    cr_assert(last != NULL, "got: %s", text);
    cr_assert(strstr(text, "collect [##########..........] 500/1000 50% ") != NULL, "got: %s",
              text);
    cr_assert(strstr(last, "/s ETA 0:01 $0.12, 2 errors\033[K") != NULL, "got: %s", text);
    size_t len = strlen(text);
    cr_assert(len > 4 && strcmp(text + len - 4, "\r\033[K") == 0, "cleared at the end");
}

static void unknown_total(void)
{
    struct progress *p = progress_new("import", 0);
    clock_sleep_ms(180);
    progress_set(p, 7, NULL);
    progress_total(p, 14);
    clock_sleep_ms(180);
    progress_set(p, 14, NULL);
    progress_end(p);
}

Test(progress, the_total_may_come_late)
{
    progress_set_mode(PROGRESS_ALWAYS);
    char *text = captured(unknown_total);
    cr_assert(strstr(text, "\rimport 7 ") != NULL, "got: %s", text);
    cr_assert(strstr(text, "\rimport [####################] 14/14 100% ") != NULL, "got: %s", text);
    cr_assert(strstr(text, "ETA") == NULL, "no ETA where nothing is left: %s", text);
}

static void message_between(void)
{
    struct progress *p = progress_new("grade", 10);
    clock_sleep_ms(180);
    progress_set(p, 5, "a\nb\033[2J");
    log_error("one");
    log_error("two");
    clock_sleep_ms(180);
    progress_set(p, 6, NULL);
    progress_end(p);
    log_error("three");
}

Test(progress, a_message_clears_the_bar_first)
{
    progress_set_mode(PROGRESS_ALWAYS);
    log_set_name("shunt grade");
    char *text = captured(message_between);
    const char *bar = strstr(text, "\rgrade [##########..........] 5/10 50% ");
    cr_assert(bar != NULL, "got: %s", text);
    cr_assert(strstr(bar, " a?b?[2J\033[K\r\033[Kshunt grade: error: one\nshunt grade: error: two\n"
                          "\rgrade [############........] 6/10 60% ") != NULL,
              "got: %s", text);
    cr_assert(strstr(bar, "\033[K\r\033[Kshunt grade: error: three\n") != NULL, "got: %s", text);
}

Test(progress, silent_when_told_or_when_short)
{
    progress_set_mode(PROGRESS_NEVER);
    cr_assert(strlen(captured(half_a_second)) == 0);
    progress_set_mode(PROGRESS_AUTO);
    cr_assert(strlen(captured(half_a_second)) == 0, "no terminal: a line every ten seconds only");
    progress_set_mode(PROGRESS_ALWAYS);
    int level = log_level();
    log_set_level(0);
    cr_assert(strlen(captured(half_a_second)) == 0, "-q");
    log_set_level(level);
    progress_end(NULL);
}

Test(progress, modes_by_name)
{
    enum progress_mode mode = PROGRESS_AUTO;
    cr_assert(eq(int, progress_mode_parse("always", &mode), 0));
    cr_assert(eq(int, mode, PROGRESS_ALWAYS));
    cr_assert(eq(int, progress_mode_parse("never", &mode), 0));
    cr_assert(eq(int, mode, PROGRESS_NEVER));
    cr_assert(eq(int, progress_mode_parse("sometimes", &mode), -1));
    cr_assert(eq(int, mode, PROGRESS_NEVER), "untouched");
}
