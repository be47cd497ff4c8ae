/* Opening a compiled table for a command. */
#include "cli/table.h"

int cli_table_open(const char *path, struct shunt_table **out, struct err *e)
{
    char why[300];
    int status = shunt_open_detail(path, out, why, sizeof why);
    switch (status) {
    case SHUNT_OK:
        return ERR_OK;
    case SHUNT_E_IO:
        return err_set(e, ERR_IO, "%s", why);
    case SHUNT_E_NOMEM:
        return err_set(e, ERR_NOMEM, "%s", why);
    case SHUNT_E_VERSION:
        return err_set(e, ERR_FORMAT, "'%s': %s; compile it again with this version, or update",
                       path, why);
    default:
        return err_set(e, ERR_FORMAT, "'%s': %s; compile it again, or copy it again", path, why);
    }
}
