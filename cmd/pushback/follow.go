package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// following is what a watch follows, and what it knows of it.
type following struct {
	c           *client
	service     string
	environment string
	change      string // key of the one change that is followed; "" for none

	page  api.Watched
	ended []api.WatchedChange // since the command began, the last first
}

// maxEnded is how many changes that have ended are kept on the screen.
const maxEnded = 5

// ask asks the daemon what is being watched. A change that is missing from the answer is
// asked for by its key, because it may have ended.
func (f *following) ask(ctx context.Context) (page api.Watched, gone []api.WatchedChange, err error) {
	q := url.Values{"limit": {"100"}}
	for name, value := range map[string]string{"service": f.service, "environment": f.environment, "change": f.change} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if page, err = askWatched(ctx, f.c, q); err != nil {
		return page, nil, err
	}
	for _, before := range f.page.Changes {
		if find(page.Changes, before.Key) >= 0 {
			continue
		}
		one, err := askWatched(ctx, f.c, url.Values{"change": {before.Key}})
		if err != nil {
			return page, nil, err
		}
		gone = append(gone, one.Changes...)
	}
	return page, gone, nil
}

// askTimeout is how long an answer may take. It is short, so that a live view soon says that
// the daemon is away.
const askTimeout = 10 * time.Second

func askWatched(ctx context.Context, c *client, q url.Values) (page api.Watched, err error) {
	ctx, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	err = c.call(ctx, http.MethodGet, "/v1/watched?"+q.Encode(), nil, &page)
	return page, err
}

// take takes an answer, and returns the changes of which something is new that a line says.
func (f *following) take(page api.Watched, gone []api.WatchedChange) (news []api.WatchedChange) {
	for _, c := range page.Changes {
		i := find(f.page.Changes, c.Key)
		if i < 0 || signature(f.page.Changes[i]) != signature(c) {
			news = append(news, c)
		}
	}
	for _, c := range gone {
		if ended(c.State) {
			f.ended = append([]api.WatchedChange{c}, f.ended...)
			news = append(news, c)
		}
	}
	f.ended = f.ended[:min(len(f.ended), maxEnded)]
	f.page = page
	return news
}

// over says whether the one change that is followed has ended.
func (f *following) over() bool {
	return f.change != "" && len(f.page.Changes) == 1 && ended(f.page.Changes[0].State)
}

// signature is what a line says of a change, without what moves at every look.
func signature(c api.WatchedChange) string {
	parts := []string{c.State, c.Grade, c.Order, c.Version}
	for _, s := range c.Signals {
		parts = append(parts, s.Rule, s.Evidence.Signal, s.Evidence.Grade.String(), string(unseen(s.Evidence)))
	}
	return strings.Join(parts, "\x00")
}

// find is the index of the change of that key; -1 for none.
func find(changes []api.WatchedChange, key string) int {
	return slices.IndexFunc(changes, func(c api.WatchedChange) bool { return c.Key == key })
}
