/* Planted: memory that nothing points to any more. Only LeakSanitizer can
 * tell. */
#include "support/test.h"

#include <stdlib.h>

static void *volatile kept;

Test(nets, a_leak_is_caught)
{
    kept = malloc(100);
    cr_assert_not_null(kept);
    kept = NULL;
}
