// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	batchOps      = 256 // BENCH_BATCH
	writePermille = 27  // of the mix 97.3
	warmMost      = 300 * time.Millisecond
)

type cell struct {
	mix, dist string
	threads   int
	warm      int64 // operations, of all threads
	duration  time.Duration
}

type result struct {
	ops, found, sumOK uint64
	minOps, maxOps    uint64
	ns, wall          int64
}

func (c *cell) check() error {
	switch c.mix {
	case "hit", "miss", "97.3", "chase":
	case "bulk32":
		return errors.New("no bulk lookup in Go's maps")
	default:
		return fmt.Errorf("no such mix: %s", c.mix)
	}
	if c.dist != "uniform" && c.dist != "zipf" && c.dist != "hotspot" {
		return fmt.Errorf("no such distribution: %s", c.dist)
	}
	return nil
}

type cpuSet [16]uint64

func allowedCPUs() []int {
	var set cpuSet
	var cpus []int

	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(set),
		uintptr(unsafe.Pointer(&set)))
	if errno != 0 {
		return nil
	}
	for i, word := range set {
		for ; word != 0; word &= word - 1 {
			cpus = append(cpus, i*64+bits.TrailingZeros64(word))
		}
	}
	return cpus
}

// Bind the goroutine to its thread, and the thread to a CPU; the thread ends with the goroutine.
func pin(cpu int) {
	var set cpuSet

	runtime.LockOSThread()
	set[cpu/64] = 1 << (cpu % 64)
	syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(set),
		uintptr(unsafe.Pointer(&set)))
}

// A warmUp lasts a fifth of the time, and some operations of all threads, but is limited. The
// first thread that finds it over begins the timed part for all.
type warmUp struct {
	least, most time.Duration // since epoch
	left        int64         // operations; atomic, like begun
	begun       int64         // start of the timed part, since epoch; 0: not yet
}

func (u *warmUp) batchDone(now time.Duration) {
	left := atomic.AddInt64(&u.left, -batchOps)
	if now >= u.least && left <= 0 || now >= u.most {
		atomic.CompareAndSwapInt64(&u.begun, 0, int64(now))
	}
}

type worker struct {
	cell  *cell
	table table
	keys  *keySet
	draw  draw
	rank  uint64 // of the next draw from zipf
	warm  *warmUp
	result
	list  [batchOps]uint64
	write [batchOps]bool
}

var epoch = time.Now()

func (w *worker) index() uint64 {
	switch w.cell.dist {
	case "zipf":
		w.rank++
		return uint64(w.keys.zipf[w.rank%ranks])
	case "hotspot":
		return w.keys.hotspot(&w.draw)
	}
	return w.draw.below(w.keys.n)
}

// fill draws a batch; it returns how many loads must find their key, and the sum of the values.
func (w *worker) fill(b *batch) (found, sum uint64) {
	b.keys, b.write = w.list[:], nil
	if w.cell.mix == "97.3" {
		b.write = w.write[:]
	}
	for i := range b.keys {
		index := w.index()
		if w.cell.mix == "miss" {
			index += w.keys.n
		}
		key := w.keys.key(index)
		b.keys[i] = key
		if b.write != nil {
			b.write[i] = w.draw.below(1000) < writePermille
		}
		if w.cell.mix != "miss" && (b.write == nil || !b.write[i]) {
			found++
			sum += value(key)
		}
	}
	return found, sum
}

func (w *worker) over(now time.Duration) bool {
	begun := atomic.LoadInt64(&w.warm.begun)
	return begun != 0 && int64(now) >= begun+int64(w.cell.duration)
}

// step runs one batch and returns when it ended.
func (w *worker) step() time.Duration {
	var start, end time.Duration
	var found uint64
	var ok bool

	if w.cell.mix == "chase" {
		first := w.index()
		key, want := w.keys.key(first), w.keys.key(w.keys.after(first, batchOps))
		start = time.Since(epoch)
		last := w.table.chase(key, batchOps)
		end = time.Since(epoch)
		found, ok = batchOps, last == want
	} else {
		var b batch
		wantFound, wantSum := w.fill(&b)
		start = time.Since(epoch)
		w.table.run(&b)
		end = time.Since(epoch)
		found, ok = b.found, b.found == wantFound && b.sum == wantSum
	}
	if begun := atomic.LoadInt64(&w.warm.begun); begun == 0 {
		w.warm.batchDone(end)
	} else if int64(start) >= begun {
		w.ops += batchOps
		w.ns += int64(end - start)
		w.found += found
	}
	if !ok {
		w.sumOK = 0
	}
	return end
}

// measure runs the cell. Up to as many threads as CPUs are pinned; if there are more, they are
// goroutines that Go's scheduler runs on all of the CPUs.
func (c *cell) measure(t table, keys *keySet) result {
	var ready, done sync.WaitGroup

	if c.dist == "zipf" && keys.zipf == nil {
		keys.zipf = zipfRanks(keys.n, keys.seed)
		runtime.GC()
	}
	cpus := allowedCPUs()
	pinned := c.threads <= len(cpus)
	if pinned {
		runtime.GOMAXPROCS(c.threads)
	} else {
		runtime.GOMAXPROCS(max(len(cpus), 1))
	}
	workers := make([]worker, c.threads)
	begin := make(chan struct{})
	var warm warmUp
	for i := range workers {
		w := &workers[i]
		w.cell, w.table, w.keys, w.warm, w.sumOK = c, t, keys, &warm, 1
		w.draw.state = mix(keys.seed + uint64(i) + 1)
		w.rank = w.draw.state
		ready.Add(1)
		done.Add(1)
		go func(i int) {
			defer done.Done()
			if pinned {
				pin(cpus[i])
			}
			ready.Done()
			<-begin
			for end := time.Since(epoch); !w.over(end); end = w.step() {
			}
		}(i)
	}
	ready.Wait()
	warm.least = time.Since(epoch) + c.duration/5
	warm.most = warm.least + warmMost
	if pinned {
		warm.left = c.warm
	}
	close(begin)
	done.Wait()
	return sum(workers, int64(time.Since(epoch))-warm.begun)
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func sum(workers []worker, wall int64) result {
	total := result{sumOK: 1, minOps: workers[0].ops, wall: wall}
	for i := range workers {
		w := &workers[i]
		total.ops += w.ops
		total.ns += w.ns
		total.found += w.found
		total.sumOK &= w.sumOK
		if w.ops < total.minOps {
			total.minOps = w.ops
		}
		if w.ops > total.maxOps {
			total.maxOps = w.ops
		}
	}
	return total
}
