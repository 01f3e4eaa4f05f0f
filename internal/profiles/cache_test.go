package profiles

import (
	"fmt"
	"testing"
	"time"
)

func TestCache(t *testing.T) {
	t.Parallel()
	c := cache[int]{keep: time.Minute}
	has := func(c *cache[int], key string, now time.Time, want bool) {
		t.Helper()
		if v, ok := c.get(key, now); ok != want || ok && v != len(key) {
			t.Errorf("%s at %s: %d, %v; want %v", key, now.Sub(began), v, ok, want)
		}
	}
	c.put("a", 1, 0, began)
	has(&c, "a", began.Add(time.Minute), true)
	has(&c, "a", began.Add(time.Minute+1), false)
	has(&c, "bb", began, false)
	if c.putNew("a", 1, 0, began.Add(time.Second)) || !c.putNew("a", 1, 0, began.Add(2*time.Minute)) {
		t.Error("an entry is not kept for as long as it should be")
	}
	c.drop("a")
	has(&c, "a", began.Add(2*time.Minute), false)

	renewed := cache[int]{keep: time.Minute, renew: true}
	renewed.put("a", 1, 0, began)
	renewed.put("bb", 2, 0, began)
	has(&renewed, "a", began.Add(50*time.Second), true)
	has(&renewed, "a", began.Add(100*time.Second), true)
	renewed.put("ccc", 3, 0, began.Add(100*time.Second))
	if len(renewed.entries) != 2 {
		t.Errorf("what nobody asks for is still kept: %v", renewed.entries)
	}
}

// TestCacheIsBounded puts more than there is room for, and asks for all in turn, as looks do.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := cache[int]{keep: time.Hour, renew: true, room: 1000}
	hits := 0
	for round := range 10 {
		for i := range 200 {
			key := fmt.Sprint(i)
			if _, ok := c.get(key, began); ok && round > 0 {
				hits++
			} else if !ok {
				c.put(key, i, 10, began)
			}
			if c.used > c.room || c.used != 10*len(c.entries) {
				t.Fatalf("%d bytes in %d entries, with room for %d", c.used, len(c.entries), c.room)
			}
		}
	}
	if hits < 200 { // with the oldest evicted, there would be none
		t.Errorf("found %d of %d", hits, 9*200)
	}
}
