/* What follows once places were given, or members have ended: holds end, and
 * whoever waits is told. And how a member goes. */
#ifndef FUT_GROUP_SETTLE_H
#define FUT_GROUP_SETTLE_H

#include "group/group.h"

/* Under the lock, which it lets go of meanwhile: after anything that may have
 * let others run or end. Adds to *dead as the next. */
void fut_settle_locked(futures_group *group, struct fut_member **dead);

/* Under the lock: a reference less; after the last one it is added to *dead,
 * which fut_member_free then takes, without the lock. */
void fut_member_drop(struct fut_member *member, struct fut_member **dead);
void fut_member_free(struct fut_member *dead);

#endif
