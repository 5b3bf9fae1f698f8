#include "tui/page/result.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static const char *file_path(const struct request *request)
{
	return request->output && strcmp(request->output, "-") != 0 ? request->output : NULL;
}

bool result_hides_content(const struct request *request)
{
	return request->redact || (file_path(request) && !request->with_data);
}

bool result_is_whole(const struct request *request)
{
	return file_path(request) || !request->out_is_terminal;
}

static bool open_file(struct result *result, const struct request *request, struct error *err)
{
	int fd = result->source->create(result->source, err);

	if (fd < 0)
		return false;
	result->file = fdopen(fd, "w");
	if (result->file)
		return true;
	close(fd);
	return fail_memory(err, "the output file");
}

bool result_to_standard_output(struct error *err)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	return (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) ||
	       fail(err, STATUS_OUTPUT, "cannot write to standard output: it is closed");
}

bool result_open(struct result *result, const struct request *request, struct source *source,
		 struct error *err)
{
	*result = (struct result){ .path = file_path(request), .source = source };
	if (result->path)
		return open_file(result, request, err);
	result->file = stdout;
	return result_to_standard_output(err);
}

/* Has who read our standard output gone away? Then nobody is there to be told of it. */
static bool reader_is_gone(FILE *file)
{
	struct pollfd poll_fd = { .fd = fileno(file), .events = POLLOUT };

	return errno == EPIPE || (poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLERR);
}

bool result_close(struct result *result, struct error *err)
{
	FILE *file = result->file;
	bool good = fflush(file) == 0 && !ferror(file);

	result->file = NULL;
	if (!good && !result->path && reader_is_gone(file))
		return true;
	if (result->path && fclose(file) != 0)
		good = false;
	if (!good)
		return fail(err, STATUS_OUTPUT, "cannot write %s: %s",
			    result->path ? result->path : "to standard output", strerror(errno));
	return !result->path || result->source->commit(result->source, err);
}

void result_discard(struct result *result)
{
	if (result->file && result->path)
		fclose(result->file);
	result->file = NULL;
}

bool result_write(struct result *result, const struct text *text, struct error *err)
{
	if (text->failed)
		return fail_memory(err, "the result");
	fwrite(text_string(text), 1, text->length, result->file);
	return result_close(result, err);
}
