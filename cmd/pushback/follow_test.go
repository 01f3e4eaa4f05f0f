package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// TestNews: a line is written when something changes that it says, and not at every look.
func TestNews(t *testing.T) {
	f := &following{}
	take := func(gone []api.WatchedChange, page ...api.WatchedChange) string {
		var services []string
		for _, c := range f.take(api.Watched{Changes: page, Now: noon}, gone) {
			services = append(services, c.Service+" "+c.State)
		}
		return strings.Join(services, ", ")
	}
	cart, search := badCart(), calmSearch()
	if got := take(nil, cart, search); got != "cart watching, search watching" {
		t.Errorf("at first %q", got)
	}
	cart.Signals[1].Evidence.Effect.After, cart.Until = 0.04, noon.Add(time.Hour)
	if got := take(nil, cart, search); got != "" {
		t.Errorf("numbers that move at every look are news: %q", got)
	}
	search.Grade = "suspect"
	if got := take(nil, cart, search); got != "search watching" {
		t.Errorf("of a grade %q", got)
	}
	if got := take([]api.WatchedChange{search}, cart); got != "" || len(f.ended) != 0 {
		t.Errorf("a change that is only cut off has ended: %q", got)
	}
	cart.State = "regressed"
	if got := take([]api.WatchedChange{cart}); got != "cart regressed" || len(f.ended) != 1 || f.over() {
		t.Errorf("at its end %q, %d ended, over %v", got, len(f.ended), f.over())
	}
	for range 2 * maxEnded {
		take([]api.WatchedChange{cart})
	}
	if len(f.ended) != maxEnded {
		t.Errorf("%d that have ended are kept", len(f.ended))
	}
	f.change = cart.Key
	if take(nil, cart); !f.over() {
		t.Error("the one that is followed has ended, and the view goes on")
	}
}

// TestPoll: a daemon that is away is asked again for two minutes, and one that refuses is not.
func TestPoll(t *testing.T) {
	gone := errors.New("connection refused")
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	p := &poll{host: "host"}
	if err := p.took(t.Context(), gone, at(0)); !errors.Is(err, gone) {
		t.Errorf("it has never answered: %v", err)
	}
	if err := p.took(t.Context(), nil, at(1)); err != nil || p.trouble(at(1)) != "" {
		t.Errorf("it answered: %v, %q", err, p.trouble(at(1)))
	}
	for _, err := range []error{gone, &exitError{status: 503, err: gone}} {
		if err := p.took(t.Context(), err, at(31)); err != nil {
			t.Errorf("away for half a minute: %v", err)
		}
	}
	if got := p.trouble(at(31)); got != "host does not answer since 12:00:01; asking again for 1m30s" {
		t.Errorf("%q", got)
	}
	if err := p.took(t.Context(), fmt.Errorf("asking: %w", &exitError{status: 401, err: gone}), at(32)); !errors.Is(err, gone) {
		t.Errorf("it refused: %v", err)
	}
	if err := p.took(t.Context(), gone, at(122)); !errors.Is(err, gone) {
		t.Errorf("away for two minutes: %v", err)
	}
	if err := p.took(t.Context(), nil, at(130)); err != nil || p.away != nil {
		t.Errorf("it is back: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := p.took(stopped, gone, at(131)); !errors.Is(err, context.Canceled) {
		t.Errorf("the person stopped it: %v", err)
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59*time.Second + 600*time.Millisecond: "1m", 45 * time.Second: "45s", 90 * time.Second: "1m30s", 12*time.Minute + 40*time.Second: "12m",
		65 * time.Minute: "1h05m", 30 * time.Hour: "30h00m",
	} {
		if got := short(d); got != want {
			t.Errorf("%s is written %q, want %q", d, got, want)
		}
	}
}

// TestWindow: what is chosen is always among the lines that are shown.
func TestWindow(t *testing.T) {
	lines := strings.Split("a b c d e f g h", " ")
	f := func(top, rows, from, to int, want string) {
		t.Helper()
		if got, _ := window(lines, top, rows, from, to); strings.Join(got, "") != want {
			t.Errorf("%d rows from %d with %d to %d: %v, want %s", rows, top, from, to, got, want)
		}
	}
	f(0, 3, 0, 1, "abc")
	f(0, 3, 4, 5, "cde")
	f(5, 3, 1, 2, "bcd")
	f(2, 3, 3, 4, "cde")
	f(99, 3, 7, 8, "fgh")
	f(0, 99, 7, 8, "abcdefgh")
	f(0, 0, 0, 1, "a")
}

func TestLocale(t *testing.T) {
	f := func(all, ctype, lang string, want bool) {
		t.Helper()
		set := map[string]string{"LC_ALL": all, "LC_CTYPE": ctype, "LANG": lang}
		if got := localeIsUTF8(func(name string) string { return set[name] }); got != want {
			t.Errorf("LC_ALL=%s LC_CTYPE=%s LANG=%s: %v", all, ctype, lang, got)
		}
	}
	f("", "", "", true)
	f("", "", "en_GB.UTF-8", true)
	f("", "", "de_DE.utf8", true)
	f("", "", "C", false)
	f("C", "", "en_GB.UTF-8", false)
	f("", "de_DE@euro", "en_GB.UTF-8", false)
	f("C.UTF-8", "C", "C", true)
}

func TestNamesOf(t *testing.T) {
	got := namesOf([]string{"Ada Lovelace\n", "12345+ada-l@users.noreply.github.com", "ada", "", "ada", "a\x1bb"})
	want := []string{"Ada Lovelace", "12345+ada-l@users.noreply.github.com", "ada-l", "ada", "a b"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
