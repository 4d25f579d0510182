// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"math"
	"math/bits"
	"sort"
	"syscall"
	"unsafe"
)

const (
	theta = 0.99    // of the zipf distribution
	ranks = 1 << 21 // drawn beforehand
	hot   = 10      // percent of the keys that get 100-hot percent of the operations
)

// A key set is n keys, and n more that are absent. They are computed, so that drawing them
// needs no list, which would displace the map in the cache.
type keySet struct {
	n, seed uint64
	step    uint64   // of a chase
	zipf    []uint32 // made when it is first needed
}

func newKeySet(n, seed uint64) *keySet {
	return &keySet{n: n, seed: seed, step: chaseStep(n)}
}

// A bijection: keys are unique, and none of [0, n) is one of [n, 2n).
func (k *keySet) key(i uint64) uint64 {
	return mix(i + k.seed*0x9e3779b97f4a7c15)
}

// after returns the number of the key that a chase reaches from key i: keys_after() of keys.h.
func (k *keySet) after(i, steps uint64) uint64 {
	return (i + steps%k.n*k.step) % k.n
}

// chaseStep is chase_step() of keys.c.
func chaseStep(n uint64) uint64 {
	step := n/1000*618 + n%1000*618/1000
	for commonDivisor(n, step) != 1 {
		step++
	}
	return step
}

func commonDivisor(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// The finalizer of MurmurHash3 (Austin Appleby, public domain).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// bench_value() of peer.h.
func value(key uint64) uint64 {
	return key ^ 0x9e3779b97f4a7c15
}

// close frees memory that the garbage collector does not manage.
func (k *keySet) close() {
	if k != nil && k.zipf != nil {
		syscall.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(&k.zipf[0])), 4*ranks))
		k.zipf = nil
	}
}

// A draw is a thread's random numbers: a counter, mixed.
type draw struct {
	state uint64
}

func (d *draw) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	return mix(d.state)
}

func (d *draw) below(n uint64) uint64 {
	hi, _ := bits.Mul64(d.next(), n)
	return hi
}

// hotspot draws a key as keys.c does.
func (k *keySet) hotspot(d *draw) uint64 {
	n := k.n * hot / 100
	if n == 0 {
		n = 1
	}
	if d.below(100) >= hot || n == k.n {
		return d.below(n)
	}
	return n + d.below(k.n-n)
}

// zipfRanks draws ranks beforehand, as keys.c does: drawing takes longer than a lookup, and
// threads that draw do not contend in the map. They are not in the heap, since a larger heap
// would make the garbage collector run less often.
func zipfRanks(n, seed uint64) []uint32 {
	memory, err := syscall.Mmap(-1, 0, 4*ranks, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	list := unsafe.Slice((*uint32)(unsafe.Pointer(&memory[0])), ranks)
	sums := make([]float64, n)
	var sum float64
	for i := range sums {
		sum += math.Pow(float64(i+1), -theta)
		sums[i] = sum
	}
	d := draw{mix(seed)}
	for i := range list {
		u := sum * float64(d.next()>>11) / (1 << 53)
		list[i] = uint32(sort.Search(len(sums)-1, func(r int) bool { return sums[r] > u }))
	}
	return list
}
