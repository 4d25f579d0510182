// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"math/bits"
	"sync"
)

// A batch is operations drawn before the timed loop, and their results; as in peer.h.
type batch struct {
	keys       []uint64
	write      []bool // nil: all are loads
	found, sum uint64
}

// A table is one design. Each has its own timed loops, with the lookup written out in them, since
// the compiler inlines little: a call through this interface is made once per batch.
type table interface {
	store(key, value uint64)
	settle() // reach the state that reads would lead to
	run(b *batch)
	chase(key uint64, n int) uint64
}

func newTable(design string, n uint64) table {
	switch design {
	case "go_syncmap":
		return &syncMap{} // takes no capacity
	case "go_rwmutex":
		return &rwMutex{m: make(map[uint64]uint64, n)}
	case "go_shard32":
		t := &shard32{}
		for i := range t.shards {
			// Shares differ; a 16th more than the mean is enough unless n is tiny.
			t.shards[i].m = make(map[uint64]uint64, n/shards+n/shards/16+8)
		}
		return t
	}
	return nil
}

type syncMap struct {
	m sync.Map
}

func (t *syncMap) store(key, value uint64) {
	t.m.Store(key, value)
}

// Range promotes the dirty map.
func (t *syncMap) settle() {
	t.m.Range(func(_, _ any) bool { return false })
}

func (t *syncMap) run(b *batch) {
	var found, sum uint64
	for i, key := range b.keys {
		if b.write != nil && b.write[i] {
			t.store(key, value(key))
		} else if v, ok := t.m.Load(key); ok {
			found++
			sum += v.(uint64)
		}
	}
	b.found, b.sum = found, sum
}

func (t *syncMap) chase(key uint64, n int) uint64 {
	for ; n > 0; n-- {
		v, ok := t.m.Load(key)
		if !ok {
			return 0
		}
		key = v.(uint64)
	}
	return key
}

type rwMutex struct {
	mu sync.RWMutex
	m  map[uint64]uint64
}

func (t *rwMutex) store(key, value uint64) {
	t.mu.Lock()
	t.m[key] = value
	t.mu.Unlock()
}

func (t *rwMutex) settle() {}

func (t *rwMutex) run(b *batch) {
	var found, sum uint64
	for i, key := range b.keys {
		if b.write != nil && b.write[i] {
			t.store(key, value(key))
			continue
		}
		t.mu.RLock()
		v, ok := t.m[key]
		t.mu.RUnlock()
		if ok {
			found++
			sum += v
		}
	}
	b.found, b.sum = found, sum
}

func (t *rwMutex) chase(key uint64, n int) uint64 {
	var ok bool
	for ; n > 0; n-- {
		t.mu.RLock()
		key, ok = t.m[key]
		t.mu.RUnlock()
		if !ok {
			return 0
		}
	}
	return key
}

const shards = 32

// 24 bytes of lock and 8 of map, padded to two lines: CPUs fetch lines in pairs.
type shard struct {
	rwMutex
	_ [128 - 32]byte
}

type shard32 struct {
	shards [shards]shard
}

// The mixer of hash.h; its top bits select the shard. Go's map hashes the key again.
func (t *shard32) of(key uint64) *rwMutex {
	hi, lo := bits.Mul64(key^0xa0761d6478bd642f, 0xe7037ed1a0b428db)
	return &t.shards[(hi^lo)>>(64-5)].rwMutex
}

func (t *shard32) store(key, value uint64) {
	t.of(key).store(key, value)
}

func (t *shard32) settle() {}

func (t *shard32) run(b *batch) {
	var found, sum uint64
	for i, key := range b.keys {
		if b.write != nil && b.write[i] {
			t.store(key, value(key))
			continue
		}
		s := t.of(key)
		s.mu.RLock()
		v, ok := s.m[key]
		s.mu.RUnlock()
		if ok {
			found++
			sum += v
		}
	}
	b.found, b.sum = found, sum
}

func (t *shard32) chase(key uint64, n int) uint64 {
	var ok bool
	for ; n > 0; n-- {
		s := t.of(key)
		s.mu.RLock()
		key, ok = s.m[key]
		s.mu.RUnlock()
		if !ok {
			return 0
		}
	}
	return key
}
