/* Names beside points: each takes the place around its point that covers least. */
#include "reports/plot.h"

#include "core/mem.h"
#include "reports/text.h"

#include <math.h>
#include <stdlib.h>

void tag_add(struct tag_vec *t, double x, double y, const char *text, const char *color)
{
    struct tag one = {x, y, mem_strdup(text), color};
    VEC_PUSH(t, one);
}

void tag_line(struct tag_vec *t, double x0, double y0, double x1, double y1)
{
    const double far = hypot(x1 - x0, y1 - y0);
    if (!isfinite(far))
        return;
    const int steps = 1 + (int)(far / 9);
    for (int k = 0; k <= steps; k++) {
        const struct tag one = {x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps, NULL, NULL};
        VEC_PUSH(t, one);
    }
}

struct box {
    double x0, y0, x1, y1;
};

static double overlap(const struct box *a, const struct box *b)
{
    const double w = fmin(a->x1, b->x1) - fmax(a->x0, b->x0);
    const double h = fmin(a->y1, b->y1) - fmax(a->y0, b->y0);
    return w > 0 && h > 0 ? w * h : 0;
}

enum { PLACES = 16 };

/* Candidate k for a text of w x h pixels beside (x, y): the text's box. */
static struct box candidate(const struct tag *t, int k, double w, double h)
{
    static const double right[] = {1, -1, 0, 0, 1, 1, -1, -1, 0, 0, 1, -1, 1, -1, 0, 0};
    static const double down[] = {0,    0,   -1,   1,    -1,  1,   -1,   1,
                                  -2.2, 2.2, -2.2, -2.2, 2.2, 2.2, -3.4, 3.4};
    const double cx = t->x + right[k] * (w / 2 + (down[k] < 0 || down[k] > 0 ? 4 : 8));
    const double cy = t->y + down[k] * (h / 2 + 4);
    return (struct box){cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2};
}

/* Lower is better: what is covered, what leaves the frame, and the order of preference. */
static double cost_of(const struct place *p, const struct tag_vec *t, size_t self, int k,
                      const struct box *b, const struct box *set)
{
    double cost = 2.0 * k;
    for (size_t i = 0; i < t->n; i++) {
        const double r = t->v[i].text ? 5 : 3, x = t->v[i].x, y = t->v[i].y;
        const struct box point = {x - r, y - r, x + r, y + r};
        cost += (t->v[i].text ? 3 : 1) * overlap(b, &point);
        if (i != self)
            cost += 12 * overlap(b, &set[i]);
    }
    const double out = fmax(0, p->left - b->x0) + fmax(0, b->x1 - (p->width - 4)) +
                       fmax(0, 2 - b->y0) + fmax(0, b->y1 - (p->height - p->bottom));
    return cost + 100 * out;
}

void tags_draw(struct buf *b, const struct place *p, struct tag_vec *t)
{
    const int size = p->narrow ? 11 : 12;
    AUTO_FREE struct box *set = mem_array(t->n, sizeof *set);
    for (size_t i = 0; i < t->n; i++) {
        struct tag *one = &t->v[i];
        if (!one->text)
            continue;
        const double w = .58 * size * (double)text_columns(one->text) + 6, h = size + 2;
        double best = INFINITY;
        for (int k = 0; k < PLACES; k++) {
            const struct box at = candidate(one, k, w, h);
            const double cost = cost_of(p, t, i, k, &at, set);
            if (cost < best) {
                best = cost;
                set[i] = at;
            }
        }
        plot_text(b, p, (set[i].x0 + set[i].x1) / 2, (set[i].y0 + set[i].y1) / 2, "center",
                  one->color, size, false, one->text);
    }
    for (size_t i = 0; i < t->n; i++)
        free(t->v[i].text);
    VEC_FREE(t);
}
