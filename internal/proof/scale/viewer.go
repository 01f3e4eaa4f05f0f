package scale

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pushback/pushback/internal/proof/program"
)

// page is what people have open.
type page struct {
	name, path, stream string
	every              time.Duration               // after which it asks though nothing moved; 0: never
	also               func(context.Context) error // what happens while it is measured; nil: nothing
}

// counters are what the browsers of all people count.
type counters struct {
	told, asked, wholes, bytes atomic.Int64
	mu                         sync.Mutex
	first                      []time.Duration // until the first byte of whole pages
}

// Seen is what browsers have counted.
type Seen struct {
	Told   int64             // events
	Asked  int64             // how often they asked what is new
	Wholes int64             // how often for all of the page
	Bytes  int64             // of all answers, as they were sent
	First  program.Quantiles // from asking for a whole page until its first byte, since they opened it
}

func (c *counters) now() Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Seen{Told: c.told.Load(), Asked: c.asked.Load(), Wholes: c.wholes.Load(), Bytes: c.bytes.Load(), First: program.QuantilesOf(c.first)}
}

func (s Seen) since(before Seen) Seen {
	return Seen{Told: s.Told - before.Told, Asked: s.Asked - before.Asked, Wholes: s.Wholes - before.Wholes, Bytes: s.Bytes - before.Bytes, First: s.First}
}

// String is for people who wait.
func (s Seen) String() string {
	return fmt.Sprintf("%d events, %d times asked what is new, %d whole pages, %d KiB, first bytes after %s ms", s.Told, s.Asked, s.Wholes, s.Bytes>>10, s.First)
}

// viewer is the browser of one person: it does what app.js does.
type viewer struct {
	page
	*counters
	client   *http.Client
	address  string
	cookie   string
	revision string
}

// newViewer signs somebody in.
func (w *world) newViewer(ctx context.Context, p page, c *counters) (*viewer, error) {
	cookie, err := w.SignIn(ctx)
	return &viewer{page: p, counters: c, client: viewerClient, address: "http://" + w.Address, cookie: cookie}, err
}

// viewerClient keeps a connection for each person: each has a browser.
var viewerClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2000, MaxIdleConns: 2000}}

// look opens the page, and keeps it up to date until the context ends. opened gets one value then.
func (v *viewer) look(ctx context.Context, opened chan<- struct{}) error {
	if err := v.whole(ctx, "Accept", "text/html"); err != nil {
		return err
	}
	events := make(chan struct{}, 1)
	var lasting sync.WaitGroup
	defer lasting.Wait()
	ended := make(chan error, 1)
	lasting.Go(func() { ended <- v.listen(ctx, events) })
	opened <- struct{}{}
	var due, every <-chan time.Time
	if v.every > 0 {
		ticker := time.NewTicker(v.every)
		defer ticker.Stop()
		every = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			return err
		case <-events:
		case <-every:
		case <-due:
			due = nil
			if err := v.update(ctx); err != nil {
				return unlessOver(ctx, err)
			}
			continue
		}
		if due == nil {
			due = time.After(time.Second)
		}
	}
}

// unlessOver is an error, but for one that comes of leaving.
func unlessOver(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// listen reads the stream of events.
func (v *viewer) listen(ctx context.Context, events chan<- struct{}) error {
	answer, err := v.get(ctx, v.stream, "Accept", "text/event-stream")
	if err != nil {
		return unlessOver(ctx, err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "event: ") {
			continue
		}
		v.told.Add(1)
		select {
		case events <- struct{}{}:
		default:
		}
	}
	return unlessOver(ctx, fmt.Errorf("the stream %s has ended", v.stream))
}

var revisionOfPage = regexp.MustCompile(`<p id="revision" hidden>([\w-]+)</p>`)

// whole asks for all of the page, and for its plots.
func (v *viewer) whole(ctx context.Context, headers ...string) error {
	began := time.Now()
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.first = append(v.first, time.Since(began))
	}})
	text, err := v.read(traced, headers...)
	if err != nil {
		return unlessOver(ctx, err)
	}
	found := revisionOfPage.FindSubmatch(text)
	if found == nil {
		return fmt.Errorf("%s: no revision in %.300s", v.path, text)
	}
	v.wholes.Add(1)
	v.revision = string(found[1])
	return v.update(ctx)
}

// update asks what is new, and for all of the page where it is another one now.
func (v *viewer) update(ctx context.Context) error {
	v.asked.Add(1)
	text, err := v.read(ctx, "Accept", "application/json", "Pushback-Since", v.revision)
	if err != nil || len(text) == 0 {
		return unlessOver(ctx, err)
	}
	var u struct {
		Revision string
		Whole    bool
	}
	if err := json.Unmarshal(text, &u); err != nil {
		return fmt.Errorf("%s: %w", v.path, err)
	}
	if u.Whole {
		return v.whole(ctx, "Accept", "text/html", "Pushback-Since", "whole")
	}
	v.revision = u.Revision
	return nil
}

func (v *viewer) get(ctx context.Context, path string, headers ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.address+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Cookie", v.cookie)
	r.Header.Set("Accept-Encoding", "zstd")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := v.client.Do(r)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("GET %s: %s", path, answer.Status)
		answer.Body.Close()
	}
	return answer, err
}

// read asks for the page and returns the answer, unpacked.
func (v *viewer) read(ctx context.Context, headers ...string) ([]byte, error) {
	answer, err := v.get(ctx, v.path, headers...)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	v.bytes.Add(int64(len(body)))
	if err != nil || answer.Header.Get("Content-Encoding") != "zstd" {
		return body, err
	}
	return unpacker.DecodeAll(body, nil)
}

// unpacker is one for all: it keeps what it needs to unpack.
var unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(64<<20))
