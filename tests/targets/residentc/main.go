// Memory that is C's: of malloc, small and large, in several arenas; of a library's mmap; stacks of threads.
//
//	residentc    prints "ready"; for each line that it reads: what the runtime says of its memory, and
//	             bytes that it has elsewhere, as JSON
package main

/*
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS = 8, SMALL = 60000, LARGE = 20, DEEP = 1 << 20 };

static pthread_barrier_t filled;

static void fill_small(void)
{
	for (int i = 0; i < SMALL / THREADS; i++)
		memset(malloc(1000), 1, 1000);
}

static void *stay(void *unused)
{
	volatile char deep[DEEP];

	for (int i = 0; i < DEEP; i += 4096)
		deep[i] = 1;
	fill_small();
	pthread_barrier_wait(&filled);
	pause();
	return NULL;
}

static void *kept[LARGE];

static void fill(void)
{
	pthread_t thread;

	pthread_barrier_init(&filled, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, stay, NULL);
	pthread_barrier_wait(&filled);
	for (int i = 0; i < LARGE; i++)
		kept[i] = memset(malloc(1 << 20), 1, 1 << 20);
}

static void *map_(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memset(p, 1, size);
}
*/
import "C"

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

const region = 30 << 20

var pool unsafe.Pointer

func main() {
	C.fill()
	pool = C.map_(region)
	runtime.GC()
	runtime.GC()
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		m.BySize = [61]struct {
			Size    uint32
			Mallocs uint64
			Frees   uint64
		}{}
		m.PauseNs, m.PauseEnd = [256]uint64{}, [256]uint64{}
		text, _ := json.Marshal(map[string]interface{}{"runtime": m, "own": map[string]int{
			"C heap": C.SMALL*1008 + C.LARGE*(1<<20+4096), "other memory": region,
			"thread stacks": C.THREADS * C.DEEP}})
		fmt.Println(string(text))
	}
}
