/* Known answers of every grader type. Many cases in a loop: each Criterion test is a process. */
#include "eval/grade.h"
#include "store/grader.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct known {
    const char *grader, *reference, *reply;
    double value; /* NAN: none */
    const char *status;
};

static struct grade_result judge(const char *grader, const char *reference, const char *reply)
{
    struct grade_item in = {.grader = grader, .reference = reference, .reply_text = reply};
    struct grade_result out;
    grade_reply(&in, &out);
    return out;
}

static void expect(const struct known *k, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct grade_result got = judge(k[i].grader, k[i].reference, k[i].reply);
        bool same = isnan(k[i].value) ? isnan(got.value) : fabs(got.value - k[i].value) < 1e-12;
        cr_expect(same && strcmp(got.status, k[i].status) == 0,
                  "case %zu: %s, reference %s, reply \"%s\": got %g %s (%s), want %g %s", i,
                  k[i].grader, k[i].reference ? k[i].reference : "none",
                  k[i].reply ? k[i].reply : "NULL", got.value, got.status, got.reason, k[i].value,
                  k[i].status);
        cr_expect(got.reason[0] != '\0' && strlen(got.reason) < sizeof got.reason,
                  "case %zu: a reason", i);
        struct grade_result again = judge(k[i].grader, k[i].reference, k[i].reply);
        cr_expect(strcmp(again.reason, got.reason) == 0 && strcmp(again.status, got.status) == 0 &&
                      (again.value == got.value || (isnan(again.value) && isnan(got.value))),
                  "case %zu: the same again", i);
    }
}
#define EXPECT(table) expect(table, sizeof(table) / sizeof *(table))

Test(grade, equals_trims_and_takes_lists)
{
    static const struct known k[] = {
        {"\"equals\"", "\"Paris\"", "Paris", 1, "ok"},
        {"\"equals\"", "\" Paris\\n\"", "\n  Paris \t", 1, "ok"},
        {"\"equals\"", "\"Paris\"", "paris", 0, "ok"},
        {"\"equals\"", "\"Paris\"", "Paris.", 0, "ok"},
        {"{\"type\":\"equals\",\"ignore_case\":true}", "\"Paris\"", "pARIS", 1, "ok"},
        {"{\"type\":\"equals\",\"ignore_case\":false}", "\"Paris\"", "pARIS", 0, "ok"},
        {"\"equals\"", "[\"yes\",\"ja\"]", "ja", 1, "ok"},
        {"\"equals\"", "[\"yes\",\"ja\"]", "no", 0, "ok"},
        {"\"equals\"", "42", "42", 1, "ok"},
        {"\"equals\"", "true", "true", 1, "ok"},
        {"\"equals\"", "\"\xC3\xA9t\xC3\xA9\"", "\xC3\xA9t\xC3\xA9", 1, "ok"},
        {"\"not-equals\"", "\"Paris\"", "Rome", 1, "ok"},
        {"\"not-equals\"", "\"Paris\"", "Paris", 0, "ok"},
    };
    EXPECT(k);
}

Test(grade, icontains_wants_all)
{
    static const struct known k[] = {
        {"\"icontains\"", "\"refund\"", "Your REFUND is on its way.", 1, "ok"},
        {"\"icontains\"", "\"refund\"", "no money back", 0, "ok"},
        {"{\"type\":\"icontains\",\"value\":[\"legal\",\"team\"]}", NULL,
         "The Legal Team will answer.", 1, "ok"},
        {"{\"type\":\"icontains\",\"value\":[\"legal\",\"team\"]}", NULL, "The legal people.", 0,
         "ok"},
        {"{\"type\":\"icontains\",\"value\":\"x\"}", "\"never looked at\"", "axb", 1, "ok"},
        {"\"icontains\"", "[\"a\",\"b\"]", "B and A", 1, "ok"},
        {"\"not-icontains\"", "\"guarantee\"", "We cannot promise.", 1, "ok"},
        {"\"not-icontains\"", "\"guarantee\"", "We GUARANTEE it.", 0, "ok"},
        {"\"icontains\"", "7", "7", NAN, "error"},
    };
    EXPECT(k);
}

Test(grade, regex_searches_with_limits)
{
    static const struct known k[] = {
        {"{\"type\":\"regex\",\"pattern\":\"INV-\\\\d{4}\"}", NULL, "see INV-2041.", 1, "ok"},
        {"{\"type\":\"regex\",\"pattern\":\"^INV\"}", NULL, "see INV-2041.", 0, "ok"},
        {"{\"type\":\"regex\",\"pattern\":\"(?i)inv\"}", NULL, "INV", 1, "ok"},
        {"\"regex\"", "\"a.c\"", "xxabcxx", 1, "ok"},
        {"{\"type\":\"not-regex\",\"pattern\":\"[0-9]\"}", NULL, "no digits", 1, "ok"},
        {"{\"type\":\"regex\",\"pattern\":\"(\"}", NULL, "anything", NAN, "error"},
        /* backtracks without end: an error of the grader, not a score of the reply */
        {"{\"type\":\"regex\",\"pattern\":\"^(a+)+$\"}", NULL,
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", NAN, "error"},
        {"{\"type\":\"regex\",\"pattern\":\"^.\xC3\xA9$\"}", NULL, "\xC3\xBC\xC3\xA9", 1, "ok"},
        {"\"regex\"", NULL, "x", NAN, "no-reference"},
    };
    EXPECT(k);
}

Test(grade, numeric_reads_what_people_write)
{
#define N "\"numeric\""
#define T "{\"type\":\"numeric\",\"tolerance\":0.005}"
    static const struct known k[] = {
        {N, "1234.5", "The total is 1,234.50", 1, "ok"},
        {N, "1234.5", "$1,234.5", 1, "ok"},
        {N, "-3", "-3", 1, "ok"},
        {N, "-3",
         "it is \xE2\x88\x92"
         "3 degrees",
         1, "ok"},
        {N, "1200", "1.2e3", 1, "ok"},
        {N, "50", "50%", 1, "ok"},
        {N, "0.5", "50%", 0, "ok"},
        {N, "12", "12 \xE2\x82\xAC", 1, "ok"},
        {N, "-12.5", "-$12.50", 1, "ok"},
        {N, "-12.5", "$-12.50", 1, "ok"},
        {N, "42", "First 7, then 42.", 1, "ok"},
        {N, "42", "Answer: 42 because 6 times 7 is 42, and not 43", 1, "ok"},
        {N, "42", "**Answer:** 42\n(checked 3 times)", 1, "ok"},
        {N, "42", "The answer is 42, I checked 3 times", 1, "ok"},
        {N, "42", "The answer isn't 41, it's 42", 1, "ok"},
        {N, "42", "Answer: 41. No wait. Answer: 42", 1, "ok"},
        {N, "3", "10-3", 1, "ok"},
        {N, "-3", "10-3", 0, "ok"},
        {N, "4", "3/4", 1, "ok"},
        {N, "0.75", "3/4", 0, "ok"},
        {N, "0.5", "about .5", 1, "ok"},
        {N, "1234567.89", "1,234,567.89", 1, "ok"},
        {N, "2", "1,2", 1, "ok"},
        {N, "50", "1.234,50", 1, "ok"}, /* ambiguous marks are read the English way */
        {N, "5", "see B2B, 5 items", 1, "ok"},
        {N, "2", "see B2B", 0, "ok"},
        {N, "10", "10kg", 1, "ok"},
        {N, "\"1,234.50\"", "1234.5", 1, "ok"},
        {N, "\"$7\"", "7", 1, "ok"},
        {N, "0.3", "0.30000000000000004", 1, "ok"},
        {N, "10.01", "10.02", 0, "ok"},
        {T, "10.01", "10.014", 1, "ok"},
        {T, "10.01", "10.015", 1, "ok"},
        {T, "10.01", "10.016", 0, "ok"},
        {T, "10.01", "none at all", 0, "ok"},
        {N, "\"ten\"", "10", NAN, "error"},
        {N, "[1]", "1", NAN, "error"},
        {N, "7", "9e999 but really 7", 1, "ok"},
        {"\"not-numeric\"", "7", "8", 1, "ok"},
    };
    EXPECT(k);
}

Test(grade, choice_finds_the_letter_meant)
{
#define C                                                                                          \
    "{\"type\":\"choice\",\"choices\":{\"A\":\"Rome\",\"B\":\"Paris\",\"C\":\"Paris, "             \
    "Texas\",\"D\":\"none of them\"}}"
    static const struct known k[] = {
        {C, "\"B\"", "B", 1, "ok"},
        {C, "\"B\"", "(B)", 1, "ok"},
        {C, "\"B\"", "b.", 1, "ok"},
        {C, "\"B\"", "**B**", 1, "ok"},
        {C, "\"B\"", "Answer: B", 1, "ok"},
        {C, "\"B\"", "The answer is (B).", 1, "ok"},
        {C, "\"B\"", "The correct answer is **B**, since ...", 1, "ok"},
        {C, "\"B\"", "Answer: $\\boxed{B}$", 1, "ok"},
        {C, "\"B\"", "Paris", 1, "ok"},
        {C, "\"B\"", "paris.", 1, "ok"},
        {C, "\"C\"", "Paris, Texas", 1, "ok"},
        {C, "\"B\"", "Answer: Paris", 1, "ok"},
        {C, "\"C\"", "Answer: Paris, Texas", 1, "ok"},
        {C, "\"B\"", "B) Paris is the capital", 1, "ok"},
        {C, "\"B\"", "B: because A is wrong", 1, "ok"},
        {C, "\"A\"", "A good question. I would say (B).", 0, "ok"},
        {C, "\"B\"", "A good question. I would say (B).", 1, "ok"},
        {C, "\"A\"", "It must be Rome then", 1, "ok"},
        {C, "\"A\"", "Rome or Paris", 0, "ok"},
        {C, "\"A\"", "I do not know", 0, "ok"},
        {C, "\"A\"", "Answer: A. But on reflection, Answer: B", 0, "ok"},
        {C, "\"D\"", "none of them", 1, "ok"},
        {C, "\"b\"", "B", 1, "ok"},
        {"\"choice\"", "\"C\"", "C", 1, "ok"},
        {"\"choice\"", "\"C\"", "answer: c", 1, "ok"},
        {"\"choice\"", "\"C\"", "A", 0, "ok"},
        {"\"not-choice\"", "\"C\"", "A", 1, "ok"},
        {C, "3", "A", NAN, "error"},
    };
    EXPECT(k);
}

#define S                                                                                          \
    "{\"type\":\"is-json\",\"schema\":{\"type\":\"object\",\"required\":[\"id\",\"n\"],"           \
    "\"properties\":"                                                                              \
    "{\"id\":{\"type\":\"string\",\"pattern\":\"^INV-[0-9]+$\"},\"n\":{\"type\":\"integer\","      \
    "\"minimum\":0,"                                                                               \
    "\"maximum\":9},\"tag\":{\"enum\":[\"x\",\"y\"]},\"list\":{\"type\":\"array\",\"items\":{"     \
    "\"type\":"                                                                                    \
    "[\"number\",\"null\"]}}},\"additionalProperties\":false}}"

Test(grade, is_json_checks_schema_then_fields)
{
    static const struct known k[] = {
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2,\"id\":\"INV-1\"}", 1, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2.0,\"id\":\"INV-1\"}", 1, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}",
         "Here it is:\n```json\n{\"n\":2,\"id\":\"INV-1\"}\n```\nDone.", 1, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "```\n{\"n\":2,\"id\":\"INV-1\"}", 1, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "```{\"n\":2,\"id\":\"INV-1\"}```", 1, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":3,\"id\":\"INV-1\"}", .5, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":3,\"id\":\"INV-7\"}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"id\":\"INV-1\"}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2,\"id\":\"INV-1\",\"more\":1}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2.5,\"id\":\"INV-1\"}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":10,\"id\":\"INV-1\"}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":-1,\"id\":\"INV-1\"}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2,\"id\":\"1\"}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2,\"id\":\"INV-1\",\"tag\":\"z\"}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2,\"id\":\"INV-1\",\"list\":[1,null,2.5]}", 1,
         "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2,\"id\":\"INV-1\",\"list\":[1,\"a\"]}", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "[1]", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "id is INV-1", 0, "ok"},
        {S, "{\"id\":\"INV-1\",\"n\":2}", "{\"n\":2,\"id\":\"INV-1\"} and more", 0, "ok"},
        {S, NULL, "{\"n\":2,\"id\":\"INV-1\"}", 1, "ok"},
        {"\"is-json\"", NULL, "[1,2]", 1, "ok"},
        {"\"is-json\"", "[1,2]", "[1,2]", 1, "ok"},
        {"\"is-json\"", "[1,2]", "[2,1]", 0, "ok"},
        {"{\"type\":\"is-json\",\"fields\":[\"a\",\"b.c\"]}", "{\"a\":1,\"b\":{\"c\":2},\"z\":0}",
         "{\"a\":1,\"b\":{\"c\":3}}", .5, "ok"},
        {"{\"type\":\"is-json\",\"fields\":[\"a\"]}", NULL, "{\"a\":1}", NAN, "no-reference"},
        {"{\"type\":\"is-json\",\"schema\":{\"type\":\"object\",\"oneOf\":[]}}", NULL, "{}", NAN,
         "error"},
        {"{\"type\":\"is-json\",\"schema\":{\"type\":\"string\",\"pattern\":\"(\"}}", NULL, "\"a\"",
         NAN, "error"},
        {"{\"type\":\"is-json\",\"schema\":{\"properties\":{\"a\":false}}}", NULL, "{\"a\":1}", 0,
         "ok"},
        {"\"not-is-json\"", NULL, "plain words", 1, "ok"},
    };
    EXPECT(k);
}

#define Q                                                                                          \
    "{\"type\":\"is-sql\",\"schema\":\"CREATE TABLE t(id INTEGER, name TEXT, price REAL);"         \
    "INSERT INTO t VALUES(1,'a',0.1),(2,'b',0.2),(3,'c',NULL);\""
#define REF "\"SELECT id, name FROM t WHERE id < 3\""

Test(grade, is_sql_compares_results)
{
    static const struct known k[] = {
        {Q "}", REF, "SELECT id, name FROM t WHERE id < 3", 1, "ok"},
        {Q "}", REF, "select id as number, name from t where price is not null order by id desc;",
         1, "ok"},
        {Q ",\"ordered\":true}", REF,
         "select id, name from t where price is not null order by id desc", 0, "ok"},
        {Q "}", REF, "```sql\nSELECT id, name FROM t LIMIT 2;\n```", 1, "ok"},
        {Q "}", REF, "WITH x AS (SELECT * FROM t) SELECT id, name FROM x WHERE id <> 3", 1, "ok"},
        {Q "}", REF, "SELECT id, name FROM t", 0, "ok"},
        {Q "}", REF, "SELECT name, id FROM t WHERE id < 3", 0, "ok"},
        {Q "}", REF, "SELECT id FROM t WHERE id < 3", 0, "ok"},
        {Q "}", REF, "SELEC id FROM t", 0, "ok"},
        {Q "}", REF, "SELECT nothing FROM t", 0, "ok"},
        {Q "}", REF, "I would use a query for that.", 0, "ok"},
        {Q "}", REF, "DELETE FROM t", 0, "refused"},
        {Q "}", REF, "SELECT id, name FROM t WHERE id < 3; DROP TABLE t", 0, "refused"},
        {Q "}", "\"SELECT sum(price) FROM t\"", "SELECT 0.3", 1, "ok"},
        {Q "}", "\"SELECT count(*) FROM t\"", "SELECT 3.0", 1, "ok"},
        {Q "}", "\"SELECT nothing FROM t\"", "SELECT 1", NAN, "error"},
        {"{\"type\":\"is-sql\",\"schema\":\"CREATE TABL t\"}", REF, "SELECT 1", NAN, "error"},
        {"{\"type\":\"not-is-sql\",\"schema\":\"\"}", "\"SELECT 1\"", "SELECT 2", 1, "ok"},
        {"{\"type\":\"not-is-sql\",\"schema\":\"\"}", "\"SELECT 1\"", "PRAGMA user_version", 0,
         "refused"},
    };
    EXPECT(k);
}

Test(grade, what_cannot_be_judged_gets_no_score)
{
    static const struct known k[] = {
        {"\"equals\"", NULL, "x", NAN, "no-reference"},
        {"\"equals\"", "null", "x", NAN, "no-reference"},
        {"\"numeric\"", NULL, "", NAN, "no-reference"},
        {"\"equal\"", "\"x\"", "x", NAN, "error"},
        {"{\"type\":\"equals\",\"ignorecase\":true}", "\"x\"", "x", NAN, "error"},
        {"{\"type\":\"numeric\",\"tolerance\":-1}", "1", "1", NAN, "error"},
        {"{\"tolerance\":1}", "1", "1", NAN, "error"},
        {"[1]", "1", "1", NAN, "error"},
        {"{\"type\":", "1", "1", NAN, "error"},
        {"\"equals\"", "\"x", "x", NAN, "error"},
        {"\"equals\"", "\"x\"", "", 0, "ok"},
        {"\"equals\"", "\"x\"", " \n\t", 0, "ok"},
        {"\"equals\"", "\"x\"", NULL, 0, "ok"},
        {"\"not-equals\"", "\"x\"", "", 0, "ok"},
    };
    EXPECT(k);
}

Test(grade, mistakes_name_the_nearest_word)
{
    static const struct {
        const char *grader, *reference, *part;
    } k[] = {
        {"\"numerik\"", "1", "did you mean 'numeric'"},
        {"\"not-equal\"", "1", "did you mean 'equals'"},
        {"{\"type\":\"is-json\",\"shema\":{}}", "1", "did you mean 'schema'"},
        {"{\"type\":\"is-json\",\"schema\":{\"minLength\":1}}", "1", "'minLength'"},
        {"{\"type\":\"is-json\",\"schema\":{\"properties\":{\"a\":{\"anyOf\":[]}}}}", "1",
         "'anyOf'"},
        {"{\"type\":\"is-json\",\"schema\":{\"type\":\"strin\"}}", "1", "'type'"},
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        struct grader *g = NULL;
        struct err e = {0};
        cr_expect(eq(int, grader_open(k[i].grader, k[i].reference, &g, &e), ERR_FORMAT));
        cr_expect(strstr(e.text, k[i].part) != NULL, "%s: \"%s\" lacks \"%s\"", k[i].grader, e.text,
                  k[i].part);
    }
}

Test(grade, references_are_checked_by_type)
{
    static const struct {
        const char *grader, *reference;
        bool good;
    } k[] = {
        {"\"equals\"", "\"x\"", true},
        {"\"equals\"", "{\"a\":1}", false},
        {"\"equals\"", NULL, false},
        {"\"numeric\"", "1.5", true},
        {"\"numeric\"", "\"$1,200\"", true},
        {"\"numeric\"", "\"12 apples\"", false},
        {"\"numeric\"", "\"ten\"", false},
        {"\"numeric\"", "[1]", false},
        {"\"icontains\"", "[\"a\"]", true},
        {"\"icontains\"", "[]", false},
        {"\"icontains\"", "3", false},
        {C, "\"A\"", true},
        {C, "\"E\"", false},
        {"\"choice\"", "\"E\"", true},
        {"\"is-json\"", NULL, true},
        {Q "}", REF, true},
        {Q "}", "\"SELECT x FROM t\"", false},
        {Q "}", "\"DELETE FROM t\"", false},
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        struct grader *g = NULL;
        struct err e = {0};
        cr_assert(eq(int, grader_open(k[i].grader, k[i].reference, &g, &e), 0), "%s", e.text);
        int rc = grader_check(g, &e);
        cr_expect(rc == (k[i].good ? ERR_OK : ERR_FORMAT), "%s with %s: %d %s", k[i].grader,
                  k[i].reference, rc, e.text);
        grader_close(g);
    }
}
