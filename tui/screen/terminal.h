/* The terminal's settings as they were, restored by the broker whoever dies. The settings are the
 * process's one global: a signal handler needs them. */
#ifndef GORETAIN_TUI_SCREEN_TERMINAL_H
#define GORETAIN_TUI_SCREEN_TERMINAL_H

/* Remember the settings of the terminal, if standard input or output is one. */
void terminal_save(void);

/* Remember those that the screen has now taken. */
void terminal_taken(void);

/* Put the screen's settings in force, whatever they are now, and forget what was typed so far. */
void terminal_for_keys(void);

/* Put the first ones back if they were changed, and then also leave the alternate screen and show the
 * cursor: who changed them was using the screen. Does nothing otherwise, nor where a shell has the
 * terminal again and has made settings of its own. Safe in a signal handler. */
void terminal_restore(void);

/* Only leave the alternate screen and show the cursor. */
void terminal_leave_screen(void);

#endif
