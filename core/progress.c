/* Progress on stderr, each drawing one write. A bar is redrawn at most six times a second; where
 * stderr is not a terminal a line is written every ten seconds, so a log stays readable.
 */
#include "core/progress.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/mem.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

static bool on_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

struct progress *progress_new(const char *what, uint64_t total)
{
    struct progress *p = mem_zalloc(sizeof *p);
    p->what = mem_strdup(what);
    p->total = total;
    p->start_s = clock_s();
    p->silent = mode_now == PROGRESS_NEVER || log_level() == 0;
    p->bar = mode_now == PROGRESS_ALWAYS || on_terminal();
    p->next_s = p->start_s + (p->bar ? BAR_EVERY_S : LINE_EVERY_S);
    return p;
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* "1:05:09" or "5:09" */
static void add_duration(struct buf *b, double seconds)
{
    uint64_t s = seconds < 1 ? 1 : seconds > 3.6e6 ? 3600000 : (uint64_t)(seconds + 0.5);
    if (s >= 3600)
        buf_addf(b, "%" PRIu64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
    else
        buf_addf(b, "%d:%02d", (int)(s / 60), (int)(s % 60));
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
        add_duration(b, (total - done) / rate);
    }
    if (p->note != NULL && *p->note != '\0')
        buf_addf(b, " %s", p->note);
}

/* len cut to at most `cells` code points. */
static size_t cut(const char *s, size_t len, size_t cells)
{
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)s[i] & 0xC0) != 0x80 && cells-- == 0)
            return i;
    }
    return len;
}

static void write_all(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, data, len);
        if (n <= 0)
            return; /* progress is worth no error */
        data += n;
        len -= (size_t)n;
    }
}

static void draw(struct progress *p, double now)
{
    struct buf text = BUF_INIT(0), b = BUF_INIT(0);
    describe(p, &text, now);
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            text.data[i] = '?'; /* a note is one line and moves no cursor */
    }
    if (p->bar) {
        buf_addc(&b, '\r');
        buf_add(&b, text.data, cut(text.data, text.len, terminal_width() - 1));
        buf_adds(&b, "\033[K"); /* clears what a longer bar left */
    } else {
        buf_addf(&b, "%s\n", text.data);
    }
    write_all(b.data, b.len);
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
        write_all("\r\033[K", 4);
    else if (p->drawn)
        draw(p, clock_s()); /* the last figures, for who reads the log */
    log_bar(false);
    free(p->what);
    free(p->note);
    free(p);
}
