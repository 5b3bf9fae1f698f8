#include "tui/screen/screen.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "tui/screen/details.h"
#include "tui/screen/state.h"
#include "tui/views/picture.h"
#include "tui/views/views.h"

enum { ESC = 27 };

const struct graph *screen_graph(const struct screen *screen)
{
	return screen->graph;
}

const struct index *screen_index(const struct screen *screen)
{
	return screen->index;
}

int screen_stage(const struct screen *screen)
{
	return screen->stage;
}

/* See what is published now. Only here, once a turn of the loop: what the views made from one stage
 * and what they ask for must be of the same. */
static void look_at_worker(struct screen *screen)
{
	const struct graph *g = worker_graph(screen->worker);

	screen->index = worker_index(screen->worker);
	screen->graph = g;
	screen->stage = (g ? graph_stage(g) : STAGE_NONE) * 2 + (screen->index != NULL);
}

const struct change *screen_change(const struct screen *screen)
{
	return worker_change(screen->worker);
}

struct source *screen_source(const struct screen *screen)
{
	return screen->source;
}

const struct request *screen_request(const struct screen *screen)
{
	return screen->request;
}

bool screen_exact(const struct screen *screen)
{
	return screen->exact;
}

void screen_message(struct screen *screen, const char *format, ...)
{
	char line[600];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	text_clear(&screen->message);
	text_puts(&screen->message, line);
}

void screen_ask_line(struct screen *screen, const char *label, const char *initial,
		     void (*done)(void *arg, const char *answer), void *arg)
{
	prompt_line(&screen->prompt, label, initial, done, arg);
}

void screen_redraw(struct screen *screen)
{
	clearok(stdscr, TRUE);
}

void screen_read_row(void *reader, uint32_t index, struct row *out)
{
	struct row_reader *r = reader;

	r->page->ops->row(r->page, r->pane, index, out);
}

void page_job(struct page *page, job_fn fn, void *arg)
{
	job_end(&page->job);
	job_start(&page->job, fn, arg);
	if (!job_wait(&page->job, 15))
		return;
	job_end(&page->job);
	page->ops->job_done(page);
}

static void end_errand(struct screen *screen)
{
	job_end(&screen->errand);
	screen->errand_done(screen->errand.arg);
}

bool screen_errand(struct screen *screen, job_fn fn, void (*done)(void *arg), void *arg)
{
	if (screen->errand.running) {
		screen_message(screen, "one thing at a time; Esc ends what is being done");
		return false;
	}
	screen->errand_done = done;
	job_start(&screen->errand, fn, arg);
	if (job_wait(&screen->errand, 15))
		end_errand(screen);
	return true;
}

/* Sorting: the columns that can be sorted by, by their key. */

static void on_sort(void *arg, const char *answer)
{
	struct screen *screen = arg;
	struct page *page = screen_page(screen);
	struct pane *pane = page_pane(page);

	for (unsigned i = 0; answer && i < pane->n_columns; i++) {
		if (pane->columns[i].sort != answer[0])
			continue;
		pane->sort = i;
		pane->reversed = false;
		pane->selected = pane->top = 0;
		page->ops->sort(page);
	}
}

static void ask_sort(struct screen *screen)
{
	struct page *page = screen_page(screen);
	struct pane *pane = page_pane(page);
	autotext struct text label = {0}, keys = {0};

	text_puts(&label, "Sort by");
	for (unsigned i = 0; page->ops->sort && i < pane->n_columns; i++) {
		if (!pane->columns[i].sort)
			continue;
		text_printf(&label, "  %c %s", pane->columns[i].sort, pane->columns[i].title);
		text_putc(&keys, pane->columns[i].sort);
	}
	text_puts(&label, "  ");
	if (keys.length)
		prompt_key(&screen->prompt, text_string(&label), text_string(&keys), on_sort, screen);
}

static void reverse_order(struct page *page)
{
	if (!page->ops->sort)
		return;
	page_pane(page)->reversed = !page_pane(page)->reversed;
	page->ops->sort(page);
}

static void open_help(struct screen *screen, bool palette)
{
	struct help_request request = { screen_page(screen)->ops, palette };

	if (screen_page(screen)->ops != &help_view)
		screen_open(screen, &help_view, &request);
}

/* What was computed is no longer wanted: the search, the page's job, or the worker's stage. */
static bool cancel(struct screen *screen)
{
	struct page *page = screen_page(screen);

	if (screen->search.running) {
		screen->search.running = false;
	} else if (screen->errand.running) {
		end_errand(screen);
	} else if (page->job.running) {
		job_end(&page->job);
		page->ops->job_done(page);
	} else if (worker_state(screen->worker, NULL) == WORKER_RUNS) {
		worker_cancel(screen->worker);
	} else {
		return false;
	}
	return true;
}

static void move_by(struct page *page, int64_t n)
{
	struct row_reader reader = { page, page->focus };

	pane_move(page_pane(page), n, screen_read_row, &reader);
}

/* Moving within a pane. */
static bool act_move(struct page *page, enum action action)
{
	int64_t lines = (int64_t)pane_visible(page_pane(page)) - 1;

	switch (action) {
	case ACTION_DOWN: move_by(page, 1); return true;
	case ACTION_UP: move_by(page, -1); return true;
	case ACTION_PAGE_DOWN: move_by(page, lines > 1 ? lines : 2); return true;
	case ACTION_PAGE_UP: move_by(page, lines > 1 ? -lines : -1); return true;
	case ACTION_FIRST: move_by(page, INT32_MIN); return true;
	case ACTION_LAST: move_by(page, UINT32_MAX); return true;
	case ACTION_NEXT_PANE: page->focus = (page->focus + 1) % page->n_panes; return true;
	default: return false;
	}
}

/* R: the process as it is now. What is shown stays until the next snapshot is whole. */
static void look_again(struct screen *screen)
{
	struct error err = {0};

	if (!screen->request->pid)
		screen_message(screen, "a file stays as it is: R looks again at a process");
	else if (worker_state(screen->worker, NULL) == WORKER_RUNS || !screen_has(screen, STAGE_DONE))
		screen_message(screen, "this is not complete yet: R looks again when it is");
	else if (!worker_again(screen->worker, &err))
		screen_message(screen, "%s", err.message);
}

/* The next snapshot takes the place of what is shown. */
static void renew(struct screen *screen)
{
	if (screen->prompt.kind != PROMPT_NONE)
		prompt_type(&screen->prompt, ESC);
	if (screen->errand.running)
		end_errand(screen);
	history_free(screen);
	worker_renew(screen->worker);
	screen->graph = NULL;
	look_at_worker(screen);
	history_view(screen, 0);
	screen_act(screen, ACTION_VIEW_CHANGE);
}

static bool act_view(struct screen *screen, enum action action)
{
	for (unsigned i = 0; top_views[i].ops; i++) {
		if (top_views[i].action != action)
			continue;
		history_view(screen, i);
		return true;
	}
	return false;
}

static void toggle_bytes(struct screen *screen)
{
	screen->exact = !screen->exact;
	for (unsigned i = 0; i < screen->n_visits; i++)
		screen->visits[i].page->stage = -1;
	for (unsigned i = 0; top_views[i].ops; i++)
		if (screen->tops[i])
			screen->tops[i]->stage = -1;
	screen_message(screen, screen->exact ? "exact bytes" : "rounded bytes");
}

void screen_act(struct screen *screen, enum action action)
{
	struct page *page = screen_page(screen);

	if (act_move(page, action) || act_view(screen, action))
		return;
	switch (action) {
	case ACTION_BACK: history_back(screen); return;
	case ACTION_FORWARD: history_forward(screen); return;
	case ACTION_LEAVE: history_leave(screen); return;
	case ACTION_QUIT: screen->quit = true; return;
	case ACTION_CANCEL:
		if (!cancel(screen) && (page->ops->screen & (SCREEN_TEXT | SCREEN_HELP)))
			history_back(screen);
		return;
	case ACTION_INTERRUPT: screen->quit = !cancel(screen); return;
	case ACTION_SEARCH: search_ask(screen); return;
	case ACTION_NEXT_MATCH: search_again(screen, false); return;
	case ACTION_PREVIOUS_MATCH: search_again(screen, true); return;
	case ACTION_SORT: ask_sort(screen); return;
	case ACTION_REVERSE: reverse_order(page); return;
	case ACTION_HELP: open_help(screen, false); return;
	case ACTION_PALETTE: open_help(screen, true); return;
	case ACTION_REDRAW: screen_redraw(screen); return;
	case ACTION_BYTES: toggle_bytes(screen); return;
	case ACTION_AGAIN: look_again(screen); return;
	case ACTION_EXPORT: picture_ask(page); return;
	case ACTION_FIND: find_ask(screen); return;
	case ACTION_INFO: details_ask(page); return;
	default: break;
	}
	if (page->ops->act)
		page->ops->act(page, action);
}

static void on_key(struct screen *screen, int key)
{
	enum action action;

	if (key == KEY_SPECIAL(KEY_RESIZE))
		return;
	if (screen->prompt.kind != PROMPT_NONE) {
		prompt_type(&screen->prompt, key);
		return;
	}
	text_clear(&screen->message);
	action = keys_action(key, screen_page(screen)->ops->screen);
	if (action != ACTION_NONE)
		screen_act(screen, action);
	else
		screen_message(screen, "that key does nothing here; ? shows the keys that do");
}

/* The keys that are there, without waiting. */
static void read_keys(struct screen *screen)
{
	wint_t c;
	int kind;

	while (!screen->quit && (kind = get_wch(&c)) != ERR)
		on_key(screen, kind == KEY_CODE_YES ? KEY_SPECIAL((int)c) : (int)c);
}

/* A load that failed before there is anything to look at ends the explorer. */
static void check_worker(struct screen *screen)
{
	struct error err = {0};

	if (worker_state(screen->worker, &err) != WORKER_FAILED ||
	    screen_has(screen, STAGE_EDGES))
		return;
	screen->error = err;
	if (!err.code)
		fail(&screen->error, STATUS_REFUSED, "the snapshot could not be taken");
	screen->quit = true;
}

static void refresh_page(struct screen *screen)
{
	struct page *page = screen_page(screen);

	if (page->job.running && job_wait(&page->job, 0)) {
		job_end(&page->job);
		page->ops->job_done(page);
	}
	if (screen->errand.running && job_wait(&screen->errand, 0)) {
		end_errand(screen);
		page = screen_page(screen);
	}
	if (page->stage != screen_stage(screen)) {
		page->stage = screen_stage(screen);
		if (page->ops->update)
			page->ops->update(page);
	}
	if (screen->search.running)
		search_step(screen, 10);
}

/* How long to sleep when nothing happens: progress is shown ten times a second, the age of the
 * snapshot once. */
static int patience(const struct screen *screen)
{
	if (screen->search.running)
		return 0;
	if (worker_state(screen->worker, NULL) == WORKER_RUNS ||
	    screen_page(screen)->job.running || screen->errand.running)
		return 100;
	return 1000;
}

/* Wait for a key or a byte in the pipe. A signal's number in the pipe ends the explorer. */
static void wait_for_news(struct screen *screen)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = screen->wake[0], .events = POLLIN } };
	char news[64];
	ssize_t n;

	if (poll(fds, ARRAY_SIZE(fds), patience(screen)) <= 0)
		return;
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
		fail(&screen->error, (enum status)(128 + SIGHUP), "the terminal went away");
		screen->quit = true;
	}
	if (!(fds[1].revents & POLLIN))
		return;
	n = read(screen->wake[0], news, sizeof news);
	for (ssize_t i = 0; i < n; i++) {
		if (news[i] == WORKER_REDRAW)
			screen_redraw(screen);
		if (news[i] >= 'A')
			continue;
		fail(&screen->error, (enum status)(128 + news[i]), "ended by signal %d (%s)",
		     news[i], strsignal(news[i]));
		screen->quit = true;
	}
}

static void loop(struct screen *screen)
{
	while (!screen->quit) {
		look_at_worker(screen);
		if (worker_is_ready(screen->worker))
			renew(screen);
		check_worker(screen);
		refresh_page(screen);
		if (screen->quit)
			break;
		frame_draw(screen);
		wait_for_news(screen);
		read_keys(screen);
	}
}

/* The descriptor that the signal handler writes to: a handler knows only what is global. */
static volatile sig_atomic_t signal_fd = -1;

static void on_signal(int number)
{
	char byte = (char)number;
	int before = errno;

	if (write(signal_fd, &byte, 1) < 0)
		byte = 0;
	errno = before;
}

static void catch_signals(int fd, void (*handler)(int))
{
	static const int numbers[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	struct sigaction action = { .sa_handler = handler };

	signal_fd = fd;
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

/* ^c is a key here, ^z stays a signal. */
static void take_interrupt_key(void)
{
	struct termios modes;

	if (tcgetattr(STDIN_FILENO, &modes))
		return;
	modes.c_cc[VINTR] = _POSIX_VDISABLE;
	tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	def_prog_mode();
}

/* The one terminal. */
static SCREEN *terminal;

bool screen_prepare(const struct request *request, struct error *err)
{
	setlocale(LC_CTYPE, "");
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return fail(err, STATUS_USAGE, "the terminal type in TERM is not known here; "
			    "run with TERM=xterm, or use: goretain report");
	cbreak();
	take_interrupt_key();
	noecho();
	nonl();
	set_escdelay(25);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	theme_start(request->colour, request->unicode && !strcmp(nl_langinfo(CODESET), "UTF-8"));
	return true;
}

static void screen_free(struct screen *screen)
{
	if (screen->prompt.kind != PROMPT_NONE)
		prompt_type(&screen->prompt, ESC); /* whoever asked frees what it asked with */
	if (screen->errand.running)
		end_errand(screen);
	job_free(&screen->errand);
	prompt_free(&screen->prompt);
	if (screen->worker) {
		history_free(screen);
		worker_stop(screen->worker);
	}
	text_free(&screen->message);
	text_free(&screen->search.needle);
	for (uint32_t i = 0; i < screen->n_rows; i++)
		row_free(&screen->rows[i]);
	free(screen->rows);
	close(screen->wake[0]);
	close(screen->wake[1]);
}

bool screen_run(const struct request *request, struct source *source, struct error *err)
{
	struct screen screen = { .request = request, .source = source,
				 .exact = request->exact_bytes };

	if (pipe2(screen.wake, O_CLOEXEC | O_NONBLOCK))
		return fail(err, STATUS_REFUSED, "no pipe can be had: %s", strerror(errno));
	job_init(&screen.errand, screen.wake[1]);
	screen.worker = worker_start(request, source, screen.wake[1], err);
	if (screen.worker) {
		catch_signals(screen.wake[1], on_signal);
		history_view(&screen, 0);
		if (screen.n_visits)
			loop(&screen);
		catch_signals(-1, SIG_DFL);
	}
	endwin();
	delscreen(terminal);
	screen_free(&screen);
	if (screen.error.code)
		return fail(err, screen.error.code, "%s", screen.error.message);
	return screen.worker != NULL;
}
