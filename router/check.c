/* Checking a table, first part: header, section table, and the shape that the rest must agree with.
 * Written as if the checksum were not there: whoever can write a table can write its checksum too.
 */
#include <string.h>

#include "router/internal.h"

static int check_header(struct shunt_table *t, struct fault *f)
{
    const unsigned char *b = t->base;
    uint64_t n = t->bytes;
    if (n == 0 || memcmp(b, SHUNT_MAGIC, n < 8 ? (size_t)n : 8) != 0)
        return shunt_fault(f, SHUNT_E_NOT_TABLE, "not a shunt table (wrong magic)");
    if (n < sizeof *t->header)
        return shunt_fault(f, SHUNT_E_TRUNCATED, "truncated: %llu bytes, a header has 64",
                           (unsigned long long)n);

    const struct shunt_header *h = (const struct shunt_header *)(const void *)b;
    if (h->major != SHUNT_FORMAT_MAJOR)
        return shunt_fault(f, SHUNT_E_VERSION, "table format %u.%u, this library reads %d.x",
                           (unsigned)h->major, (unsigned)h->minor, SHUNT_FORMAT_MAJOR);
    if (h->file_bytes > n)
        return shunt_fault(f, SHUNT_E_TRUNCATED, "truncated: %llu of %llu bytes",
                           (unsigned long long)n, (unsigned long long)h->file_bytes);
    if (h->file_bytes < n)
        return shunt_fault(f, SHUNT_E_DAMAGED, "%llu bytes, its header says %llu",
                           (unsigned long long)n, (unsigned long long)h->file_bytes);
    if (shunt_checksum(b, (size_t)n) != h->checksum)
        return shunt_fault(f, SHUNT_E_CHECKSUM, "damaged: the checksum does not fit");
    if (h->must_flags)
        return shunt_fault(f, SHUNT_E_VERSION, "needs a newer version of this library (flags %08x)",
                           (unsigned)h->must_flags);
    for (size_t i = 0; i < sizeof h->zero; i++)
        if (h->zero[i])
            return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: bytes in the header that must be 0");
    if (h->section_count == 0 || h->section_count > SHUNT_SECTIONS_MAX)
        return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: %u sections", (unsigned)h->section_count);
    t->header = h;
    return SHUNT_OK;
}

/* The gap before the next section: shorter than the alignment, and all zero. */
static int gap_is_zero(const unsigned char *base, uint64_t from, uint64_t to)
{
    if (to - from >= SHUNT_ALIGN)
        return 0;
    for (uint64_t i = from; i < to; i++)
        if (base[i])
            return 0;
    return 1;
}

static int check_sections(struct shunt_table *t, struct part *part, struct fault *f)
{
    uint32_t count = t->header->section_count;
    uint64_t end = sizeof *t->header + (uint64_t)count * sizeof(struct shunt_section);
    if (end > t->bytes)
        return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: the section table does not fit the file");

    const void *at = t->base + sizeof *t->header;
    const struct shunt_section *s = at;
    uint32_t previous = 0;
    for (uint32_t i = 0; i < count; previous = s[i++].id) {
        char name[9] = {0};
        for (int k = 0; k < 8 && s[i].name[k]; k++)
            name[k] = s[i].name[k] > ' ' && s[i].name[k] < 0x7f ? s[i].name[k] : '?';
        if (s[i].id <= previous)
            return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: sections are out of order");
        if (s[i].flags & ~(uint32_t)SHUNT_SECTION_REQUIRED)
            return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: flags of section '%s'", name);
        if (s[i].offset % SHUNT_ALIGN || s[i].offset < end || s[i].offset > t->bytes ||
            s[i].bytes > t->bytes - s[i].offset || !gap_is_zero(t->base, end, s[i].offset))
            return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: place of section '%s'", name);
        end = s[i].offset + s[i].bytes;
        if (shunt_section_known(s[i].id)) {
            part[s[i].id].base = t->base + s[i].offset;
            part[s[i].id].bytes = s[i].bytes;
        } else if (s[i].flags & SHUNT_SECTION_REQUIRED) {
            return shunt_fault(f, SHUNT_E_VERSION,
                               "needs a newer version of this library (section '%s')", name);
        }
    }
    if (!gap_is_zero(t->base, end, t->bytes))
        return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: bytes after the last section");
    return SHUNT_OK;
}

static int check_shape(struct shunt_table *t, const struct part *part, struct fault *f)
{
    const struct part *p = &part[SHUNT_S_SHAPE];
    if (!p->base || p->bytes != sizeof *t->shape)
        return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: section 'shape'");

    const struct shunt_shape *s = (const void *)p->base;
    if (s->encoder != SHUNT_ENCODER_VERSION || s->weight_type != SHUNT_WEIGHT_I16 ||
        s->features != SHUNT_FEATURES)
        return shunt_fault(f, SHUNT_E_VERSION,
                           "needs a newer version of this library (encoder %u, weights %u)",
                           (unsigned)s->encoder, (unsigned)s->weight_type);
    if (s->bits < SHUNT_BITS_MIN || s->bits > SHUNT_BITS_MAX || s->kept > (uint32_t)1 << s->bits)
        return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: %u bits, %u rows", (unsigned)s->bits,
                           (unsigned)s->kept);
    if (s->models == 0 || s->models > SHUNT_MODELS_MAX || s->tiers == 0 ||
        s->tiers > SHUNT_TIERS_MAX || s->tasks > SHUNT_TASKS_MAX || s->labels == 1 ||
        s->labels > SHUNT_LABELS_MAX || s->points > SHUNT_POINTS_MAX || s->rules > SHUNT_RULES_MAX)
        return shunt_fault(f, SHUNT_E_DAMAGED,
                           "damaged: %u models, %u tiers, %u tasks, %u labels, %u points, %u rules",
                           (unsigned)s->models, (unsigned)s->tiers, (unsigned)s->tasks,
                           (unsigned)s->labels, (unsigned)s->points, (unsigned)s->rules);

    t->heads = s->models + (s->labels ? s->labels - 1 : 0);
    uint32_t columns =
        (t->heads + SHUNT_COLUMN_BLOCK - 1) / SHUNT_COLUMN_BLOCK * SHUNT_COLUMN_BLOCK;
    if (s->columns != columns || s->sets < 1 || s->sets > 2 ||
        (s->sets == 2 && !part[SHUNT_S_DENSE].base) || s->zero[0] || s->zero[1] || s->zero[2])
        return shunt_fault(f, SHUNT_E_DAMAGED, "damaged: columns of section 'shape'");
    t->stride = s->sets * columns;
    t->shape = s;
    return SHUNT_OK;
}

int shunt_check(struct shunt_table *t, struct fault *f)
{
    struct part part[SHUNT_S_KNOWN];
    memset(part, 0, sizeof part);
    int status = check_header(t, f);
    if (status == SHUNT_OK)
        status = check_sections(t, part, f);
    if (status == SHUNT_OK)
        status = check_shape(t, part, f);
    if (status == SHUNT_OK)
        status = shunt_check_parts(t, part, f);
    if (status == SHUNT_OK)
        status = shunt_check_more(t, part, f);
    if (status == SHUNT_OK)
        status = shunt_check_words(t, &part[SHUNT_S_WORDS], f);
    if (status == SHUNT_OK)
        status = shunt_check_plan(t, part, f);
    if (status == SHUNT_OK)
        status = shunt_check_stages(t, part, f);
    return status;
}
