package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/pushback/pushback/dashboards/web"
)

// A change that moves has every open page ask what is new, a second later. Those with the same
// address whose readers may do the same get the same answer, so that it is made and compressed once: see adr/0132
// and adr/0139.

// sinceHeader is the revision that an open page has. Its answer is what has changed since, as
// JSON, at the address of the page itself: so whoever may read the one may read the other.
//
// See adr/0104.
const sinceHeader = "Pushback-Since"

// toldHeader is how many milliseconds ago an open page was last told that something moved. A page that is told again while
// it waits does not wait anew, so that less than a second may have passed.
const toldHeader = "Pushback-Told"

const (
	// sinceNothing, instead of a revision, asks for all of a page that is another one now. It may be shared: nothing of it
	// that is about one reader is put into the open page.
	sinceNothing = "whole"
	// sharedFor is less than the second that pages wait: what is shared was read after the change
	// moved of which the page was told first.
	sharedFor = 900 * time.Millisecond
	// maxAnswers is how many answers are kept of one rendering, for pages that have different
	// revisions.
	maxAnswers = 16
)

// sharedPages are the pages that were rendered for updates just now.
type sharedPages struct {
	keep time.Duration // sharedFor, but in tests
	mu   sync.Mutex
	all  map[string]*sharedPage
}

// sharedPage is one rendering, and the answers that were made of it.
type sharedPage struct {
	at   time.Time
	done chan struct{} // closed once page and err are there
	page *web.Rendered
	err  error

	mu      sync.Mutex
	answers map[string]*sharedAnswer // by the revision that was asked with
}

// get returns the rendering of a key: one that was begun less than keep and told ago, though it is still being made, or
// one that it makes itself.
func (s *sharedPages) get(key string, told time.Duration, render func() (*web.Rendered, error)) *sharedPage {
	s.mu.Lock()
	now := time.Now()
	maps.DeleteFunc(s.all, func(_ string, p *sharedPage) bool { return now.Sub(p.at) >= s.keep })
	p, known := s.all[key]
	known = known && now.Sub(p.at) < told
	if !known {
		p = &sharedPage{at: now, done: make(chan struct{}), answers: map[string]*sharedAnswer{}}
		s.all[key] = p
	}
	s.mu.Unlock()
	if known {
		<-p.done
		return p
	}
	defer close(p.done)
	p.err = errors.New("rendering a page panicked") // what those who wait get then
	p.page, p.err = render()
	return p
}

// since is the answer to a page that has a revision, or has nothing.
func (p *sharedPage) since(revision string) (*sharedAnswer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer, known := p.answers[revision]; known {
		return answer, nil
	}
	answer, err := p.answerTo(revision)
	if err == nil && len(p.answers) < maxAnswers {
		p.answers[revision] = answer
	}
	return answer, err
}

func (p *sharedPage) answerTo(revision string) (*sharedAnswer, error) {
	if revision == sinceNothing {
		var all bytes.Buffer
		_, err := p.page.WriteTo(&all)
		return &sharedAnswer{media: htmlMedia, text: all.Bytes()}, err
	}
	update, err := encodedUpdate(p.page.Since(revision))
	return &sharedAnswer{media: jsonMedia, text: update}, err
}

func encodedUpdate(u web.Update) ([]byte, error) {
	if u.Nothing() {
		return nil, nil
	}
	var b bytes.Buffer
	text := json.NewEncoder(&b)
	text.SetEscapeHTML(false) // no browser shows it as a page: see X-Content-Type-Options
	err := text.Encode(u)
	return b.Bytes(), err
}

// toldAgo is how long ago the page was told of what it asks for; longest if it does not say.
func toldAgo(r *http.Request) time.Duration {
	ms, err := strconv.ParseUint(r.Header.Get(toldHeader), 10, 32)
	if err != nil {
		return math.MaxInt64
	}
	return time.Duration(ms) * time.Millisecond
}

// showShared answers with a whole page, or where the request says what it has, with what is new: that is made once for
// all who may see the same. A page about one service has its name: what the reader may do is then what they may do there.
func (s *Server) showShared(w http.ResponseWriter, r *http.Request, title, service string, render func(context.Context, web.Frame) (*web.Rendered, error)) error {
	had := r.Header.Get(sinceHeader)
	if had == "" {
		page, err := render(r.Context(), s.about(r, service, s.frame(r, title)))
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", htmlMedia)
		_, err = page.WriteTo(w)
		return err
	}
	p := s.shared.get(s.about(r, service, s.viewer(r, title)).Audience(), toldAgo(r), func() (*web.Rendered, error) {
		// The others wait for this one, so it does not end with the first who asked.
		lasting := r.WithContext(context.WithoutCancel(r.Context()))
		return render(lasting.Context(), s.about(lasting, service, s.frame(lasting, title)).Shared())
	})
	if p.err != nil {
		return p.err
	}
	answer, err := p.since(had)
	if err != nil {
		return err
	}
	return answer.write(w, r)
}
