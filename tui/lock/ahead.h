/* What libraries would load from files when it is first used, loaded before the lock. */
#ifndef GORETAIN_TUI_LOCK_AHEAD_H
#define GORETAIN_TUI_LOCK_AHEAD_H

/* The time zone, messages and characters of the locale. The screen takes its terminal itself. */
void load_ahead(void);

#endif
