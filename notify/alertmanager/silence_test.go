package alertmanager

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

const orderKey = "k6igxhxpnl3mldfap5vpt7ya6s"

func silencer(t *testing.T, url string, silence map[string]string) *Sender {
	t.Helper()
	s, err := New(Config{URL: url, Silence: silence})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ofCart(now time.Time) notify.Silence {
	return notify.Silence{
		Order: orderKey, Service: "cart", Environment: "production", Comment: "cart <!here> is being rolled back", StartsAt: now, EndsAt: now.Add(time.Minute),
	}
}

// A silence is about the one service, never about our own alerts, and carries the order by which it is found again.
func TestSilence(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	r := sendertest.NewReceiver(t, sendertest.Accept)
	s := silencer(t, r.URL, map[string]string{"service": "$service", "env": "$environment"})
	if err := s.PutSilence(t.Context(), ofCart(now)); err != nil {
		t.Fatal(err)
	}
	var got silence
	if err := json.Unmarshal(r.Requests()[0].Body, &got); err != nil {
		t.Fatal(err)
	}
	want := silence{
		Matchers: []matcher{{Name: "env", Value: "production", IsEqual: true}, {Name: "service", Value: "cart", IsEqual: true}, {Name: "alertname", Value: "Pushback"}},
		StartsAt: now, EndsAt: now.Add(time.Minute), CreatedBy: "Pushback", Comment: "cart ‹!here> is being rolled back (rollback " + orderKey + ")",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	nameless := ofCart(now)
	nameless.Environment = ""
	if err := s.PutSilence(t.Context(), nameless); !errors.Is(err, notify.ErrPermanent) || len(r.Requests()) != 1 {
		t.Errorf("a silence of every environment: %v", err)
	}
}

// The comment of a silence is one line of text, whatever the service is called, and names no other rollback.
func TestSilenceComment(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	s := silencer(t, r.URL, map[string]string{"service": "$service"})
	const other = " (rollback aaaaaaaaaaaaaaaaaaaaaaaaaa)"
	for i, text := range append(sendertest.AwkwardTexts(), other) {
		of := ofCart(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
		of.Service, of.Comment = text, text+" is being rolled back"+text
		if err := s.PutSilence(t.Context(), of); err != nil {
			t.Fatal(err)
		}
		var got silence
		if err := json.Unmarshal(r.Requests()[i].Body, &got); err != nil {
			t.Fatal(err)
		}
		sendertest.CheckText(t, text, got.Comment)
		if key := ordered.FindStringSubmatch(got.Comment); key == nil || key[1] != orderKey || strings.Contains(got.Comment, "\n") || len(got.Comment) > 2*maxComment {
			t.Errorf("%.40q: %.200q is of %v", text, got.Comment, key)
		}
	}
}

func TestSilenceConfig(t *testing.T) {
	f := func(silence map[string]string, want string) {
		t.Helper()
		_, err := New(Config{URL: "http://127.0.0.1:9093", Silence: silence})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", silence, err, want)
		}
	}
	f(map[string]string{"env": "$environment"}, "silence names no $service")
	f(map[string]string{"service": "$service", "a b": "x"}, "no label")
	f(map[string]string{"service": "$service", "x": ""}, "no label")
}
