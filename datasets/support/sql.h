/* Questions for the sql task: what is asked, in five or more phrasing families,
 * and the SELECT that answers it. {name} are the slots of sql.c. */
#ifndef SUPPORT_SQL_H
#define SUPPORT_SQL_H

#include "support.h"

enum { SCHEMA_SHOP, SCHEMA_HOME, SCHEMA_DESK, SCHEMAS };

struct sql_question {
    int schema;
    int steps; /* filters + joins + grouping + having + ordering + nesting */
    bool ordered;
    const char *sql;
    const char *ask[6];
};

extern const struct sql_question sql_questions[];
extern const int sql_question_count;

#endif
