/* Progress on stderr, each drawing one write. A bar is redrawn at most six times a second; where
 * stderr is not a terminal a line is written every ten seconds, so a log stays readable.
 */
#include "core/progress.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/terminal.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_EVERY_S (1.0 / 6)
#define LINE_EVERY_S 10.0
#define BAR_CELLS 20

static enum progress_mode mode_now = PROGRESS_AUTO;

struct progress {
    char *what, *note;
    uint64_t done, total;
    double start_s, next_s; /* next_s: not drawn before */
    bool bar, silent, drawn;
};

void progress_set_mode(enum progress_mode mode)
{
    mode_now = mode;
}

enum progress_mode progress_mode_now(void)
{
    return mode_now;
}

int progress_mode_parse(const char *text, enum progress_mode *out)
{
    static const char *const words[] = {"auto", "never", "always"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (enum progress_mode)i;
            return 0;
        }
    }
    return -1;
}

struct progress *progress_new(const char *what, uint64_t total)
{
    struct progress *p = mem_zalloc(sizeof *p);
    p->what = mem_strdup(what);
    p->total = total;
    p->start_s = clock_s();
    p->silent = mode_now == PROGRESS_NEVER || log_level() == 0;
    p->bar = mode_now == PROGRESS_ALWAYS || terminal_is();
    p->next_s = p->start_s + (p->bar ? BAR_EVERY_S : LINE_EVERY_S);
    return p;
}

static void add_bar(struct buf *b, double share)
{
    int full = (int)(share * BAR_CELLS + 1e-9);
    buf_adds(b, " [");
    for (int i = 0; i < BAR_CELLS; i++)
        buf_addc(b, i < full ? '#' : '.');
    buf_addc(b, ']');
}

/* "collect [####....] 1234/5000 25% 56/s ETA 1:07 $0.12" */
static void describe(const struct progress *p, struct buf *b, double now)
{
    double elapsed = now - p->start_s, done = (double)p->done, total = (double)p->total;
    double share = p->total == 0 ? 0 : done < total ? done / total : 1;
    buf_adds(b, p->what);
    if (p->bar && p->total > 0)
        add_bar(b, share);
    buf_addf(b, " %" PRIu64, p->done);
    if (p->total > 0)
        buf_addf(b, "/%" PRIu64 " %d%%", p->total, (int)(share * 100 + 1e-9));
    double rate = elapsed > 0 ? done / elapsed : 0;
    if (p->done > 0)
        buf_addf(b, " %.*f/s", rate < 10 ? 1 : 0, rate);
    if (p->done > 0 && p->done < p->total) {
        buf_adds(b, " ETA ");
        terminal_duration(b, (total - done) / rate);
    }
    if (p->note != NULL && *p->note != '\0')
        buf_addf(b, " %s", p->note);
}

static void draw(struct progress *p, double now)
{
    struct buf text = BUF_INIT(0), b = BUF_INIT(0);
    describe(p, &text, now);
    terminal_mask(text.data, text.len);
    if (p->bar) {
        size_t columns, lines;
        terminal_size(&columns, &lines);
        buf_addc(&b, '\r');
        buf_add(&b, text.data, terminal_cut(text.data, text.len, columns - 1));
        buf_adds(&b, "\033[K"); /* clears what a longer bar left */
    } else {
        buf_addf(&b, "%s\n", text.data);
    }
    terminal_write(b.data, b.len);
    log_bar(p->bar);
    buf_deinit(&text);
    buf_deinit(&b);
    p->drawn = true;
}

void progress_set(struct progress *p, uint64_t done, const char *note)
{
    if (p == NULL)
        return;
    p->done = done;
    if (p->silent)
        return;
    bool same = note == NULL ? p->note == NULL : p->note != NULL && strcmp(note, p->note) == 0;
    if (!same) {
        free(p->note);
        p->note = mem_strdup(note);
    }
    double now = clock_s();
    if (now < p->next_s)
        return;
    draw(p, now);
    p->next_s = now + (p->bar ? BAR_EVERY_S : LINE_EVERY_S);
}

void progress_total(struct progress *p, uint64_t total)
{
    if (p != NULL)
        p->total = total;
}

void progress_end(struct progress *p)
{
    if (p == NULL)
        return;
    if (p->drawn && p->bar)
        terminal_write("\r\033[K", 4);
    else if (p->drawn)
        draw(p, clock_s()); /* the last figures, for who reads the log */
    log_bar(0);
    free(p->what);
    free(p->note);
    free(p);
}
