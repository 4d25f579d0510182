// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"math"
	"math/bits"
)

const theta = 0.99 // of the zipf distribution

// A key set is n keys, and n more that are absent. They are computed, so that drawing them
// brings no line of a list into the cache.
type keySet struct {
	n, seed, stride uint64
	zipf            *zipf // made when it is first needed
}

func newKeySet(n, seed uint64) *keySet {
	// Far from 1, and coprime to n, so that a walk over all of them has no order that a
	// prefetcher knows.
	stride := uint64(float64(n)*0.618) | 1
	for gcd(stride, n) != 1 {
		stride += 2
	}
	return &keySet{n: n, seed: seed, stride: stride}
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// A bijection: no key comes twice, and none of [0, n) is one of [n, 2n).
func (k *keySet) key(i uint64) uint64 {
	return mix(i + k.seed*0x9e3779b97f4a7c15)
}

func (k *keySet) next(i uint64) uint64 {
	return (i + k.stride) % k.n
}

// after is next, steps times.
func (k *keySet) after(i, steps uint64) uint64 {
	return (i + k.stride%k.n*steps) % k.n
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

func (d *draw) unit() float64 {
	return float64(d.next()>>11) / (1 << 53)
}

// Zipf by the inverse of an integral that is exact for the first two ranks (Gray et al.,
// "Quickly generating billion-record synthetic databases", 1994).
type zipf struct {
	n, zetan, alpha, eta, half float64
}

func newZipf(n uint64) *zipf {
	z := &zipf{n: float64(n), alpha: 1 / (1 - theta), half: math.Pow(0.5, theta)}
	for i := uint64(1); i <= n; i++ {
		z.zetan += math.Pow(float64(i), -theta)
	}
	z.eta = (1 - math.Pow(2/z.n, 1-theta)) / (1 - (1+z.half)/z.zetan)
	return z
}

func (z *zipf) rank(d *draw) uint64 {
	u := d.unit()
	switch uz := u * z.zetan; {
	case uz < 1:
		return 0
	case uz < 1+z.half:
		return 1
	}
	// Rounding may reach n itself.
	return uint64(math.Min(z.n*math.Pow(z.eta*u-z.eta+1, z.alpha), z.n-1))
}
