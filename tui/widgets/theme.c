#include "tui/widgets/theme.h"

#include "graph/base/cleanup.h"

enum { PAIR_BOXED = 1, PAIR_SUSPECT = 2 };

/* The one terminal's state. */
static struct { bool colour, unicode; } theme;

void theme_start(bool colour, bool unicode)
{
	theme.unicode = unicode;
	theme.colour = colour && has_colors();
	if (!theme.colour)
		return;
	start_color();
	use_default_colors();
	/* Of the eight basic colours these two read well on dark and on light backgrounds. */
	init_pair(PAIR_BOXED, COLOR_MAGENTA, -1);
	init_pair(PAIR_SUSPECT, COLOR_RED, -1);
}

bool theme_unicode(void)
{
	return theme.unicode;
}

attr_t theme_attributes(enum role role)
{
	switch (role) {
	case ROLE_SELECTED: return A_REVERSE;
	case ROLE_ROOT: return A_BOLD;
	case ROLE_SUSPECT: return A_BOLD;
	case ROLE_DIM: return A_DIM;
	default: return A_NORMAL;
	}
}

short theme_pair(enum role role)
{
	if (!theme.colour)
		return 0;
	return role == ROLE_BOXED ? PAIR_BOXED : role == ROLE_SUSPECT ? PAIR_SUSPECT : 0;
}

char theme_ascii(uint32_t c)
{
	static const struct { uint32_t c; char ascii; } table[] = {
		{ 0x2026, '.' }, /* … */ { 0xb7, '.' },   /* · */ { 0xd7, 'x' },   /* × */
		{ 0x25b8, '>' }, /* ▸ */ { 0x25be, 'v' }, /* ▾ */ { 0x25c2, '<' }, /* ◂ */
		{ 0x25cf, '@' }, /* ● */ { 0x25c7, '*' }, /* ◇ */ { 0x2502, '|' }, /* │ */
		{ 0x2500, '-' }, /* ─ */ { 0x21ba, '^' }, /* ↺ */ { 0x2191, '^' }, /* ↑ */
		{ 0x2193, 'v' }, /* ↓ */ { 0x2190, '<' }, /* ← */ { 0x2192, '>' }, /* → */
	};

	if (c < 0x80)
		return (char)c;
	if (c >= 0x2588 && c <= 0x258f)
		return c <= 0x258c ? '#' : '.';
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].c == c)
			return table[i].ascii;
	return '?';
}
