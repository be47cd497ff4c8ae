/* core/out: the same rows in each of the four shapes. */
#include "core/out.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *text_of(FILE *f)
{
    static char text[8192]; /* until the next call */
    rewind(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static char *rows(enum out_shape shape)
{
    FILE *f = tmpfile();
    struct out *o = out_new(shape, f, 4, (const char *const[]){"model", "quality", "n", "note"});
    out_str(o, "small");
    out_num(o, .8125, 3);
    out_int(o, 12);
    out_str(o, "a, \"b\"");
    out_str(o, "gr\xc3\xb6\xc3\x9f"
               "er-8x7b");
    out_num(o, -12.5, 2);
    out_int(o, INT64_MIN);
    out_str(o, "tab\tline\nend\\");
    out_str(o, NULL);
    out_num(o, NAN, 3);
    out_null(o);
    out_str(o, "");
    out_str(o, "zero");
    out_num(o, -.0001, 2);
    out_int(o, 0); /* the last cell is missing: null */
    cr_assert(eq(int, out_end(o), 0));
    return text_of(f);
}

Test(out, every_shape)
{
    static const char *const want[] = {
        [OUT_ALIGNED] = "model        quality                     n  note\n"
                        "small          0.812                    12  a, \"b\"\n"
                        "gr\xc3\xb6\xc3\x9f"
                        "er-8x7b   -12.50  -9223372036854775808  tab line end\\\n"
                        "-                  -                     -\n"
                        "zero            0.00                     0  -\n",
        [OUT_TSV] = "model\tquality\tn\tnote\n"
                    "small\t0.812\t12\ta, \"b\"\n"
                    "gr\xc3\xb6\xc3\x9f"
                    "er-8x7b\t-12.50\t-9223372036854775808\ttab\\tline\\nend\\\\\n"
                    "\t\t\t\n"
                    "zero\t0.00\t0\t\n",
        [OUT_CSV] = "model,quality,n,note\n"
                    "small,0.812,12,\"a, \"\"b\"\"\"\n"
                    "gr\xc3\xb6\xc3\x9f"
                    "er-8x7b,-12.50,-9223372036854775808,\"tab\tline\nend\\\"\n"
                    "\"\",,,\n" /* core/csv quotes an empty first field: a blank line is no row */
                    "zero,0.00,0,\n",
        [OUT_JSON] = "{\"model\":\"small\",\"quality\":0.812,\"n\":12,\"note\":\"a, \\\"b\\\"\"}\n"
                     "{\"model\":\"gr\xc3\xb6\xc3\x9f"
                     "er-8x7b\",\"quality\":-12.50,\"n\":-9223372036854775808,"
                     "\"note\":\"tab\\tline\\nend\\\\\"}\n"
                     "{\"model\":null,\"quality\":null,\"n\":null,\"note\":\"\"}\n"
                     "{\"model\":\"zero\",\"quality\":0.00,\"n\":0,\"note\":null}\n",
    };
    for (int shape = OUT_ALIGNED; shape <= OUT_JSON; shape++) {
        char *got = rows((enum out_shape)shape);
        cr_assert(strcmp(got, want[shape]) == 0, "shape %d, got:\n%s\nwant:\n%s", shape, got,
                  want[shape]);
    }
}

Test(out, columns_without_numbers_stand_left)
{
    FILE *f = tmpfile();
    struct out *o = out_new(OUT_ALIGNED, f, 3, (const char *const[]){"a", "mixed", "none"});
    out_str(o, "x");
    out_str(o, "many");
    out_null(o);
    out_str(o, "longer");
    out_int(o, 3);
    out_null(o);
    out_end(o);
    char *got = text_of(f);
    cr_assert(strcmp(got, "a       mixed  none\nx       many   -\nlonger  3      -\n") == 0,
              "got:\n%s", got);
}

Test(out, no_rows_still_have_names)
{
    static const char *const want[] = {"a  b\n", "a\tb\n", "a,b\n", ""};
    for (int shape = OUT_ALIGNED; shape <= OUT_JSON; shape++) {
        FILE *f = tmpfile();
        cr_assert(eq(int,
                     out_end(out_new((enum out_shape)shape, f, 2, (const char *const[]){"a", "b"})),
                     0));
        char *got = text_of(f);
        cr_assert(strcmp(got, want[shape]) == 0, "shape %d: %s", shape, got);
    }
    cr_assert(eq(int, out_end(NULL), 0));
}

Test(out, a_full_disk_is_noticed)
{
    FILE *f = fopen("/dev/full", "w");
    if (f == NULL)
        cr_skip_test("no /dev/full here");
    for (int shape = OUT_ALIGNED; shape <= OUT_JSON; shape++) {
        struct out *o = out_new((enum out_shape)shape, f, 1, (const char *const[]){"a"});
        out_int(o, 1);
        cr_assert(eq(int, out_end(o), -1), "shape %d", shape);
        clearerr(f);
    }
    fclose(f);
}

Test(out, the_flags_choose_the_shape)
{
    cr_assert(eq(int, out_shape_of(false, false, false), OUT_ALIGNED));
    cr_assert(eq(int, out_shape_of(true, false, false), OUT_JSON));
    cr_assert(eq(int, out_shape_of(false, true, false), OUT_CSV));
    cr_assert(eq(int, out_shape_of(false, false, true), OUT_TSV));
}

Test(out, a_figure_stands_to_the_right)
{
    static const char *const want[] = {
        [OUT_ALIGNED] = "a year    95 %\n  1.50  [1, 2]\n 12.25       -\n",
        [OUT_TSV] = "a year\t95 %\n1.50\t[1, 2]\n12.25\t\n",
        [OUT_CSV] = "a year,95 %\n1.50,\"[1, 2]\"\n12.25,\n",
        [OUT_JSON] =
            "{\"a year\":\"1.50\",\"95 %\":\"[1, 2]\"}\n{\"a year\":\"12.25\",\"95 %\":null}\n",
    };
    for (int shape = OUT_ALIGNED; shape <= OUT_JSON; shape++) {
        FILE *f = tmpfile();
        struct out *o =
            out_new((enum out_shape)shape, f, 2, (const char *const[]){"a year", "95 %"});
        out_right(o, "1.50");
        out_right(o, "[1, 2]");
        out_right(o, "12.25");
        out_right(o, NULL);
        cr_assert(eq(int, out_end(o), 0));
        const char *got = text_of(f);
        cr_assert(strcmp(got, want[shape]) == 0, "%d: %s", shape, got);
    }
}
