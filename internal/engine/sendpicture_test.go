package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/picturing"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// gallery is a receiver that shows pictures. It answers SendPicture with refuse.
type gallery struct {
	refuse   error
	plain    []notify.Message
	pictured []notify.Message
	pictures [][]byte
}

func (g *gallery) Send(_ context.Context, m notify.Message) error {
	g.plain = append(g.plain, m)
	return nil
}

func (g *gallery) SendPicture(_ context.Context, m notify.Message, picture []byte) error {
	if g.refuse == nil {
		g.pictured, g.pictures = append(g.pictured, m), append(g.pictures, picture)
	}
	return g.refuse
}

// inGallery is a bench whose pager shows pictures, and its log.
func inGallery(t *testing.T, g *gallery, change func(*Options)) (*bench, *servertest.Log) {
	t.Helper()
	log := new(servertest.Log)
	return newBench(t, redRule, func(o *Options) {
		o.Senders["pager"] = g
		o.Log = slog.New(slog.NewTextHandler(log, nil))
		if change != nil {
			change(o)
		}
	}), log
}

// Who shows pictures gets the picture of what every message about a change's signals is about, of the verdict that is
// stored. What has nothing to show comes without.
func TestMessagesWithPictures(t *testing.T) {
	t.Parallel()
	g := &gallery{}
	b, _ := inGallery(t, g, nil)
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(time.Minute)
	if len(g.pictured) < 2 || len(g.plain) > 0 {
		t.Fatalf("%d messages with a picture, %d without: %+v", len(g.pictured), len(g.plain), g.plain)
	}
	for i, m := range g.pictured {
		shown, err := png.Decode(bytes.NewReader(g.pictures[i]))
		if err != nil || m.Change != key || shown.Bounds().Dx() < 360 {
			t.Errorf("%s of %s: %v", m.Title, m.Change, err)
		}
	}
	last, err := b.Store.Change(t.Context(), key)
	b.must(err)
	look, err := b.pictures.Find(t.Context(), last, picturing.Which{Rule: "red"})
	b.must(err)
	if look.Order != rollback.Done || look.Verdict.Rule != "red" {
		t.Errorf("%+v", look)
	}
}

// A picture that the receiver refuses, or that cannot be made, costs no message, no attempt and no time.
func TestPicturesCostNoMessage(t *testing.T) {
	t.Parallel()
	f := func(name string, refuse error, spoil func(*Engine), warned string, plain int) {
		t.Run(name, func(t *testing.T) {
			g := &gallery{refuse: refuse}
			b, log := inGallery(t, g, nil)
			if spoil != nil {
				spoil(b.Engine)
			}
			key := b.bad("v2", nil)
			b.until("a message", func() bool { return len(g.plain) > 0 })
			rows, err := b.Store.OutgoingOf(t.Context(), key)
			b.must(err)
			for _, o := range rows {
				if o.Receiver == "pager" && (o.State != store.Sent || o.Attempts != plain) {
					t.Errorf("%s after %d attempts, %s", o.State, o.Attempts, o.LastError)
				}
			}
			if !strings.Contains(log.String(), warned) {
				t.Errorf("the log does not say %q: %s", warned, log)
			}
		})
	}
	f("refused for good", fmt.Errorf("too large: %w", notify.ErrPermanent), nil, "sending it without", 1)
	f("failed for a moment", errors.New("500"), nil, "", 2)
	f("not painted", nil, func(e *Engine) { e.pictures = picturing.New(noLooks{e.Store}, nil) }, "cannot make the picture of a message; sending it without", 1)
}

// noLooks is a store of which no look can be read.
type noLooks struct{ picturing.Store }

func (noLooks) LastRecord(context.Context, string) (store.Record, error) {
	return store.Record{}, store.ErrDamaged
}

// stuck is a store that answers nobody, and says when somebody asks.
type stuck struct {
	picturing.Store
	asked func()
	until chan struct{}
}

func (s stuck) LastRecord(context.Context, string) (store.Record, error) {
	s.asked()
	<-s.until
	return store.Record{}, store.ErrNotFound
}

// A message waits for its picture no longer than its time, also where what makes it does not heed the context.
func TestPictureThatTakesTooLong(t *testing.T) {
	t.Parallel()
	g := &gallery{}
	b, _ := inGallery(t, g, nil)
	key := b.bad("v2", nil)
	b.until("a message", func() bool { return len(g.pictured) > 0 })
	until := make(chan struct{})
	defer close(until)
	ctx, over := context.WithCancel(t.Context())
	b.pictures = picturing.New(stuck{b.Store, over, until}, nil)
	_, err := b.deliverer.pictureOf(ctx, notify.Message{Change: key, Fields: []notify.Field{{Name: "rule", Value: "red"}}})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "painting takes longer than") {
		t.Error(err)
	}
}

// A reminder, a message about no change and a receiver that shows none have no picture.
func TestMessagesWithoutPictures(t *testing.T) {
	t.Parallel()
	g := &gallery{}
	b, _ := inGallery(t, g, nil)
	b.must(b.deliverer.attempt(t.Context(), store.Outgoing{Receiver: "pager", Message: notify.Message{Title: "a store is out"}}))
	b.must(b.deliverer.attempt(t.Context(), store.Outgoing{Receiver: "pager", Attempts: 1, Message: notify.Message{Change: "gone"}}))
	if len(g.plain) != 2 || len(g.pictured) != 0 {
		t.Errorf("%d without, %d with", len(g.plain), len(g.pictured))
	}
}

// The address that a report names is one that the server's check takes, also after a restart; without SharePictures there is
// none.
func TestReportsNameAddressesThatAreTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) { o.SharePictures = true })
	key := strings.Repeat("k", 26)
	part := strings.Split(b.text.Picture(key, began, true), "/")
	b.restart()
	if err := b.Pictures().Key().Check(part[2], part[3], part[4], part[5], began); err != nil || part[5] != picturing.DarkFile {
		t.Error(part, err)
	}
	if unshared := newBench(t, redRule, nil); unshared.text.Picture != nil {
		t.Error("addresses are given out unasked")
	}
}
