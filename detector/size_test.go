package detector

import (
	"runtime"
	"testing"
	"time"
)

// TestSizeOfProfiles compares Size with what the profiles of a cache take.
func TestSizeOfProfiles(t *testing.T) {
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what the first one leaves in pools
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for _, ticks := range []int{2880, 14400} {
		packed, err := Learn(planOf(time.Minute, latency), latency, History{Start: deploy, Ticks: Ticks{Value: wander(1, ticks, 1440, 20, 0.5)}}).Pack()
		if err != nil {
			t.Fatal(err)
		}
		some, before := make([]Profile, 300), heap()
		for i := range some {
			if some[i], err = Unpack(packed); err != nil {
				t.Fatal(err)
			}
		}
		taken := (heap()-before)/float64(len(some)) + float64(bytesOf(make([]Profile, 1)))
		size := float64(some[0].Size())
		t.Logf("learned from %d ticks: %.0f bytes by Size, %.0f measured, %d packed", ticks, size, taken, len(packed))
		if size < 0.75*taken || size > 1.25*taken {
			t.Errorf("a profile that was learned from %d ticks takes %.0f bytes, and Size says %.0f", ticks, taken, size)
		}
		runtime.KeepAlive(some)
	}
}
