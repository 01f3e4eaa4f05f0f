package detector

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// nightly is noise about 100, at three times that for twenty minutes from the same time of
// every day on, which comes some ticks after the change.
func nightly(days, ticksAfter, jitter int) Values {
	n := days * 1440
	x := wander(uint64(ticksAfter+31), n+30, 1440, 0, 0.3)
	for night := 0; night <= days; night++ {
		begin := n + ticksAfter - night*1440
		if night > 0 {
			begin += (night*5)%(2*jitter+1) - jitter
		}
		for i := max(begin, 0); i < min(begin+20, len(x)); i++ {
			x[i] += 200
		}
	}
	return x
}

// TestBatchAtTheSameTimeIsExpected: a change shortly before a nightly batch is no alarm, a batch at
// another time than usual is one, and so is a regression that comes on top of the batch.
func TestBatchAtTheSameTimeIsExpected(t *testing.T) {
	for _, days := range []int{3, 4, 9} {
		for _, ticksAfter := range []int{1, 8, 20} {
			name := fmt.Sprintf("%d days, %d min before the batch", days, ticksAfter)
			looks := watchLevel(gauge, nightly(days, ticksAfter, 3), 30)
			if worst := worstGrade(looks); worst > Suspect {
				t.Errorf("%s: %s", name, worst)
			}
			if notes := strings.Join(looks[29].Notes, " "); !strings.Contains(notes, "on most days of its history") {
				t.Errorf("%s: the notes do not say so: %s", name, notes)
			}
		}
		x := nightly(days, 5, 3)
		for i := len(x) - 30; i < len(x); i++ {
			x[i] += 60
		}
		if worst := worstGrade(watchLevel(gauge, x, 30)); worst < Likely {
			t.Errorf("%d days, a regression before the batch: %s", days, worst)
		}
		x = nightly(days, 300, 3)
		for i := len(x) - 25; i < len(x)-5; i++ {
			x[i] += 200
		}
		if worst := worstGrade(watchLevel(gauge, x, 30)); worst < Likely {
			t.Errorf("%d days, at another time than the batch: %s", days, worst)
		}
	}
}

// TestHabitsNeedHalfOfTheDays: what one day of three did is no habit, and what two did is one, by
// the middle of them; some minutes earlier or later are the same.
func TestHabitsNeedHalfOfTheDays(t *testing.T) {
	const slots = 12
	f := func(name string, days []map[int]float64, want ...Habit) {
		t.Helper()
		all := make([]float64, 0, slots*len(days))
		for _, d := range days {
			for slot := range slots {
				g, there := d[slot]
				if !there {
					g = 1
				}
				all = append(all, g)
			}
		}
		if got := habitsOf(all, slots, 3); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	f("one day of three", []map[int]float64{{5: 9}, {}, {}})
	f("two days of three", []map[int]float64{{5: 9}, {5: 7}, {}}, Habit{4, 7}, Habit{5, 7}, Habit{6, 7})
	f("a slot apart", []map[int]float64{{5: 9}, {6: 7}, {}}, Habit{5, 7}, Habit{6, 7})
	f("about midnight", []map[int]float64{{0: 9}, {0: 8}}, Habit{0, 8}, Habit{1, 8}, Habit{11, 8})
	f("days without placebos", []map[int]float64{{5: 9}, {5: 7}, noPlacebos(slots), noPlacebos(slots)}, Habit{4, 7}, Habit{5, 7}, Habit{6, 7})
	f("the only day", []map[int]float64{{5: 9}, noPlacebos(slots)})
	f("one day of two", []map[int]float64{{5: 9}, {}})
	f("too little", []map[int]float64{{5: 2}, {5: 2}})
}

func noPlacebos(slots int) map[int]float64 {
	none := map[int]float64{}
	for slot := range slots {
		none[slot] = math.Inf(-1)
	}
	return none
}

// TestSlots: a slot is a third of the horizon and never less than five minutes; days that are as
// short as a few horizons have none.
func TestSlots(t *testing.T) {
	at := func(clock string) time.Time {
		m, err := time.Parse(time.DateTime, clock)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for clock, want := range map[string]time.Duration{"2026-03-01 00:00:00": 0, "2026-03-01 23:59:59": day - time.Second, "1969-12-31 23:00:00": 23 * time.Hour} {
		if got := timeOfDay(at(clock)); got != want {
			t.Errorf("time of the day of %s: %s, want %s", clock, got, want)
		}
	}
	for tick, want := range map[time.Duration]int{time.Minute: 144, 7 * time.Minute: 21, 20 * time.Minute: 0, time.Nanosecond: 288} {
		if got := slotsOfDay(tick, 30); got != want {
			t.Errorf("slots of a day for ticks of %s: %d, want %d", tick, got, want)
		}
	}
}
