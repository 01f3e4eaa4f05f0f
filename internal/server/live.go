package server

import (
	"io"
	"net/http"

	"github.com/pushback/pushback/dashboards/web"
)

// sinceHeader is the revision that an open page has. Its answer is what has changed since, as
// JSON, at the address of the page itself: so whoever may read the one may read the other.
//
// See adr/0104.
const sinceHeader = "Pushback-Since"

// showLive answers with a whole page, or with what has changed of it where the request says
// what it has.
func showLive[T any](w http.ResponseWriter, r *http.Request, page T, whole func(io.Writer, T) error, since func(T, string) (web.Update, error)) error {
	had := r.Header.Get(sinceHeader)
	if had == "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		return whole(w, page)
	}
	update, err := since(page, had)
	if err != nil {
		return err
	}
	answer, err := encodedUpdate(update)
	switch {
	case err != nil:
		return err
	case len(answer) == 0:
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(answer)
	return err
}
