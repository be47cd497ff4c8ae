/* Lines in place: where the cursor is, how much of a line fits, and rates of the last half minute.
 * What the notes say is the caller's.
 */
#include "core/bars.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/progress.h"
#include "core/terminal.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAW_EVERY_S (1.0 / 6)
#define LINES_EVERY_S 10.0
#define LINES_SHARE 20.0 /* of the time so far */

enum { CELLS = 20, CELLS_LEAST = 6, NAME_CELLS = 24, SECONDS = 30 };

struct row {
    char *name, *note;
    uint64_t done, total;
    uint64_t then[SECONDS]; /* done at the end of each of the last seconds, a ring */
};

struct bars {
    struct row *row; /* [n], and the sum of them */
    size_t n;
    double start_s, next_s;
    int64_t second; /* of which then[] was written last */
    size_t *cells;  /* [n + 2] of the lines that were drawn last */
    size_t drawn;   /* lines */
    bool ever;      /* drawn */
    bool silent, in_place;
};

struct bars *bars_new(const char *what, size_t n, const char *const *names, const uint64_t *totals)
{
    struct bars *b = mem_zalloc(sizeof *b);
    b->n = n;
    b->row = mem_array(n + 1, sizeof *b->row);
    b->cells = mem_array(n + 2, sizeof *b->cells);
    for (size_t i = 0; i <= n; i++) {
        b->row[i].name = mem_strdup(i < n ? names[i] : what);
        b->row[i].note = mem_strdup("");
        b->row[i].total = i < n ? totals[i] : b->row[n].total;
        b->row[n].total += i < n ? totals[i] : 0;
    }
    b->start_s = clock_s();
    b->silent = progress_mode_now() == PROGRESS_NEVER || log_level() == 0;
    b->in_place = progress_mode_now() == PROGRESS_ALWAYS || terminal_is();
    b->next_s = b->start_s + (b->in_place ? DRAW_EVERY_S : LINES_EVERY_S);
    return b;
}

static void set_note(struct row *r, const char *note)
{
    if (strcmp(r->note, note) != 0) {
        free(r->note);
        r->note = mem_strdup(note);
        terminal_mask(r->note, strlen(r->note));
    }
}

void bars_set(struct bars *b, size_t i, uint64_t done, const char *note)
{
    b->row[b->n].done += done - b->row[i].done;
    b->row[i].done = done;
    set_note(&b->row[i], note);
}

bool bars_due(const struct bars *b)
{
    return !b->silent && clock_s() >= b->next_s;
}

/* --- one line ------------------------------------------------------------------------------------
 */
static void remember(struct bars *b, double now)
{
    int64_t second = (int64_t)(now - b->start_s);
    for (; b->second < second; b->second++)
        for (size_t i = 0; i <= b->n; i++)
            b->row[i].then[b->second % SECONDS] = b->row[i].done;
}

static double rate_of(const struct bars *b, const struct row *r, double now)
{
    double since = b->start_s;
    uint64_t then = 0;
    if (b->second >= SECONDS) { /* the oldest that is kept */
        then = r->then[b->second % SECONDS];
        since += (double)(b->second - SECONDS + 1);
    }
    return now > since ? (double)(r->done - then) / (now - since) : 0;
}

static int digits(uint64_t v)
{
    return snprintf(NULL, 0, "%" PRIu64, v);
}

/* " 540/1200 45% 56/s ETA 0:12 note"; less of it where that is too wide: without the rate, then
 * without the time left. */
static void describe(const struct bars *b, const struct row *r, int width, size_t columns,
                     double now, struct buf *out)
{
    double done = (double)r->done, total = (double)r->total, rate = rate_of(b, r, now);
    double share = r->total == 0 || done >= total ? 1 : done / total;
    int spent = digits(r->done) + 1 + digits(r->total);
    for (int less = 0; less < 3; less++) {
        buf_clear(out);
        buf_addf(out, " %*s%" PRIu64 "/%" PRIu64 " %*d%%", width > spent ? width - spent : 0, "",
                 r->done, r->total, width > 0 ? 3 : 0, (int)(share * 100 + 1e-9));
        if (r->done < r->total && rate > 0 && less < 1)
            buf_addf(out, " %.*f/s", rate < 10 ? 1 : 0, rate);
        if (r->done < r->total && rate > 0 && less < 2) {
            buf_adds(out, " ETA ");
            terminal_duration(out, (total - done) / rate);
        }
        if (*r->note)
            buf_addf(out, " %s", r->note);
        if (terminal_cells(out->data, out->len) <= columns)
            return;
    }
}

static void add_bar(struct buf *out, const struct row *r, size_t cells)
{
    double share = r->total ? (double)r->done / (double)r->total : 1;
    size_t full = share < 1 ? (size_t)(share * (double)cells + 1e-9) : cells;
    buf_adds(out, " [");
    for (size_t i = 0; i < cells; i++)
        buf_addc(out, i < full ? '#' : '.');
    buf_addc(out, ']');
}

/* The cells of a bar beside the longest of the lines, 0 where there is no room: all bars are of one
 * width, so that they compare. */
static size_t bar_cells(const struct bars *b, size_t name_cells, int width, size_t columns,
                        double now)
{
    struct buf rest = BUF_INIT(0);
    size_t longest = 0;
    for (size_t i = 0; i < b->n; i++) {
        describe(b, &b->row[i], width, columns - (name_cells < columns ? name_cells : columns), now,
                 &rest);
        size_t cells = terminal_cells(rest.data, rest.len);
        longest = cells > longest ? cells : longest;
    }
    buf_deinit(&rest);
    size_t used = name_cells + longest + 3;
    size_t room = b->in_place && used < columns ? columns - used : 0;
    return room < CELLS_LEAST ? 0 : room < CELLS ? room : CELLS;
}

/* One line of at most `columns` cells, with a bar of `bar` cells (0: none). */
static void add_line(const struct bars *b, const struct row *r, size_t name_cells, int width,
                     size_t bar, size_t columns, double now, struct buf *out)
{
    struct buf line = BUF_INIT(0), rest = BUF_INIT(0);
    size_t shown = terminal_cut(r->name, strlen(r->name), name_cells);
    size_t cells = terminal_cells(r->name, shown);
    buf_add(&line, r->name, shown);
    terminal_mask(line.data, line.len);
    describe(b, r, width, columns - (name_cells < columns ? name_cells : columns), now, &rest);
    if (r != &b->row[b->n]) {
        for (; cells < name_cells; cells++)
            buf_addc(&line, ' ');
        if (bar > 0)
            add_bar(&line, r, bar);
    }
    buf_add(&line, rest.data, rest.len);
    buf_add(out, line.data, terminal_cut(line.data, line.len, columns));
    buf_deinit(&line);
    buf_deinit(&rest);
}

/* --- all of them ---------------------------------------------------------------------------------
 */
/* Appends the end of a line in place: what a longer one left is cleared. */
static void end_line(struct bars *b, bool last, size_t from, struct buf *out)
{
    b->cells[b->drawn++] = terminal_cells(out->data + from, out->len - from);
    buf_adds(out, b->in_place ? (last ? "\033[K" : "\033[K\r\n") : "\n");
}

static void add_lines(struct bars *b, size_t columns, size_t lines, double now, struct buf *out)
{
    size_t name_cells = 0, room = lines > 2 ? lines - 2 : 0, left = 0, at = 0;
    int width = 0;
    b->drawn = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct row *r = &b->row[i];
        size_t cells = terminal_cells(r->name, strlen(r->name));
        name_cells = cells > name_cells ? cells : name_cells;
        int w = 2 * digits(r->total) + 1;
        width = w > width ? w : width;
    }
    name_cells = name_cells < NAME_CELLS ? name_cells : NAME_CELLS;
    name_cells = name_cells < columns / 3 ? name_cells : columns / 3;
    const size_t bar = bar_cells(b, name_cells, width, columns, now);
    /* Those that are not finished first, where not all fit. */
    bool all = b->n <= room;
    for (int finished = 0; finished < (all ? 1 : 2); finished++)
        for (size_t i = 0; i < b->n; i++) {
            const struct row *r = &b->row[i];
            if (!all && (r->done >= r->total) != (finished == 1))
                continue;
            if (!all && at + 1 >= room) {
                left++;
                continue;
            }
            if (!b->in_place && r->done >= r->total)
                continue;
            size_t from = out->len;
            at++;
            add_line(b, r, name_cells, width, bar, columns, now, out);
            end_line(b, false, from, out);
        }
    if (left && room > 0) {
        char more[40];
        size_t from = out->len;
        snprintf(more, sizeof more, "and %zu more", left);
        buf_add(out, more, terminal_cut(more, strlen(more), columns));
        end_line(b, false, from, out);
    }
    size_t from = out->len;
    add_line(b, &b->row[b->n], terminal_cells(b->row[b->n].name, strlen(b->row[b->n].name)), 0, 0,
             columns, now, out);
    end_line(b, true, from, out);
}

/* To where the first line of what stands begins. A terminal that became narrower since has broken
 * lines in two. */
static void go_up(const struct bars *b, size_t columns, struct buf *out)
{
    size_t stand = 0;
    for (size_t i = 0; i < b->drawn && log_bar_lines() > 0; i++) /* 0: a message has cleared them */
        stand += b->cells[i] > columns ? (b->cells[i] + columns - 1) / columns : 1;
    buf_adds(out, "\r");
    if (stand > 1)
        buf_addf(out, "\033[%zuA", stand - 1);
}

static void draw(struct bars *b, double now)
{
    struct buf out = BUF_INIT(0);
    size_t columns = SIZE_MAX, lines = SIZE_MAX;
    remember(b, now);
    if (b->in_place) {
        terminal_size(&columns, &lines);
        go_up(b, columns, &out);
        columns -= columns > 1; /* the last column may wrap */
    }
    add_lines(b, columns, lines, now, &out);
    if (b->in_place)
        buf_adds(&out, "\033[J");
    terminal_write(out.data, out.len);
    if (b->in_place)
        log_bar((int)b->drawn);
    b->ever = true;
    buf_deinit(&out);
}

void bars_tick(struct bars *b, const char *note)
{
    set_note(&b->row[b->n], note);
    double now = clock_s();
    remember(b, now);
    if (b->silent || now < b->next_s)
        return;
    draw(b, now);
    double later = (now - b->start_s) / LINES_SHARE;
    b->next_s = now + (b->in_place ? DRAW_EVERY_S : later > LINES_EVERY_S ? later : LINES_EVERY_S);
}

void bars_end(struct bars *b)
{
    if (!b)
        return;
    struct buf out = BUF_INIT(0);
    if (b->ever && !b->in_place) {
        draw(b, clock_s()); /* the last figures, for who reads the log */
    } else if (b->ever && log_bar_lines() > 0) {
        size_t columns, lines;
        terminal_size(&columns, &lines);
        go_up(b, columns, &out);
        buf_adds(&out, "\033[J");
        terminal_write(out.data, out.len);
    }
    log_bar(0);
    buf_deinit(&out);
    for (size_t i = 0; i <= b->n; i++) {
        free(b->row[i].name);
        free(b->row[i].note);
    }
    free(b->row);
    free(b->cells);
    free(b);
}
