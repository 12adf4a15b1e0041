/* row 50: what is made of other futures, in the child of a fork. */
#include "support/test.h"

#include <stdlib.h>
#include <unistd.h>

#include <futures/futures.h>

#include "support/child.h"
#include "support/gathering.h"

struct scene {
    futures_future *promise;
    futures_future *gathered;
    futures_future *shield;
    futures_future *ended;
};

static futures_status end_of(futures_future *made)
{
    futures_status status = futures_poll(made);
    futures_release(made);
    return status;
}

static bool nothing_can_be_made_of_them(const struct scene *scene)
{
    return end_of(futures_gather_async(&scene->promise, 1, NULL)) ==
               FUTURES_FORKED &&
           end_of(futures_shield(scene->gathered)) == FUTURES_FORKED;
}

static bool nobody_waits_for_them(const struct scene *scene)
{
    size_t ended = 7;
    size_t winner = 7;
    return futures_any(&scene->shield, 1, &winner, NULL) == FUTURES_FORKED &&
           futures_wait_some(&scene->gathered, 1, 1, FUTURES_NEVER, &ended) ==
               FUTURES_FORKED &&
           futures_wait(scene->gathered, FUTURES_NEVER) == FUTURES_FORKED &&
           ended == 0 && winner == 1;
}

static bool they_can_be_read(const struct scene *scene)
{
    size_t count = 0;
    return futures_cancel(scene->gathered) == FUTURES_FORKED &&
           futures_cancel(scene->shield) == FUTURES_FORKED &&
           futures_poll(scene->gathered) == FUTURES_PENDING &&
           futures_outcomes(scene->ended, &count) != NULL && count == 1;
}

static bool new_ones_work(void)
{
    futures_future *own = futures_promise(NULL, NULL);
    futures_future *made = futures_gather_async(&own, 1, NULL);
    futures_resolve(own, NULL);
    futures_release(own);
    return end_of(made) == FUTURES_OK;
}

static void look_in_the_child(void *arg)
{
    struct scene *scene = arg;
    bool right = nothing_can_be_made_of_them(scene) &&
                 nobody_waits_for_them(scene) && they_can_be_read(scene) &&
                 new_ones_work();
    futures_release(scene->gathered);
    futures_release(scene->shield);
    futures_release(scene->ended);
    futures_release(scene->promise);
    _exit(right ? 0 : 1);
}

Test(async_fork, the_child_is_told_and_the_parent_goes_on)
{
    struct scene scene = {futures_promise(NULL, NULL), NULL, NULL, NULL};
    futures_future *ended = resolved(&scene);
    scene.gathered = futures_gather_async(&scene.promise, 1, NULL);
    scene.shield = futures_shield(scene.promise);
    scene.ended = futures_gather_async(&ended, 1, NULL);
    struct child child = child_run(look_in_the_child, &scene);
    cr_assert_eq(child_exit_status(&child), 0, "%s", child.printed);
    futures_resolve(scene.promise, NULL);
    assert_status(futures_poll(scene.gathered), FUTURES_OK);
    assert_status(futures_poll(scene.shield), FUTURES_OK);
    futures_release(scene.gathered);
    futures_release(scene.shield);
    futures_release(scene.promise);
    futures_release(scene.ended);
    futures_release(ended);
}
