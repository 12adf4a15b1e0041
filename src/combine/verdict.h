/* What came of a wait that is over. */
#ifndef FUT_COMBINE_VERDICT_H
#define FUT_COMBINE_VERDICT_H

#include "combine/set.h"

/* Fills the outcomes (nullable) and says why it ended. */
futures_status fut_verdict(struct fut_set *set, futures_outcome outcomes[]);

#endif
