/* The program shown on a server of its own. */
#ifndef DOWNLOAD_DEMO_H
#define DOWNLOAD_DEMO_H

#include "settings.h"

#include <futures/token.h>

#include <stdbool.h>

/* Downloads three slow files at once, and then a fourth that fails: in both
 * error modes, or, with `one_mode`, in that of the settings. The files stay
 * where the settings have a folder; one of -1 stands for a temporary one.
 * returns  an exit status: 0, 1 if it could not be shown or was interrupted
 * blocks   about 7 s             owns   changes the settings */
int demo_run(settings *chosen, bool one_mode, futures_token *token);

#endif
