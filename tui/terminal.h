/* The terminal's settings as they were, restored by the broker whoever dies. The settings are the
 * process's one global: a signal handler needs them. */
#ifndef GORETAIN_TUI_TERMINAL_H
#define GORETAIN_TUI_TERMINAL_H

/* Remember the settings of the terminal, if standard input or output is one. */
void terminal_save(void);

/* Put them back if they were changed, and then also leave the alternate screen and show the cursor:
 * who changed them was using the screen. Does nothing otherwise. Safe in a signal handler. */
void terminal_restore(void);

#endif
