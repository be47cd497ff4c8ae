/* Replies as graders are to see them. */
#include "collect/normal.h"
#include "core/json.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *rules, *text, *want; /* want NULL: the text stays as it is */
} cases[] = {
    {"{\"strip_fences\":true}", "```json\n{\"a\": 1}\n```", "{\"a\": 1}"},
    {"{\"strip_fences\":true}", "Here it is:\n\n```sql\nSELECT 1;\n\n```\nHope that helps.",
     "SELECT 1;"},
    {"{\"strip_fences\":true}", "  ```\r\nx\r\n  ```  ", "x"},
    {"{\"strip_fences\":true}", "```json\n{\"a\": 1", "{\"a\": 1"},    /* cut off */
    {"{\"strip_fences\":true}", "```\na\n```\nor\n```\nb\n```", NULL}, /* which one? */
    {"{\"strip_fences\":true}", "use ```x``` inline", NULL},
    {"{\"strip_fences\":true}", "```", NULL},
    {"{\"strip_fences\":true}", "plain", NULL},
    {"{\"strip_fences\":true}", "", NULL},
    {"{\"strip_fences\":false}", "```\nx\n```", NULL},
    {"{\"pick\":\"answer.value\"}", "{\"answer\":{\"value\":\"yes \\u00e9\"}}", "yes \xc3\xa9"},
    {"{\"pick\":\"answer.value\"}", "{\"answer\":{\"value\":12.5}}", "12.5"},
    {"{\"pick\":\"a[1]\"}", "{\"a\":[1,{\"b\":null}]}", "{\"b\":null}"},
    {"{\"pick\":\"answer.value\"}", "{\"answer\":7}", NULL}, /* not there */
    {"{\"pick\":\"answer.value\"}", "not JSON", NULL},
    {"{\"rename\":{\"total\":\"amount\"}}", "{\"total\":1,\"n\":[{\"total\":2}]}",
     "{\"amount\":1,\"n\":[{\"amount\":2}]}"},
    {"{\"rename\":{\"total\":\"amount\"}}", "{\"amount\":1,\"total\":2}", NULL}, /* taken */
    {"{\"rename\":{\"a\":\"b\",\"b\":\"a\"}}", "[{\"a\":1},{\"b\":\"x\"}]",
     "[{\"b\":1},{\"a\":\"x\"}]"},
    {"{\"rename\":{\"a\":\"b\"}}", "\"a\"", NULL},
    {"{\"strip_fences\":true,\"pick\":\"r\",\"rename\":{\"a\":\"b\"}}",
     "```json\n{\"r\":{\"a\":[true,null,1e3]}}\n```", "{\"b\":[true,null,1000]}"},
};

Test(collect_normal, takes_off_what_a_model_puts_around_its_answers)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *rules = NULL;
        struct buf out = BUF_INIT(0);
        cr_assert(json_parse(cases[i].rules, strlen(cases[i].rules), &rules, NULL) == 0);
        buf_adds(&out, "");
        bool changed = normal_text(rules, cases[i].text, &out);
        cr_expect(changed == (cases[i].want != NULL), "case %zu: '%s' -> '%s'", i, cases[i].text,
                  out.data);
        cr_expect_str_eq(out.data, cases[i].want ? cases[i].want : "", "case %zu", i);
        buf_deinit(&out);
        json_free(rules);
    }
    struct buf none = BUF_INIT(0);
    cr_expect(!normal_text(NULL, "x", &none));
    buf_deinit(&none);
}
