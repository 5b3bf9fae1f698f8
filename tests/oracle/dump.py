"""Reads the file that Go's debug.WriteHeapDump writes ("go1.7 heap dump").

The format is a sequence of records of unsigned varints and length-prefixed bytes; it is described
by the comments and the code of the runtime's own heapdump.go.

The dump has one fault that every reader must know: from Go 1.22 on it takes what lies behind the
last slot of a span (the pointer bitmap, from 1.26 on also the collector's inline marks) for objects.
Heap.objects is without these phantoms; how they are told is explained at Heap.phantoms.
"""

import bisect
import collections
import re
import struct
import sys

Object = collections.namedtuple("Object", "addr content fields")
Segment = collections.namedtuple("Segment", "addr content fields")
Root = collections.namedtuple("Root", "description target")
Finalizer = collections.namedtuple("Finalizer", "object function pc")


class Goroutine:
    """One goroutine with its frames, innermost first."""

    def __init__(self, addr, sp, goid, status, system, wait):
        self.addr, self.sp, self.goid, self.status = addr, sp, goid, status
        self.system, self.wait, self.frames = system, wait, []

    def __repr__(self):
        return f"goroutine {self.goid} [{self.wait}]"


class Frame:
    """One physical frame: content is the memory from sp to the frame's top, fields are the offsets
    of its pointer slots."""

    def __init__(self, sp, depth, content, entry, pc, continpc, name, fields):
        self.sp, self.depth, self.content, self.entry = sp, depth, content, entry
        self.pc, self.continpc, self.name, self.fields = pc, continpc, name, fields


class Reader:
    """Varints and byte strings out of one buffer."""

    def __init__(self, data, offset):
        self.data, self.at = data, offset

    def number(self):
        data, at = self.data, self.at
        byte = data[at]
        at += 1
        value = byte & 0x7F
        shift = 7
        while byte >= 0x80:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
        self.at = at
        return value

    def numbers(self, count):
        return [self.number() for _ in range(count)]

    def bytes(self):
        size = self.number()
        content = self.data[self.at : self.at + size]
        if len(content) != size:
            raise ValueError(f"record cut off at offset {self.at}")
        self.at += size
        return content

    def text(self):
        return self.bytes().decode("utf-8", "replace")

    def fields(self):
        offsets = []
        while True:
            kind = self.number()
            if kind == 0:
                return offsets
            if kind != 1:
                raise ValueError(f"field kind {kind} at offset {self.at}")
            offsets.append(self.number())


class Heap:
    """Everything in one dump. GREEN says whether the program was built with the Green Tea collector
    (the default from Go 1.26 on), MINOR is the y of Go 1.y; both are read from the dump's version.
    """

    MAGIC = b"go1.7 heap dump\n"

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        if not data.startswith(self.MAGIC):
            raise ValueError(f"{path} is not a Go heap dump")
        self.raw_objects, self.goroutines, self.segments = [], {}, []
        self.roots, self.finalizers, self.version, self.memstats = [], [], "", []
        self._sorted = self._edges = None
        self._records(Reader(data, len(self.MAGIC)))
        gone = self.phantoms()
        self.objects = {o.addr: o for o in self.raw_objects if o.addr not in gone}
        self.n_phantoms = len(gone)

    def _records(self, reader):
        handlers = {
            1: self._object,
            2: self._root,
            3: self._type,
            4: self._goroutine,
            5: self._frame,
            6: self._params,
            7: self._finalizer,
            8: lambda r: r.numbers(2),
            9: lambda r: r.numbers(3),
            10: self._memstats,
            11: self._finalizer,
            12: self._segment,
            13: self._segment,
            14: lambda r: r.numbers(7),
            15: lambda r: r.numbers(6),
            16: self._profile,
            17: lambda r: r.numbers(2),
        }
        while True:
            tag = reader.number()
            if tag == 0:
                break
            if tag not in handlers:
                raise ValueError(f"record {tag} at offset {reader.at}")
            handlers[tag](reader)
        if reader.at != len(reader.data):
            raise ValueError(f"{len(reader.data) - reader.at} bytes behind the last record")

    def _object(self, r):
        self.raw_objects.append(Object(r.number(), r.bytes(), r.fields()))

    def _root(self, r):
        self.roots.append(Root(r.text(), r.number()))

    def _type(self, r):
        r.numbers(2)
        r.text()
        r.number()

    def _goroutine(self, r):
        addr, sp, goid, _, status, system, _, _ = r.numbers(8)
        wait = r.text()
        r.numbers(4)
        self.current = Goroutine(addr, sp, goid, status, system, wait)
        self.goroutines[goid] = self.current

    def _frame(self, r):
        sp, depth, _ = r.numbers(3)
        content = r.bytes()
        entry, pc, continpc = r.numbers(3)
        frame = Frame(sp, depth, content, entry, pc, continpc, r.text(), r.fields())
        self.current.frames.append(frame)

    def _params(self, r):
        big_endian, pointer = r.numbers(2)
        if big_endian or pointer != 8:
            raise ValueError("only 64-bit little-endian dumps are read")
        self.arena = r.numbers(2)
        self.arch, self.version = r.text(), r.text()
        self.ncpu = r.number()

    def _finalizer(self, r):
        values = r.numbers(5)
        self.finalizers.append(Finalizer(*values[:3]))

    def _memstats(self, r):
        self.memstats = r.numbers(24)
        r.numbers(257)

    def adds_up(self):
        """Are the objects what the counters in the same dump say? As a check: passed, what, details."""
        size = sum(len(o.content) for o in self.objects.values())
        heap_alloc, heap_objects = self.memstats[6], self.memstats[11]
        return (
            (len(self.objects), size) == (heap_objects, heap_alloc),
            "the dump agrees with the runtime's counters",
            [f"{len(self.objects)} objects {size} bytes, counters {heap_objects} {heap_alloc}"],
        )

    def _segment(self, r):
        self.segments.append(Segment(r.number(), r.bytes(), r.fields()))

    def _profile(self, r):
        r.numbers(2)
        for _ in range(r.number()):
            r.text()
            r.text()
            r.number()
        r.numbers(2)

    @property
    def writer(self):
        """The number of the goroutine that wrote the dump."""
        name = "runtime/debug.WriteHeapDump"
        return next(
            g.goid for g in self.goroutines.values() if any(f.name == name for f in g.frames)
        )

    def phantoms(self):
        """Addresses of the objects that are none.

        A span of objects of up to 512 bytes is one 8 kB page. From Go 1.22 on its last 128 bytes are
        a bitmap if the objects hold pointers, and with the Green Tea collector a span of objects from
        16 bytes up has 128 bytes of marks at its end whether they do or not. The dump walks all slots
        that fit into the page and asks of each whether it is free; for the slots beyond the true
        count the answer is always no. So the tail of such a span is always in the dump, all of it.

        Whether the objects of a span hold pointers is seen from the fields of the true ones. Of a
        page of which only the tail is there, either the tail is all phantoms, or the first ones of
        it are objects without pointers that outlived all before them: something points at those.
        """
        minor = int(re.match(r"go1\.(\d+)", self.version).group(1))
        green = "nogreenteagc" not in self.version and (minor >= 26 or "greenteagc" in self.version)
        gone, doubtful = set(), {}
        if minor < 22 or "noallocheaders" in self.version:
            return gone
        pages = collections.defaultdict(list)
        for o in self.raw_objects:
            if len(o.content) <= 512:
                pages[o.addr >> 13].append(o)
        for page, objects in pages.items():
            size = len(objects[0].content)
            marks = 128 if green and size >= 16 else 0
            with_pointers = (8192 - 128 - marks) // size
            without = (8192 - marks) // size
            index = {o.addr: (o.addr & 8191) // size for o in objects}
            low = [o for o in objects if index[o.addr] < with_pointers]
            slots = with_pointers if not low or any(o.fields for o in low) else without
            tail = {a for a in index if index[a] >= slots}
            if not low:
                doubtful[page] = {a for a in tail if index[a] < without}
            gone |= tail
        for page in self._pointed_at(doubtful, gone):
            gone -= doubtful[page]
        return gone

    def _pointed_at(self, pages, gone):
        """Those of PAGES into which a pointer points that does not lie in a phantom itself."""
        found = set()
        frames = (f for g in self.goroutines.values() for f in g.frames)
        for holders in (self.raw_objects, self.segments, frames) if pages else ():
            for h in holders:
                if getattr(h, "addr", None) in gone:
                    continue
                for offset in h.fields:
                    (pointer,) = struct.unpack_from("<Q", h.content, offset)
                    if any(a <= pointer for a in pages.get(pointer >> 13, ())):
                        found.add(pointer >> 13)
        return found

    def edges(self):
        """Every pointer slot of an object that points into an object, as {slot address: pointer}."""
        if self._edges is None:
            self._edges = {}
            for o in self.objects.values():
                self._edges.update(self.pointers(o.addr, o.content, o.fields))
        return self._edges

    def same_as(self, other):
        """Is everything where it was in another dump of the same process? The goroutine that
        writes the dumps does not count, nor do numbers: the runtime counts what it does."""

        def frames(heap):
            parked = (g for g in heap.goroutines.values() if g.goid != heap.writer)
            return {g.goid: [(f.sp, f.pc) for f in g.frames] for g in parked}

        return (
            self.objects.keys() == other.objects.keys()
            and self.edges() == other.edges()
            and frames(self) == frames(other)
        )

    def find(self, pointer):
        """The object that POINTER points into, or None."""
        if self._sorted is None:
            self._sorted = sorted(self.objects)
        i = bisect.bisect_right(self._sorted, pointer) - 1
        if i < 0:
            return None
        o = self.objects[self._sorted[i]]
        return o if pointer < o.addr + len(o.content) else None

    def word(self, addr):
        """The word at an address in the program's data, or None."""
        for s in self.segments:
            if s.addr <= addr <= s.addr + len(s.content) - 8:
                return struct.unpack_from("<Q", s.content, addr - s.addr)[0]
        return None

    def pointers(self, holder_addr, content, fields):
        """The slots among FIELDS that point into an object, as {slot address: pointer}."""
        result = {}
        for offset in fields:
            (pointer,) = struct.unpack_from("<Q", content, offset)
            if pointer and self.find(pointer):
                result[holder_addr + offset] = pointer
        return result


def main():
    for path in sys.argv[1:]:
        heap = Heap(path)
        print(
            f"{path}: {heap.version}, {len(heap.objects)} objects of "
            f"{sum(len(o.content) for o in heap.objects.values())} bytes, {heap.n_phantoms} phantoms, "
            f"{len(heap.goroutines)} goroutines, {sum(len(g.frames) for g in heap.goroutines.values())} frames, "
            f"{len(heap.finalizers)} finalizers, {len(heap.roots)} other roots"
        )


if __name__ == "__main__":
    main()
