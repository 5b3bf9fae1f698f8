/* A program that is not Go and has Go in a library: opens the second argument and calls its Run. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	void *library = argc > 2 ? dlopen(argv[2], RTLD_NOW) : NULL;
	void (*run)(void) = library ? (void (*)(void))dlsym(library, "Run") : NULL;

	if (!run) {
		fprintf(stderr, "%s\n", argc > 2 ? dlerror() : "usage: host DUMPFILE LIBRARY");
		return 1;
	}
	run();
	return 0;
}
