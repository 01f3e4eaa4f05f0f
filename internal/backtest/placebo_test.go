package backtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
)

// changesAt returns changes of two services, one an hour, over four days.
func changesAt(start time.Time) []Moment {
	var all []Moment
	for i := range 4 * 24 {
		at := start.Add(time.Duration(i) * time.Hour)
		service := []string{"cart", "search"}[i%2]
		all = append(all, Moment{Change: sources.Change{
			ID: fmt.Sprint(i), Service: service, Environment: "production", Kind: sources.Deploy, StartedAt: at, FinishedAt: at,
		}})
	}
	return all
}

func TestPlacebosKeepAway(t *testing.T) {
	changes := changesAt(today.Add(-4 * 24 * time.Hour))
	const apart = 40 * time.Minute
	placebos, err := Placebos(changes, changes, 500, apart, 1)
	if err != nil {
		t.Fatal(err)
	}
	spans := spans(changes)
	for _, p := range placebos {
		if span := spans[p.Service]; !p.Placebo || p.StartedAt.Before(span.From) || p.StartedAt.After(span.To) || span.To.Sub(span.From) != minPlaceboSpan {
			t.Fatalf("%+v", p)
		}
		for _, c := range changes {
			if d := p.StartedAt.Sub(c.StartedAt).Abs(); c.Service == p.Service && d <= apart {
				t.Fatalf("%s is %s from change %s", p.ID, d, c.ID)
			}
		}
	}
}

func TestPlacebosKeepAwayFromRollouts(t *testing.T) {
	c := changesAt(today)[:1]
	slow := c[0]
	slow.StartedAt = today.Add(-minPlaceboSpan)
	slow.FinishedAt = today.Add(-time.Hour) // nearly all of the week
	placebos, err := Placebos(c, []Moment{slow}, 1, time.Hour, 1)
	if err == nil {
		t.Errorf("drew %s", placebos[0].ID)
	}
}

func TestPlacebosFollowTheSeed(t *testing.T) {
	changes := changesAt(today.Add(-4 * 24 * time.Hour))
	draw := func(seed uint64) []Moment {
		placebos, err := Placebos(changes, changes, 50, time.Minute, seed)
		if err != nil {
			t.Fatal(err)
		}
		return placebos
	}
	if diff := cmp.Diff(draw(7), draw(7)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(draw(7), draw(8)) {
		t.Error("two seeds draw alike")
	}
}

func TestNoRoomForPlacebos(t *testing.T) {
	changes := changesAt(today)
	if _, err := Placebos(changes, changes, 1, minPlaceboSpan, 1); err == nil {
		t.Error("drew where there is no room")
	}
	if _, err := Placebos(nil, nil, 1, 0, 1); err == nil {
		t.Error("drew without services")
	}
	if all, err := Placebos(nil, nil, 0, 0, 1); err != nil || len(all) > 0 {
		t.Error(all, err)
	}
}
