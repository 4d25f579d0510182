// SPDX-License-Identifier: GPL-2.0-only

// The bench's peers in Go, as a co-process: one command per line on standard input, one answer
// per line on standard output. external.c is the other side.
//
//	version                         -> version and settings
//	create DESIGN N SEED            -> ok BYTES, the growth of the heap
//	run THREADS MIX DIST MS WARM    -> OPS NS_TOTAL FOUND SUM_OK MIN_OPS MAX_OPS WALL_NS
//	destroy                         -> ok
//	quit                            -> ok
//
// OPS to SUM_OK are summed over the threads; NS_TOTAL is inside the timed loops. MS follows the
// warm-up, of a fifth of it and WARM operations. An answer that begins with "error" gives the
// reason of a failure.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	maxEntries = 1 << 28
	maxThreads = 100000
)

type bench struct {
	table   table
	keys    *keySet
	chained bool // the values are the next keys, not value(key)
}

func (b *bench) version() string {
	gogc := os.Getenv("GOGC")
	if gogc == "" {
		gogc = "100"
	}
	return fmt.Sprintf("%s %s/%s, GOGC=%s, GOMAXPROCS=threads, map[uint64]uint64 made for the entries, "+
		"sync.Map of boxed uint64",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, gogc)
}

func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (b *bench) create(args []string) (string, error) {
	if len(args) != 3 {
		return "", errors.New("create needs DESIGN N SEED")
	}
	n, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil || n == 0 || n > maxEntries {
		return "", fmt.Errorf("invalid number of entries: %s", args[1])
	}
	seed, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return "", fmt.Errorf("invalid seed: %s", args[2])
	}
	b.destroy()
	before := heapBytes()
	t := newTable(args[0], n)
	if t == nil {
		return "", fmt.Errorf("no such design: %s", args[0])
	}
	b.table, b.keys = t, newKeySet(n, seed)
	b.fill(false)
	after := heapBytes()
	if after < before {
		after = before // the map is too small to be visible
	}
	return fmt.Sprintf("ok %d", after-before), nil
}

func (b *bench) fill(chained bool) {
	for i := uint64(0); i < b.keys.n; i++ {
		if key := b.keys.key(i); chained {
			b.table.store(key, b.keys.key(b.keys.after(i, 1)))
		} else {
			b.table.store(key, value(key))
		}
	}
	b.table.settle()
	b.chained = chained
}

func (b *bench) destroy() {
	b.keys.close()
	*b = bench{}
	runtime.GC()
}

func (b *bench) run(args []string) (string, error) {
	if len(args) != 5 {
		return "", errors.New("run needs THREADS MIX DIST MS WARM")
	}
	if b.table == nil {
		return "", errors.New("there is no map: create one first")
	}
	threads, err := strconv.Atoi(args[0])
	if err != nil || threads < 1 || threads > maxThreads {
		return "", fmt.Errorf("invalid number of threads: %s", args[0])
	}
	ms, err := strconv.Atoi(args[3])
	if err != nil || ms < 1 || ms > 3600000 {
		return "", fmt.Errorf("invalid number of milliseconds: %s", args[3])
	}
	warm, err := strconv.ParseInt(args[4], 10, 64)
	if err != nil || warm < 0 {
		return "", fmt.Errorf("invalid number of operations: %s", args[4])
	}
	c := cell{mix: args[1], dist: args[2], threads: threads, warm: warm,
		duration: time.Duration(ms) * time.Millisecond}
	if err := c.check(); err != nil {
		return "", err
	}
	if chained := c.mix == "chase"; chained != b.chained {
		b.fill(chained)
	}
	// Collect the garbage of the setup, or of another mix, before the timed part.
	if c.warm > 0 {
		runtime.GC()
	}
	r := c.measure(b.table, b.keys)
	return fmt.Sprintf("%d %d %d %d %d %d %d", r.ops, r.ns, r.found, r.sumOK, r.minOps, r.maxOps, r.wall), nil
}

func (b *bench) answer(line string) (string, error) {
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return "", errors.New("an empty command")
	}
	switch fields[0] {
	case "version":
		return b.version(), nil
	case "create":
		return b.create(fields[1:])
	case "run":
		return b.run(fields[1:])
	case "destroy":
		b.destroy()
		return "ok", nil
	case "quit":
		return "ok", nil
	}
	return "", fmt.Errorf("no such command: %s", fields[0])
}

func main() {
	var b bench

	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		said, err := b.answer(in.Text())
		if err != nil {
			said = "error " + err.Error()
		}
		if _, err := fmt.Println(said); err != nil {
			os.Exit(1)
		}
		if in.Text() == "quit" {
			return
		}
	}
}
